/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/prompt.h"

#include "core/base/constant_time.h"
#include "engine/vocabulary.h"

#include <stdlib.h>
#include <string.h>

enum status prompt_open(struct prompt *p, const struct tokenizer *t)
{
    struct arena arena;
    size_t tree_len = template_arena_len(t->chat_template.len);
    memset(p, 0, sizeof *p);
    p->tokenizer = t;
    p->has_template = t->chat_template.len > 0;
    if (!p->has_template)
        return STATUS_OK;
    p->tree = malloc(tree_len);
    if (p->tree == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, p->tree, tree_len);
    p->template_status =
        template_parse(&p->template, &arena, t->chat_template.bytes, t->chat_template.len, &p->template_why);
    return STATUS_OK;
}

void prompt_close(struct prompt *p)
{
    free(p->tree); /* holds nothing but the model's public template */
    memset(p, 0, sizeof *p);
}

void prompt_template_hash(uint8_t hash[static SHA256_LEN], const struct tokenizer *t)
{
    static const char plain[] = "plain";
    struct hash h;
    hash_init(&h, HASH_SHA256);
    hash_add(&h, TEMPLATE_VERSION, sizeof TEMPLATE_VERSION);
    if (t->chat_template.len == 0)
        hash_add(&h, plain, sizeof plain);
    hash_add(&h, t->chat_template.bytes, t->chat_template.len);
    hash_end(&h, hash);
}

/* Tokens so far, and text that is not yet encoded.  Control tokens cut the text, as the reference tokenizer does. */
struct builder {
    const struct tokenizer *tokenizer;
    uint32_t *tokens;
    size_t tokens_n, capacity;
    uint8_t *text;
    size_t text_len, text_capacity;
    enum status status; /* the first failure sticks */
};

static void add_bytes(struct builder *b, const void *text, size_t len)
{
    if (b->status != STATUS_OK || len == 0)
        return;
    if (len > b->text_capacity - b->text_len) {
        b->status = STATUS_LIMIT;
        return;
    }
    memcpy(b->text + b->text_len, text, len);
    b->text_len += len;
}

static void flush(struct builder *b)
{
    struct tokenizer_encode_options options = {.add_bos = false, .parse_special = false};
    size_t scratch_len = tokenizer_scratch_len(b->text_len);
    size_t n = 0;
    if (b->status != STATUS_OK || b->text_len == 0)
        return;
    void *scratch = malloc(scratch_len);
    if (scratch == NULL) {
        b->status = STATUS_NO_MEMORY;
        return;
    }
    b->status = tokenizer_encode(b->tokenizer, b->tokens + b->tokens_n, b->capacity - b->tokens_n, &n, b->text,
                                 b->text_len, &options, scratch, scratch_len);
    b->tokens_n += n;
    free(scratch);
    wipe(b->text, b->text_len);
    b->text_len = 0;
}

static void add_token(struct builder *b, uint32_t token)
{
    flush(b);
    if (b->status == STATUS_OK && b->tokens_n == b->capacity)
        b->status = STATUS_LIMIT;
    if (b->status == STATUS_OK)
        b->tokens[b->tokens_n++] = token;
}

/* The longest special token that text starts with, or TOKENIZER_NO_TOKEN. */
static uint32_t special_at(const struct tokenizer *t, const uint8_t *text, size_t len)
{
    uint32_t hash = vocabulary_hash_start(), longest = TOKENIZER_NO_TOKEN;
    for (size_t i = 0; i < len && i < t->longest_special && t->special_first[text[0]]; i++) {
        hash = vocabulary_hash_next(hash, text[i]);
        uint32_t token = vocabulary_find(t, text, i + 1, hash, VOCABULARY_SPECIAL);
        longest = token == TOKENIZER_NO_TOKEN ? longest : token;
    }
    return longest;
}

/* The one place where spans become what the tokenizer takes: special tokens are looked for in the template's own text
 * and nowhere else; all text between two of them is encoded as one, whoever wrote it. */
static void add_span(struct builder *b, const struct template_span *span)
{
    if (span->from_input) {
        add_bytes(b, span->text, span->len);
        return;
    }
    for (size_t at = 0; at < span->len && b->status == STATUS_OK;) {
        uint32_t token = special_at(b->tokenizer, span->text + at, span->len - at);
        if (token == TOKENIZER_NO_TOKEN) {
            add_bytes(b, span->text + at++, 1);
            continue;
        }
        add_token(b, token);
        at += b->tokenizer->tokens[token].len;
    }
}

/* The model's first token, unless the template writes it itself. */
static void add_begin(struct builder *b, const struct template_output *output)
{
    const struct tokenizer *t = b->tokenizer;
    const struct template_span *first = output->spans_n == 0 ? NULL : &output->spans[0];
    bool there = first != NULL && !first->from_input && special_at(t, first->text, first->len) == t->bos;
    if (t->add_bos && t->bos != TOKENIZER_NO_TOKEN && !there)
        add_token(b, t->bos);
}

static struct json token_text(const struct tokenizer *t, uint32_t token)
{
    struct json text = {.type = JSON_STRING, .text = ""};
    if (token < t->tokens_n) {
        text.text = (const char *)t->tokens[token].text;
        text.text_len = t->tokens[token].len;
    }
    return text;
}

static enum status render(struct template_output *output, const struct prompt *p, struct arena *scratch,
                          const struct chat_messages *chat, const struct template_limits *limits, int64_t now_s,
                          struct reason *why)
{
    const struct json yes = {.type = JSON_TRUE};
    const struct json bos = token_text(p->tokenizer, p->tokenizer->bos),
                      eos = token_text(p->tokenizer, p->tokenizer->eos);
    struct template_variable variables[5 + CHAT_VARIABLES_MAX];
    struct template_input in = {.variables = variables, .now_s = now_s, .limits = *limits};
    variables[in.variables_n++] = (struct template_variable){"messages", chat->messages, true, .has_roles = true};
    variables[in.variables_n++] = (struct template_variable){"bos_token", &bos, false, false};
    variables[in.variables_n++] = (struct template_variable){"eos_token", &eos, false, false};
    variables[in.variables_n++] = (struct template_variable){"add_generation_prompt", &yes, false, false};
    if (chat->tools != NULL)
        variables[in.variables_n++] = (struct template_variable){"tools", chat->tools, true, false};
    for (size_t i = 0; i < chat->variables_n; i++)
        variables[in.variables_n++] = chat->variables[i];
    return template_render(output, &p->template, scratch, &in, why);
}

static void add_spans(struct builder *b, const struct template_output *output)
{
    for (size_t i = 0; i < output->spans_n; i++)
        b->text_capacity += output->spans[i].len;
    b->text = b->text_capacity == 0 ? NULL : malloc(b->text_capacity);
    if (b->text == NULL && b->text_capacity > 0) {
        b->status = STATUS_NO_MEMORY;
        return;
    }
    add_begin(b, output);
    for (size_t i = 0; i < output->spans_n; i++)
        add_span(b, &output->spans[i]);
    flush(b);
    if (b->text != NULL)
        wipe(b->text, b->text_capacity);
    free(b->text);
}

/* Scratch that the template's rendering lives in until its spans are tokens. */
static enum status build_from_template(struct builder *b, const struct prompt *p, const struct chat_request *request,
                                       int64_t now_s, struct reason *why)
{
    enum { OUTPUT_FIXED = 1 << 18 };
    struct arena scratch;
    struct template_output output;
    struct template_limits limits = {.steps = TEMPLATE_STEPS_DEFAULT,
                                     .depth = TEMPLATE_DEPTH_DEFAULT,
                                     .output_len = OUTPUT_FIXED + 4 * request->body_len};
    size_t scratch_len = template_scratch_len(&limits, request->body_len);
    if (p->template_status != STATUS_OK) {
        *why = p->template_why;
        return STATUS_UNSUPPORTED;
    }
    if (request->chat.tools != NULL && template_ignores(&p->template, "tools")) {
        reason_set(why, "this model's chat template has no place for \"tools\"", NULL);
        return STATUS_UNSUPPORTED;
    }
    void *memory = malloc(scratch_len);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&scratch, memory, scratch_len);
    enum status status = render(&output, p, &scratch, &request->chat, &limits, now_s, why);
    if (status == STATUS_OK)
        add_spans(b, &output);
    arena_rewind(&scratch, 0);
    free(memory);
    return status;
}

/* Contents, one a line, or the prompt of /infer: all of it from the client. */
static enum status build_plain(struct builder *b, const struct chat_request *r)
{
    static const struct template_span newline = {(const uint8_t *)"\n", 1, true};
    struct template_span one = {(const uint8_t *)r->prompt.text, r->prompt.len, true};
    size_t n = r->chat.list == NULL ? 1 : 2 * r->chat.n - 1;
    struct template_span *spans = calloc(n, sizeof spans[0]);
    if (spans == NULL)
        return STATUS_NO_MEMORY;
    spans[0] = one;
    for (size_t i = 0; i < r->chat.n && r->chat.list != NULL; i++) {
        const struct chat_text *content = &r->chat.list[i].content;
        spans[2 * i] = (struct template_span){(const uint8_t *)content->text, content->len, true};
        if (i > 0)
            spans[2 * i - 1] = newline;
    }
    add_spans(b, &(struct template_output){spans, n});
    free(spans);
    return STATUS_OK;
}

enum status prompt_tokens(uint32_t *tokens, size_t capacity, size_t *tokens_n, const struct prompt *p,
                          const struct chat_request *request, int64_t now_s, struct reason *why)
{
    struct builder b = {.tokenizer = p->tokenizer, .tokens = tokens, .capacity = capacity, .status = STATUS_OK};
    bool use_template = request->chat.list != NULL && p->has_template;
    *tokens_n = 0;
    if (request->chat.list != NULL && !p->has_template && request->chat.tools != NULL) {
        reason_set(why, "this model has no chat template, so no place for \"tools\"", NULL);
        return STATUS_UNSUPPORTED;
    }
    enum status status = use_template ? build_from_template(&b, p, request, now_s, why) : build_plain(&b, request);
    if (status != STATUS_OK)
        return status;
    if (b.status == STATUS_OK && b.tokens_n == 0)
        b.status = STATUS_MALFORMED;
    if (b.status == STATUS_OK)
        *tokens_n = b.tokens_n;
    else if (b.status == STATUS_LIMIT)
        reason_set(why, "the prompt does not fit the model's context", NULL);
    else if (b.status == STATUS_MALFORMED)
        reason_set(why, "the prompt is empty", NULL);
    else if (b.status == STATUS_UNSUPPORTED)
        reason_set(why, "the prompt has a character that this model's vocabulary lacks", NULL);
    return b.status;
}
