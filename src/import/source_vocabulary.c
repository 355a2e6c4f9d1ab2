/* SPDX-License-Identifier: Apache-2.0 */
#include "import/source_vocabulary.h"

#include "engine/sort.h"
#include "import/source_json.h"

#include <string.h>

static const double score_max = 1e30;

enum { NUMBER_MAX = 1 << 24 }; /* of tokens that are counted */

static enum status fail(struct reason *why, enum status status, const char *text, const char *name, size_t len)
{
    reason_set(why, "tokenizer.json: ", text, " ", NULL);
    reason_add_quoted(why, name, len);
    return status;
}

static enum status set(struct source_vocabulary *v, const char *text, size_t len, uint64_t id, enum source_kind kind,
                       struct reason *why)
{
    if (len == 0 || len > VOCABULARY_TEXT_MAX)
        return fail(why, STATUS_LIMIT, "a token that is empty or longer than 1024 bytes", text, len < 32 ? len : 32);
    if (id >= v->n)
        return fail(why, STATUS_MALFORMED, "a token whose number the model does not have:", text, len);
    struct source_token *t = &v->tokens[id];
    if (t->text != NULL && (t->len != len || memcmp(t->text, text, len) != 0))
        return fail(why, STATUS_MALFORMED, "two tokens with the number of", text, len);
    *t = (struct source_token){.text = text, .len = len, .kind = kind, .score = t->score};
    return STATUS_OK;
}

/* A number that no token can have is beyond every vocabulary. */
static uint64_t number_of(const struct json *number)
{
    uint64_t id;
    return json_u64(&id, number) == STATUS_OK ? id : UINT64_MAX;
}

static bool is_byte(const char *text, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    return len == 6 && memcmp(text, "<0x", 3) == 0 && text[5] == '>' && memchr(hex, text[3], 16) != NULL &&
           memchr(hex, text[4], 16) != NULL;
}

static enum source_kind kind_of(const char *text, size_t len, bool bytes)
{
    return bytes && is_byte(text, len) ? KIND_BYTE : KIND_NORMAL;
}

/* {"token": number} */
static enum status read_object(struct source_vocabulary *v, const struct json *vocab, bool bytes, struct reason *why)
{
    enum status status = STATUS_OK;
    if (vocab == NULL || vocab->type != JSON_OBJECT)
        return fail(why, STATUS_MALFORMED, "no", "vocab", 5);
    for (const struct json *m = vocab->first; m != NULL && status == STATUS_OK; m = m->next)
        status = set(v, m->key, m->key_len, number_of(m), kind_of(m->key, m->key_len, bytes), why);
    return status;
}

/* [["token", score]] in the order of their numbers, of unigram */
static enum status read_list(struct source_vocabulary *v, const struct json *vocab, bool bytes, struct reason *why)
{
    uint64_t id = 0;
    enum status status = STATUS_OK;
    if (vocab == NULL || vocab->type != JSON_ARRAY)
        return fail(why, STATUS_MALFORMED, "no", "vocab", 5);
    for (const struct json *m = vocab->first; m != NULL && status == STATUS_OK; m = m->next, id++) {
        double score;
        const struct json *text = m->type == JSON_ARRAY && m->members_n == 2 ? m->first : NULL;
        if (text == NULL || text->type != JSON_STRING || json_double(&score, text->next) != STATUS_OK)
            return fail(why, STATUS_MALFORMED, "a token that is not a text and a score in", "vocab", 5);
        if (!(score >= -score_max && score <= score_max))
            return fail(why, STATUS_LIMIT, "a score that is out of range:", text->text, text->text_len);
        status = set(v, text->text, text->text_len, id, kind_of(text->text, text->text_len, bytes), why);
        if (status == STATUS_OK)
            v->tokens[id].score = (float)score;
    }
    return status;
}

static enum status read_added_token(struct source_vocabulary *v, const struct json *added, struct reason *why)
{
    const struct json *text = json_get(added, "content");
    uint64_t id = number_of(json_get(added, "id"));
    if (text == NULL || text->type != JSON_STRING)
        return fail(why, STATUS_MALFORMED, "an added token without", "content", 7);
    if (source_is(added, "single_word", true))
        return fail(why, STATUS_UNSUPPORTED, "single_word is not known, which is set for", text->text, text->text_len);
    enum source_kind kind = source_is(added, "special", true) ? KIND_CONTROL : KIND_USER_DEFINED;
    enum status status = set(v, text->text, text->text_len, id, kind, why);
    if (status != STATUS_OK)
        return status;
    v->tokens[id].strips_left = source_is(added, "lstrip", true);
    v->tokens[id].strips_right = source_is(added, "rstrip", true);
    return STATUS_OK;
}

/* unk_token of BPE and WordPiece, unk_id of unigram; false: there is none. */
static bool unknown_id(uint32_t *id, const struct source_vocabulary *v, const struct json *model)
{
    const struct json *text = json_get(model, "unk_token");
    uint64_t number = number_of(json_get(model, "unk_id"));
    *id = VOCABULARY_NONE;
    if (text != NULL && text->type == JSON_STRING)
        *id = source_vocabulary_find(v, text->text, text->text_len);
    else if (number < v->n && v->tokens[number].text != NULL)
        *id = (uint32_t)number;
    return *id != VOCABULARY_NONE;
}

static enum status read_tokens(struct source_vocabulary *v, const struct json *root, enum source_model kind,
                               struct reason *why)
{
    const struct json *model = json_get(root, "model"), *vocab = json_get(model, "vocab");
    const struct json *added = json_get(root, "added_tokens");
    bool bytes = source_is(model, "byte_fallback", true);
    enum status status = kind == SOURCE_UNIGRAM ? read_list(v, vocab, bytes, why) : read_object(v, vocab, bytes, why);
    for (const struct json *m = added == NULL ? NULL : added->first; m != NULL && status == STATUS_OK; m = m->next)
        status = read_added_token(v, m, why);
    return status;
}

static int compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : a_len < b_len ? -1 : a_len > b_len;
}

static bool is_before(const void *context, uint32_t a, uint32_t b)
{
    const struct source_token *x = (const struct source_token *)context + a;
    const struct source_token *y = (const struct source_token *)context + b;
    if (x->text == NULL || y->text == NULL)
        return x->text != NULL;
    int order = compare(x->text, x->len, y->text, y->len);
    return order != 0 ? order < 0 : a < b;
}

uint32_t source_vocabulary_find(const struct source_vocabulary *v, const char *text, size_t len)
{
    uint32_t low = 0;
    uint32_t high = v->used_n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct source_token *t = &v->tokens[v->sorted[middle]];
        int order = compare(t->text, t->len, text, len);
        if (order == 0)
            return v->sorted[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return VOCABULARY_NONE;
}

bool source_merge_read(const struct json *merge, const char *parts[static 2], size_t lens[static 2])
{
    if (merge->type == JSON_ARRAY) {
        const struct json *left = merge->first;
        if (merge->members_n != 2 || left->type != JSON_STRING || left->next->type != JSON_STRING)
            return false;
        parts[0] = left->text;
        lens[0] = left->text_len;
        parts[1] = left->next->text;
        lens[1] = left->next->text_len;
        return lens[0] != 0 && lens[1] != 0;
    }
    const char *space = merge->type == JSON_STRING ? memchr(merge->text, ' ', merge->text_len) : NULL;
    if (space == NULL)
        return false;
    parts[0] = merge->text;
    lens[0] = (size_t)(space - merge->text);
    parts[1] = space + 1;
    lens[1] = merge->text_len - lens[0] - 1;
    return lens[0] != 0 && lens[1] != 0 && memchr(parts[1], ' ', lens[1]) == NULL;
}

/* The token that a merge makes, or VOCABULARY_NONE. */
static uint32_t whole_of(const struct source_vocabulary *v, const struct json *merge)
{
    char text[2 * VOCABULARY_TEXT_MAX];
    const char *parts[2];
    size_t lens[2];
    if (!source_merge_read(merge, parts, lens) || lens[0] > VOCABULARY_TEXT_MAX || lens[1] > VOCABULARY_TEXT_MAX)
        return VOCABULARY_NONE;
    memcpy(text, parts[0], lens[0]);
    memcpy(text + lens[0], parts[1], lens[1]);
    return source_vocabulary_find(v, text, lens[0] + lens[1]);
}

static bool is_mergeable(const struct source_vocabulary *v, uint32_t id)
{
    return id != VOCABULARY_NONE && (v->tokens[id].kind == KIND_NORMAL || v->tokens[id].kind == KIND_USER_DEFINED);
}

/* Ways to cut a token in two tokens. */
static uint32_t cuts_of(const struct source_vocabulary *v, const struct source_token *t)
{
    uint32_t n = 0;
    for (size_t at = 1; at < t->len; at++) {
        bool inside = ((unsigned char)t->text[at] & 0xc0) == 0x80;
        if (!inside && is_mergeable(v, source_vocabulary_find(v, t->text, at)) &&
            is_mergeable(v, source_vocabulary_find(v, t->text + at, t->len - at)))
            n++;
    }
    return n;
}

bool source_vocabulary_is_ranked(struct source_vocabulary *v, const struct json *merges)
{
    uint32_t last = VOCABULARY_NONE;
    for (const struct json *m = merges->first; m != NULL; m = m->next) {
        uint32_t id = whole_of(v, m);
        if (id == VOCABULARY_NONE || (id != last && v->tokens[id].merges_n != 0))
            return false;
        v->tokens[id].merges_n++;
        last = id;
    }
    for (uint32_t i = 0; i < v->n; i++) {
        const struct source_token *t = &v->tokens[i];
        if (t->text != NULL && is_mergeable(v, i) && cuts_of(v, t) != t->merges_n)
            return false;
    }
    return true;
}

/* A token's score is less the number of the first merge that makes it; those that none makes come after all. */
static enum status score(struct source_vocabulary *v, const struct json *merges, struct reason *why)
{
    uint32_t rank = 0;
    for (uint32_t i = 0; i < v->n; i++)
        v->tokens[i].score = v->tokens[i].kind == KIND_NORMAL ? -(float)merges->members_n - (float)i : 0;
    for (const struct json *m = merges->first; m != NULL; m = m->next, rank++) {
        const char *parts[2];
        size_t lens[2];
        if (!source_merge_read(m, parts, lens))
            return fail(why, STATUS_MALFORMED, "a merge that is not of two parts in", "merges", 6);
        uint32_t id = whole_of(v, m);
        if (id != VOCABULARY_NONE && v->tokens[id].kind == KIND_NORMAL && v->tokens[id].score < -(float)rank)
            v->tokens[id].score = -(float)rank;
    }
    return STATUS_OK;
}

/* With byte fallback every byte has a token, so that no text is unknown. */
static enum status check_bytes(const struct source_vocabulary *v, struct reason *why)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < v->n; i++)
        n += v->tokens[i].text != NULL && v->tokens[i].kind == KIND_BYTE ? 1 : 0;
    return n == 256
               ? STATUS_OK
               : fail(why, STATUS_UNSUPPORTED, "not all of <0x00> to <0xFF> are tokens, with", "byte_fallback", 13);
}

uint32_t source_vocabulary_n(const struct json *root)
{
    const struct json *vocab = json_get(json_get(root, "model"), "vocab"), *added = json_get(root, "added_tokens");
    uint64_t most = 0;
    if (vocab != NULL && vocab->type == JSON_ARRAY)
        most = vocab->members_n;
    for (const struct json *m = vocab != NULL && vocab->type == JSON_OBJECT ? vocab->first : NULL; m != NULL;
         m = m->next)
        if (number_of(m) < NUMBER_MAX && number_of(m) >= most)
            most = number_of(m) + 1;
    for (const struct json *m = added == NULL ? NULL : added->first; m != NULL; m = m->next) {
        uint64_t number = number_of(json_get(m, "id"));
        if (number < NUMBER_MAX && number >= most)
            most = number + 1;
    }
    return (uint32_t)most;
}

enum status source_vocabulary_read(struct source_vocabulary *v, struct arena *a, const struct json *root,
                                   enum source_model kind, uint32_t vocab_n, struct reason *why)
{
    const struct json *model = json_get(root, "model");
    const struct json *vocab = json_get(model, "vocab"), *merges = json_get(model, "merges");
    const struct json *added = json_get(root, "added_tokens");
    bool spm = kind == SOURCE_SPM || kind == SOURCE_MERGES, merging = spm || kind == SOURCE_BYTES;
    uint32_t unknown;
    *v = (struct source_vocabulary){.n = vocab_n};
    size_t known = (vocab == NULL ? 0 : vocab->members_n) + (added == NULL ? 0 : added->members_n);
    if (merging && (merges == NULL || merges->type != JSON_ARRAY))
        return fail(why, STATUS_MALFORMED, "no", "merges", 6);
    if (vocab_n == 0 || vocab_n > known + VOCABULARY_GAPS_MAX)
        return fail(why, STATUS_MALFORMED, "far fewer tokens than the model has in", "vocab", 5);
    v->tokens = arena_take(a, vocab_n, sizeof *v->tokens, _Alignof(struct source_token));
    v->sorted = arena_take(a, vocab_n, sizeof *v->sorted, _Alignof(uint32_t));
    if (v->tokens == NULL || v->sorted == NULL)
        return STATUS_NO_MEMORY;
    enum status status = read_tokens(v, root, kind, why);
    if (status != STATUS_OK)
        return status;
    sort_indices(v->sorted, vocab_n, is_before, v->tokens);
    while (v->used_n < vocab_n && v->tokens[v->sorted[v->used_n]].text != NULL)
        v->used_n++;
    if (unknown_id(&unknown, v, model) && kind != SOURCE_BYTES)
        v->tokens[unknown].kind = KIND_UNKNOWN;
    v->unknown = unknown;
    if ((kind == SOURCE_UNIGRAM || kind == SOURCE_WORDPIECE) && unknown == VOCABULARY_NONE)
        return fail(why, STATUS_MALFORMED, "no token that", kind == SOURCE_UNIGRAM ? "unk_id" : "unk_token",
                    kind == SOURCE_UNIGRAM ? 6 : 9);
    if (status == STATUS_OK && source_is(model, "byte_fallback", true))
        status = check_bytes(v, why);
    return spm && status == STATUS_OK ? score(v, merges, why) : status;
}
