/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/prompt.h"

#include "core/base/constant_time.h"

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

struct builder {
    const struct tokenizer *tokenizer;
    uint32_t *tokens;
    size_t tokens_n, capacity;
};

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

/* Spans as the tokenizer takes them: special tokens are looked for in the template's own text and nowhere else. */
static enum status encode(uint32_t *tokens, size_t capacity, size_t *tokens_n, const struct tokenizer *t,
                          const struct tokenizer_segment *segments, size_t segments_n)
{
    struct tokenizer_encode_options options = {.add_bos = false, .add_eos = false};
    size_t len = 0;
    for (size_t i = 0; i < segments_n; i++)
        len += segments[i].len;
    size_t scratch_len = tokenizer_scratch_len(t, len);
    if (scratch_len == SIZE_MAX)
        return STATUS_LIMIT;
    void *scratch = malloc(scratch_len);
    if (scratch == NULL)
        return STATUS_NO_MEMORY;
    enum status status =
        tokenizer_encode(t, tokens, capacity, tokens_n, segments, segments_n, &options, scratch, scratch_len);
    free(scratch);
    return status;
}

/* All of it as tokens, after the model's first token unless the template wrote that itself. */
static enum status add_spans(struct builder *b, const struct template_output *output)
{
    const struct tokenizer *t = b->tokenizer;
    struct tokenizer_segment *segments = calloc(output->spans_n + 1, sizeof segments[0]);
    if (segments == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < output->spans_n; i++)
        segments[i] = (struct tokenizer_segment){
            .text = output->spans[i].text, .len = output->spans[i].len, .parse_special = !output->spans[i].from_input};
    enum status status = encode(b->tokens, b->capacity, &b->tokens_n, t, segments, output->spans_n);
    free(segments);
    if (status != STATUS_OK || !t->add_bos || t->bos == TOKENIZER_NO_TOKEN ||
        (b->tokens_n != 0 && b->tokens[0] == t->bos))
        return status;
    if (b->tokens_n == b->capacity)
        return STATUS_LIMIT;
    memmove(b->tokens + 1, b->tokens, b->tokens_n * sizeof b->tokens[0]);
    b->tokens[0] = t->bos;
    b->tokens_n++;
    return STATUS_OK;
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
        status = add_spans(b, &output);
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
    enum status status = add_spans(b, &(struct template_output){spans, n});
    free(spans);
    return status;
}

enum status prompt_tokens(uint32_t *tokens, size_t capacity, size_t *tokens_n, const struct prompt *p,
                          const struct chat_request *request, int64_t now_s, struct reason *why)
{
    struct builder b = {.tokenizer = p->tokenizer, .tokens = tokens, .capacity = capacity};
    bool use_template = request->chat.list != NULL && p->has_template;
    *tokens_n = 0;
    if (request->chat.list != NULL && !p->has_template && request->chat.tools != NULL) {
        reason_set(why, "this model has no chat template, so no place for \"tools\"", NULL);
        return STATUS_UNSUPPORTED;
    }
    if (use_template && p->template_status != STATUS_OK) {
        *why = p->template_why;
        return STATUS_UNSUPPORTED;
    }
    reason_set(why, "", NULL);
    enum status status = use_template ? build_from_template(&b, p, request, now_s, why) : build_plain(&b, request);
    if (status == STATUS_OK && b.tokens_n == 0)
        status = STATUS_MALFORMED;
    if (status == STATUS_OK)
        *tokens_n = b.tokens_n;
    else if (why->text[0] == '\0' && status == STATUS_MALFORMED)
        reason_set(why, "the prompt is empty", NULL);
    else if (why->text[0] == '\0' && status == STATUS_UNSUPPORTED)
        reason_set(why, "the prompt has a character that this model's vocabulary lacks", NULL);
    return status;
}
