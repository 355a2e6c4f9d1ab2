/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister detokenize`: token ids to the bytes that they stand for. */
#include "client/detokenize.h"

#include "client/vocabulary_file.h"
#include "core/codec/json_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS_MAX = 256 << 20, OUT_FIRST = 1 << 16 };

/* The text so far. */
struct text {
    uint8_t *bytes;
    size_t len, capacity;
};

static enum status append(struct text *text, const uint8_t *bytes, size_t len)
{
    if (len > text->capacity - text->len) {
        size_t capacity = 2 * (text->capacity + len) + OUT_FIRST;
        uint8_t *larger = realloc(text->bytes, capacity);
        if (larger == NULL)
            return STATUS_NO_MEMORY;
        text->bytes = larger;
        text->capacity = capacity;
    }
    if (len != 0)
        memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    return STATUS_OK;
}

static bool is_control(const struct tokenizer *t, uint32_t token)
{
    return t->tokens[token].kind == TOKEN_CONTROL || t->tokens[token].kind == TOKEN_UNKNOWN;
}

static enum status decode(struct text *text, const struct tokenizer *t, const uint32_t *tokens, size_t n, bool exact,
                          bool special)
{
    struct detokenizer d;
    uint8_t out[DETOKENIZER_OUT_MAX];
    size_t len;
    enum status status = STATUS_OK;
    if (exact)
        detokenizer_init_exact(&d, t, true);
    else
        detokenizer_init(&d, t, true);
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        if (special && is_control(t, tokens[i])) {
            status = append(text, t->tokens[tokens[i]].text, t->tokens[tokens[i]].len);
            continue;
        }
        status = detokenizer_next(&d, out, &len, tokens[i]);
        if (status == STATUS_OK)
            status = append(text, out, len);
    }
    detokenizer_end(&d, out, &len);
    return status == STATUS_OK ? append(text, out, len) : status;
}

static enum status print(const struct text *text, bool json)
{
    if (!json) {
        fwrite(text->bytes, 1, text->len, stdout);
        return STATUS_OK;
    }
    struct writer w;
    struct json_writer j;
    size_t capacity = 6 * text->len + 32; /* an escape is 6 bytes at most */
    uint8_t *out = malloc(capacity);
    if (out == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, out, capacity);
    json_writer_init(&j, &w);
    json_open_object(&j);
    json_key(&j, "text");
    json_text_len(&j, text->bytes, text->len);
    json_close(&j);
    enum status status = json_writer_end(&j);
    if (status == STATUS_OK)
        printf("%.*s\n", (int)writer_len(&w), (const char *)out);
    free(out);
    return status;
}

static enum status decode_file(const struct tokenizer *t, const uint8_t *ids, size_t ids_len,
                               const struct command_line *line, struct reason *why)
{
    struct text text = {NULL, 0, 0};
    size_t capacity = ids_len / 2 + 1;
    size_t n;
    bool json = command_flag(line, "json");
    uint32_t *tokens = calloc(capacity, sizeof *tokens);
    if (tokens == NULL)
        return STATUS_NO_MEMORY;
    enum status status = token_ids_parse(tokens, capacity, &n, ids, ids_len, t->tokens_n, why);
    if (status == STATUS_OK)
        status = decode(&text, t, tokens, n, !json, command_flag(line, "special"));
    if (status == STATUS_OK)
        status = print(&text, json);
    free(tokens);
    free(text.bytes);
    return status;
}

int detokenize_run(const struct command_line *line)
{
    return vocabulary_command_run(line, IDS_MAX, decode_file);
}
