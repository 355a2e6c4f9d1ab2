/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister tokenize`: the bytes of a file, as they are, to token ids. */
#include "client/tokenize.h"

#include "client/detokenize.h"
#include "client/vocabulary_file.h"
#include "core/codec/json_writer.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 64 << 20 };

static int tokenize_run(const struct command_line *line);

static const struct command_option tokenize_options[] = {
    {"model", "FILE", "the GGUF file, tokenizer.json or folder that holds the vocabulary (mandatory)"},
    {"special", NULL, "find special tokens such as <s> in the text"},
    {"bos", NULL, "begin with the model's begin token"},
    {"eos", NULL, "end with the model's end token, or with the separator of WordPiece"},
    {"json", NULL, "print ids and pieces as one JSON object"},
    {NULL, NULL, NULL},
};

static const struct command_option detokenize_options[] = {
    {"model", "FILE", "the GGUF file, tokenizer.json or folder that holds the vocabulary (mandatory)"},
    {"special", NULL, "write the text of special tokens, which otherwise give none"},
    {"json", NULL, "print the text as one JSON object, with U+FFFD for bytes that are no UTF-8"},
    {NULL, NULL, NULL},
};

const struct command tokenize_commands[] = {
    {"tokenize", "[FILE|-]", 0, 1, "turn text into a model's token ids", tokenize_options, tokenize_run},
    {"detokenize", "[FILE|-]", 0, 1, "turn token ids, apart by white space or a JSON list, into text",
     detokenize_options, detokenize_run},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};

/* A token's bytes as text: U+FFFD for what is no UTF-8 by itself. */
static void put_piece(struct json_writer *j, const struct tokenizer *t, uint32_t token)
{
    struct detokenizer d;
    uint8_t out[2 * DETOKENIZER_OUT_MAX];
    size_t len, end_len;
    detokenizer_init(&d, t, false);
    if (t->tokens[token].kind == TOKEN_CONTROL || t->tokens[token].kind == TOKEN_UNKNOWN) {
        json_text_len(j, t->tokens[token].text, t->tokens[token].len);
        return;
    }
    if (detokenizer_next(&d, out, &len, token) != STATUS_OK)
        len = 0;
    detokenizer_end(&d, out + len, &end_len);
    json_text_len(j, out, len + end_len);
}

static enum status print_json(const struct tokenizer *t, const uint32_t *tokens, size_t n)
{
    size_t capacity = 64 + n * 32;
    enum status status;
    do { /* pieces are short, and a second pass knows how long they were */
        struct writer w;
        struct json_writer j;
        uint8_t *text = malloc(capacity);
        if (text == NULL)
            return STATUS_NO_MEMORY;
        writer_init(&w, text, capacity);
        json_writer_init(&j, &w);
        json_open_object(&j);
        json_key(&j, "ids");
        json_open_array(&j);
        for (size_t i = 0; i < n; i++)
            json_number_u64(&j, tokens[i]);
        json_close(&j);
        json_key(&j, "pieces");
        json_open_array(&j);
        for (size_t i = 0; i < n; i++)
            put_piece(&j, t, tokens[i]);
        json_close(&j);
        json_close(&j);
        status = json_writer_end(&j);
        if (status == STATUS_OK) {
            fwrite(text, 1, writer_len(&w), stdout);
            putchar('\n');
        }
        capacity = w.needed;
        free(text);
    } while (status == STATUS_LIMIT);
    return status;
}

static void print_ids(const uint32_t *tokens, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%s%u", i == 0 ? "" : " ", (unsigned)tokens[i]);
    putchar('\n');
}

static enum status encode(const struct tokenizer *t, const uint8_t *text, size_t len, const struct command_line *line,
                          struct reason *why)
{
    struct tokenizer_segment segment = {.text = text, .len = len, .parse_special = command_flag(line, "special")};
    struct tokenizer_encode_options options = {.add_bos = command_flag(line, "bos"),
                                               .add_eos = command_flag(line, "eos")};
    size_t capacity = tokenizer_tokens_max(t, len);
    size_t scratch_len = tokenizer_scratch_len(t, len);
    size_t n;
    void *scratch = malloc(scratch_len);
    uint32_t *tokens = calloc(capacity, sizeof *tokens);
    enum status status = STATUS_NO_MEMORY;
    if (scratch != NULL && tokens != NULL)
        status = tokenizer_encode(t, tokens, capacity, &n, &segment, 1, &options, scratch, scratch_len);
    if (status == STATUS_UNSUPPORTED)
        reason_set(why, "the vocabulary has no token for a byte of this text", NULL);
    if (status == STATUS_OK && command_flag(line, "json"))
        status = print_json(t, tokens, n);
    else if (status == STATUS_OK)
        print_ids(tokens, n);
    free(scratch);
    free(tokens);
    return status;
}

static int tokenize_run(const struct command_line *line)
{
    return vocabulary_command_run(line, TEXT_MAX, encode);
}
