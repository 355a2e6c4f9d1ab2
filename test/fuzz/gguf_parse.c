/* SPDX-License-Identifier: Apache-2.0 */
/* GGUF metadata of any bytes: parsers end with a status, agree with each other, and stay within their arenas; what they
 * accept can be placed. */
#include "engine/gguf.h"
#include "engine/model.h"
#include "engine/tokenizer/tokenizer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool inside(struct gguf_text text, const uint8_t *bytes, size_t len)
{
    return text.bytes >= bytes && text.len <= len && (size_t)(text.bytes - bytes) <= len - text.len;
}

static void check_gguf(const struct gguf *g, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < g->values_n; i++) {
        must(inside(g->values[i].key, bytes, len) && inside(g->values[i].bytes, bytes, len));
        must(i == 0 || g->values_sorted[i] != g->values_sorted[i - 1]);
    }
    for (size_t i = 0; i < g->tensors_n; i++)
        must(inside(g->tensors[i].name, bytes, len) && g->tensors[i].offset % g->alignment == 0);
    must(g->data_offset % g->alignment == 0 && g->data_offset < len + g->alignment);
}

static void check_model(const struct model *m, const uint8_t *bytes, size_t len)
{
    uint64_t end = 0;
    for (size_t i = 0; i < m->tensors_n; i++) {
        const struct matrix *t = &m->tensors[i].matrix;
        uint64_t size = t->vector ? (uint64_t)t->columns_n * 4 : t->group_len * layout_groups_n(t);
        must(t->at >= end && t->at % LAYOUT_ALIGN == 0);
        end = t->at + size;
        must(end <= model_weights_len(m) && m->tensors[i].file_offset + m->tensors[i].file_len <= m->file_len);
    }
    if (model_weights_len(m) > 1 << 20)
        return;
    uint8_t *weights = calloc(1, (size_t)model_weights_len(m) + 1);
    must(weights != NULL);
    model_place(m, weights, 0, bytes, len);
    model_place(m, weights, len / 3, bytes, len);
    struct workers workers = workers_none();
    struct reason why;
    enum status status = model_finish(m, weights, &workers, &why);
    must(status == STATUS_OK || status == STATUS_MALFORMED);
    free(weights);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t tables[1 << 24];
    struct arena arena;
    struct gguf g;
    struct model m;
    struct tokenizer t;
    struct reason why = {{0}};
    uint64_t meta_len;
    if (model_arena_len(len) > sizeof tables || tokenizer_arena_len(len) > sizeof tables)
        return 0;
    arena_init(&arena, tables, model_arena_len(len));
    enum status measured = gguf_meta_len(&meta_len, bytes, len, &why);
    must((measured == STATUS_OK) == (meta_len != 0));
    must(measured == STATUS_OK || why.text[0] != '\0');
    enum status status = gguf_parse(&g, &arena, bytes, len, &why);
    must(status != STATUS_NO_MEMORY);
    /* what measuring does not see are names that stand twice */
    must(status == measured || (measured == STATUS_OK && status == STATUS_MALFORMED) || status == STATUS_TRUNCATED);
    if (status == STATUS_OK) {
        must(g.data_offset == meta_len);
        check_gguf(&g, bytes, len);
    }
    arena_init(&arena, tables, model_arena_len(len));
    uint64_t file_len = len > 8 && bytes[len - 1] == 1 ? UINT64_MAX >> 1 : (uint64_t)len;
    status = model_parse(&m, &arena, bytes, len, file_len, &why);
    must(status != STATUS_NO_MEMORY && status != STATUS_BROKEN);
    if (status == STATUS_OK)
        check_model(&m, bytes, len);
    arena_init(&arena, tables, tokenizer_arena_len(len));
    status = tokenizer_open(&t, &arena, bytes, len, &why);
    must(status != STATUS_NO_MEMORY && status != STATUS_BROKEN);
    return 0;
}
