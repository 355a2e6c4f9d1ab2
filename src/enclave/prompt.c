/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/prompt.h"

#include "core/base/constant_time.h"

#include <stdlib.h>
#include <string.h>

/* Tokens so far, and text that is not yet encoded.  Control tokens cut the text, as the reference tokenizer does. */
struct builder {
    const struct tokenizer *tokenizer;
    uint32_t *tokens;
    size_t tokens_n, capacity;
    char *text;
    size_t text_len, text_capacity;
    enum status status; /* the first failure sticks */
};

static bool contains(struct gguf_text text, const char *marker)
{
    return memmem(text.bytes, text.len, marker, strlen(marker)) != NULL;
}

enum template_kind template_of(const struct tokenizer *t)
{
    if (t->chat_template.len == 0)
        return TEMPLATE_PLAIN;
    if (contains(t->chat_template, "<|im_start|>"))
        return TEMPLATE_CHATML;
    if (contains(t->chat_template, "<|user|>") && contains(t->chat_template, "<|end|>"))
        return TEMPLATE_PHI_3;
    if (contains(t->chat_template, "<|user|>") && contains(t->chat_template, "eos_token"))
        return TEMPLATE_ZEPHYR;
    if (contains(t->chat_template, "[INST]"))
        return TEMPLATE_LLAMA_2;
    return TEMPLATE_UNKNOWN;
}

void template_hash(uint8_t hash[static SHA256_LEN], const struct tokenizer *t)
{
    static const char *const names[] = {"plain", "chatml", "zephyr", "llama-2", "phi-3", "unknown"};
    const char *name = names[template_of(t)];
    struct hash h;
    hash_init(&h, HASH_SHA256);
    hash_add(&h, name, strlen(name) + 1);
    hash_add(&h, t->chat_template.bytes, t->chat_template.len);
    hash_end(&h, hash);
}

static void add_bytes(struct builder *b, const char *text, size_t len)
{
    if (b->status != STATUS_OK)
        return;
    if (len > b->text_capacity - b->text_len) {
        b->status = STATUS_LIMIT;
        return;
    }
    memcpy(b->text + b->text_len, text, len);
    b->text_len += len;
}

static void add_text(struct builder *b, const char *text)
{
    add_bytes(b, text, strlen(text));
}

static void encode(struct builder *b, const char *text, size_t len)
{
    struct tokenizer_segment segment = {.text = text, .len = len, .parse_special = false};
    struct tokenizer_encode_options options = {.add_bos = false, .add_eos = false};
    size_t scratch_len = tokenizer_scratch_len(b->tokenizer, len);
    size_t n = 0;
    if (b->status != STATUS_OK || len == 0)
        return;
    void *scratch = malloc(scratch_len);
    if (scratch == NULL) {
        b->status = STATUS_NO_MEMORY;
        return;
    }
    b->status = tokenizer_encode(b->tokenizer, b->tokens + b->tokens_n, b->capacity - b->tokens_n, &n, &segment, 1,
                                 &options, scratch, scratch_len);
    b->tokens_n += n;
    free(scratch);
}

static void flush(struct builder *b)
{
    encode(b, b->text, b->text_len);
    wipe(b->text, b->text_len);
    b->text_len = 0;
}

static void add_token(struct builder *b, uint32_t token)
{
    flush(b);
    if (b->status == STATUS_OK && token >= b->tokenizer->tokens_n)
        b->status = STATUS_UNSUPPORTED; /* the template wants a token that this vocabulary lacks */
    if (b->status == STATUS_OK && b->tokens_n == b->capacity)
        b->status = STATUS_LIMIT;
    if (b->status == STATUS_OK)
        b->tokens[b->tokens_n++] = token;
}

/* A marker that is one control token where the vocabulary has it, and text where it has not. */
static void add_marker(struct builder *b, const char *marker)
{
    uint32_t token = tokenizer_special(b->tokenizer, marker, strlen(marker));
    if (token != TOKENIZER_NO_TOKEN)
        add_token(b, token);
    else
        add_text(b, marker);
}

static bool is_role(const struct chat_message *m, const char *role)
{
    return m->role.len == strlen(role) && memcmp(m->role.text, role, m->role.len) == 0;
}

static void chatml(struct builder *b, const struct chat_request *r)
{
    for (size_t i = 0; i < r->messages_n; i++) {
        add_marker(b, "<|im_start|>");
        add_bytes(b, r->messages[i].role.text, r->messages[i].role.len);
        add_text(b, "\n");
        add_bytes(b, r->messages[i].content.text, r->messages[i].content.len);
        add_marker(b, "<|im_end|>");
        add_text(b, "\n");
    }
    add_marker(b, "<|im_start|>");
    add_text(b, "assistant\n");
}

static void zephyr(struct builder *b, const struct chat_request *r)
{
    for (size_t i = 0; i < r->messages_n; i++) {
        add_text(b, "<|");
        add_bytes(b, r->messages[i].role.text, r->messages[i].role.len);
        add_text(b, "|>\n");
        add_bytes(b, r->messages[i].content.text, r->messages[i].content.len);
        add_token(b, b->tokenizer->eos);
        add_text(b, "\n");
    }
    add_text(b, "<|assistant|>\n");
}

static void llama_2(struct builder *b, const struct chat_request *r)
{
    const struct chat_message *system = NULL;
    for (size_t i = 0; i < r->messages_n; i++) {
        const struct chat_message *m = &r->messages[i];
        if (system != NULL && !is_role(m, "user"))
            break;
        if (is_role(m, "system")) {
            system = m;
        } else if (is_role(m, "assistant")) {
            add_text(b, " ");
            add_bytes(b, m->content.text, m->content.len);
            add_text(b, " ");
            add_token(b, b->tokenizer->eos);
            add_token(b, b->tokenizer->bos);
        } else {
            add_text(b, "[INST] ");
            if (system != NULL) {
                add_text(b, "<<SYS>>\n");
                add_bytes(b, system->content.text, system->content.len);
                add_text(b, "\n<</SYS>>\n\n");
                system = NULL;
            }
            add_bytes(b, m->content.text, m->content.len);
            add_text(b, " [/INST]");
        }
    }
    if (system != NULL && b->status == STATUS_OK)
        b->status = STATUS_USAGE; /* the template has no place for it, and nothing is left out */
}

static void phi_3(struct builder *b, const struct chat_request *r)
{
    static const char *const roles[] = {"system", "user", "assistant"};
    static const char *const markers[] = {"<|system|>", "<|user|>", "<|assistant|>"};
    for (size_t i = 0; i < r->messages_n; i++) {
        for (size_t role = 0; role < 3; role++) {
            if (is_role(&r->messages[i], roles[role]))
                add_marker(b, markers[role]);
        }
        add_text(b, "\n");
        add_bytes(b, r->messages[i].content.text, r->messages[i].content.len);
        add_marker(b, "<|end|>");
        add_text(b, "\n");
    }
    add_marker(b, "<|assistant|>");
    add_text(b, "\n");
}

static void plain(struct builder *b, const struct chat_request *r)
{
    for (size_t i = 0; i < r->messages_n; i++) {
        if (i > 0)
            add_text(b, "\n");
        add_bytes(b, r->messages[i].content.text, r->messages[i].content.len);
    }
}

static void apply(struct builder *b, const struct chat_request *r)
{
    if (r->messages == NULL) {
        add_bytes(b, r->prompt.text, r->prompt.len);
        return;
    }
    switch (template_of(b->tokenizer)) {
    case TEMPLATE_PLAIN: plain(b, r); return;
    case TEMPLATE_CHATML: chatml(b, r); return;
    case TEMPLATE_ZEPHYR: zephyr(b, r); return;
    case TEMPLATE_LLAMA_2: llama_2(b, r); return;
    case TEMPLATE_PHI_3: phi_3(b, r); return;
    case TEMPLATE_UNKNOWN: b->status = STATUS_UNSUPPORTED; return;
    }
}

static size_t text_capacity(const struct chat_request *r)
{
    enum { MARKUP_MAX = 64 }; /* bytes around one message */
    size_t len = r->prompt.len + 2 * MARKUP_MAX;
    for (size_t i = 0; i < r->messages_n; i++)
        len += r->messages[i].role.len + r->messages[i].content.len + MARKUP_MAX;
    return len;
}

enum status prompt_tokens(uint32_t *tokens, size_t capacity, size_t *tokens_n, const struct tokenizer *t,
                          const struct chat_request *request, struct reason *why)
{
    struct builder b = {
        .tokenizer = t, .tokens = tokens, .capacity = capacity, .text_capacity = text_capacity(request)};
    *tokens_n = 0;
    b.text = malloc(b.text_capacity);
    if (b.text == NULL)
        return STATUS_NO_MEMORY;
    if (t->add_bos && t->bos != TOKENIZER_NO_TOKEN)
        add_token(&b, t->bos);
    apply(&b, request);
    flush(&b);
    wipe(b.text, b.text_capacity);
    free(b.text);
    if (b.status == STATUS_OK && b.tokens_n == 0)
        b.status = STATUS_MALFORMED;
    if (b.status == STATUS_OK)
        *tokens_n = b.tokens_n;
    else if (b.status == STATUS_UNSUPPORTED)
        reason_set(why, "this model's chat template is not supported; use /infer with a prompt", NULL);
    else if (b.status == STATUS_USAGE)
        reason_set(why, "this model's chat template takes a system message before a user's only", NULL);
    else if (b.status == STATUS_LIMIT)
        reason_set(why, "the prompt does not fit the model's context", NULL);
    else if (b.status == STATUS_MALFORMED)
        reason_set(why, "the prompt is empty", NULL);
    return b.status;
}
