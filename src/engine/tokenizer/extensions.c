/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of our own, cloister.tokenizer.*: what a tokenizer.json says and GGUF has no words for (spec/tokenizer.md, 7).
 * Without them nothing changes. */
#include "engine/tokenizer/settings.h"

#include "core/base/reader.h"
#include "engine/tokenizer/pattern.h"

static enum status fail(struct reason *why, const char *text)
{
    reason_set(why, "tokenizer: ", text, NULL);
    return STATUS_MALFORMED;
}

static enum status read_flags(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    const struct {
        const char *key;
        bool *flag;
    } rows[] = {
        {"cloister.tokenizer.nfc", &t->nfc},
        {"cloister.tokenizer.whole_words", &t->whole_words},
        {"cloister.tokenizer.chinese_apart", &t->chinese_apart},
        {"cloister.tokenizer.drops_controls", &t->drops_controls},
        {"cloister.tokenizer.marks_apart", &t->marks_apart},
        {"cloister.tokenizer.metaspace", &t->metaspace},
        {"cloister.tokenizer.words_apart", &t->words_apart},
        {"cloister.tokenizer.words_only", &t->words_only},
        {"cloister.tokenizer.strips_start", &t->strips_start},
        {"cloister.tokenizer.strips_end", &t->strips_end},
    };
    enum status status = STATUS_OK;
    t->chinese_apart = true;
    t->whole_words = t->kind == TOKENIZER_BPE && (t->split->flags & PATTERN_WHOLE_WORDS) != 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == STATUS_OK; i++)
        status = settings_flag(rows[i].flag, g, rows[i].key, why);
    t->nfc = t->nfc && t->kind == TOKENIZER_BPE;
    return status;
}

static enum status read_prefix(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    struct gguf_text text;
    enum status status = gguf_text(&text, g, "cloister.tokenizer.prefix", why);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    if (gguf_text_is(text, "first"))
        t->prefix = TOKENIZER_PREFIX_FIRST;
    else if (gguf_text_is(text, "always"))
        t->prefix = TOKENIZER_PREFIX_ALWAYS;
    else if (gguf_text_is(text, "every"))
        t->prefix = TOKENIZER_PREFIX_EVERY;
    else
        return fail(why, "cloister.tokenizer.prefix is not first, always or every");
    return STATUS_OK;
}

static enum status read_cleanup(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    bool each;
    enum status status = gguf_bool(&each, g, "cloister.tokenizer.cleanup", why);
    if (status == STATUS_OK)
        t->cleanup = each ? TOKENIZER_CLEANUP_TOKENS : TOKENIZER_CLEANUP_NONE;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status read_word_max(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    uint64_t value;
    enum status status = gguf_u64(&value, g, "cloister.tokenizer.word_max", why);
    t->word_max = UINT32_MAX;
    if (status == STATUS_OK)
        t->word_max = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum mark { MARK_STRIPS_LEFT, MARK_STRIPS_RIGHT, MARK_ENDS };

static void set_mark(struct token *token, enum mark mark)
{
    switch (mark) {
    case MARK_STRIPS_LEFT: token->strips_left = token->strips_widely = true; break;
    case MARK_STRIPS_RIGHT: token->strips_right = token->strips_widely = true; break;
    case MARK_ENDS: token->ends = true; break;
    }
}

/* A list of tokens that have a mark. */
static enum status read_marks(struct tokenizer *t, const struct gguf *g, const char *key, enum mark mark,
                              struct reason *why)
{
    const struct gguf_value *ids;
    struct reader r;
    enum status status = gguf_array(&ids, g, key, GGUF_U32, why);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    reader_init(&r, ids->bytes.bytes, ids->bytes.len);
    for (uint64_t i = 0; i < ids->elements_n; i++) {
        uint32_t id = reader_u32le(&r);
        if (id >= t->tokens_n)
            return fail(why, "a list of tokens has one that is beyond the vocabulary");
        set_mark(&t->tokens[id], mark);
    }
    return reader_end(&r);
}

enum status extensions_read(struct tokenizer *t, const struct gguf *g, struct reason *why)
{
    enum status status = read_flags(t, g, why);
    if (status == STATUS_OK)
        status = read_prefix(t, g, why);
    if (status == STATUS_OK)
        status = read_cleanup(t, g, why);
    if (status == STATUS_OK)
        status = read_word_max(t, g, why);
    if (status == STATUS_OK)
        status = read_marks(t, g, "cloister.tokenizer.strips_left", MARK_STRIPS_LEFT, why);
    if (status == STATUS_OK)
        status = read_marks(t, g, "cloister.tokenizer.strips_right", MARK_STRIPS_RIGHT, why);
    if (status == STATUS_OK)
        status = read_marks(t, g, "cloister.tokenizer.end_token_ids", MARK_ENDS, why);
    return status;
}
