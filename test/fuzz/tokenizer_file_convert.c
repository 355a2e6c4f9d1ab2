/* SPDX-License-Identifier: Apache-2.0 */
/* A tokenizer.json of any bytes: texts that end in NUL (tokenizer.json, tokenizer_config.json, generation_config.json),
 * then a text for the tokenizer that comes out. */
#include "engine/tokenizer/tokenizer.h"
#include "import/tokenizer_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { LEN_MAX = 1 << 18, TEXT_MAX = 1024 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct folder_text take_text(const uint8_t **bytes, size_t *len)
{
    const uint8_t *end = *len == 0 ? NULL : memchr(*bytes, 0, *len);
    struct folder_text text = {NULL, 0};
    if (end == NULL)
        return text;
    if (end != *bytes)
        text = (struct folder_text){*bytes, (size_t)(end - *bytes)};
    *len -= (size_t)(end - *bytes) + 1;
    *bytes = end + 1;
    return text;
}

/* What is encoded has tokens, and each of them bytes. */
static void encode(const struct tokenizer *t, const uint8_t *text, size_t len, bool special)
{
    struct tokenizer_segment segment = {text, len, special};
    struct tokenizer_encode_options options = {.add_bos = special, .add_eos = special};
    uint8_t out[DETOKENIZER_OUT_MAX];
    struct detokenizer d;
    size_t n, out_len, room = tokenizer_tokens_max(t, len), scratch_len = tokenizer_scratch_len(t, len);
    uint32_t *tokens = malloc(room * sizeof *tokens);
    void *scratch = malloc(scratch_len);
    must(tokens != NULL && scratch != NULL);
    enum status status = tokenizer_encode(t, tokens, room, &n, &segment, 1, &options, scratch, scratch_len);
    must(status == STATUS_OK || status == STATUS_UNSUPPORTED || status == STATUS_MALFORMED || status == STATUS_LIMIT);
    must(status == STATUS_OK || n == 0);
    must(status != STATUS_LIMIT || t->nfc || t->kind == TOKENIZER_UNIGRAM);
    detokenizer_init(&d, t, true);
    for (size_t i = 0; i < n; i++)
        must(detokenizer_next(&d, out, &out_len, tokens[i]) == STATUS_OK && out_len <= sizeof out);
    detokenizer_end(&d, out, &out_len);
    free(tokens);
    free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t memory[1 << 28], tables[1 << 26];
    struct arena arena;
    struct tokenizer t;
    struct reason why = {""};
    const uint8_t *meta;
    size_t meta_len;
    if (len > LEN_MAX)
        return 0;
    struct folder folder = {.tokenizer = take_text(&bytes, &len)};
    folder.tokenizer_config = take_text(&bytes, &len);
    folder.generation_config = take_text(&bytes, &len);
    size_t needed = tokenizer_file_arena_len(&folder);
    must(needed <= sizeof memory);
    arena_init(&arena, memory, needed);
    enum status status = tokenizer_file_convert(&meta, &meta_len, &arena, &folder, &why);
    must(status != STATUS_NO_MEMORY && status != STATUS_BROKEN);
    must((status == STATUS_OK) == (meta != NULL) && (status == STATUS_OK || why.text[0] != '\0'));
    if (status != STATUS_OK || tokenizer_arena_len(meta_len) > sizeof tables)
        return 0;
    arena_init(&arena, tables, tokenizer_arena_len(meta_len));
    status = tokenizer_open(&t, &arena, meta, meta_len, &why);
    must(status != STATUS_NO_MEMORY && status != STATUS_BROKEN && status != STATUS_TRUNCATED);
    if (status != STATUS_OK)
        return 0;
    encode(&t, bytes, len < TEXT_MAX ? len : TEXT_MAX, false);
    encode(&t, bytes, len < TEXT_MAX ? len : TEXT_MAX, true);
    return 0;
}
