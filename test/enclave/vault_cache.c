/* SPDX-License-Identifier: Apache-2.0 */
/* The size of the KV cache from configuration and model.  EN-5 EN-6 */
#include "enclave/vault_cache.h"

#include "tap.h"

enum { HEADS = 2, HEAD_DIM = 32, LAYERS = 3 };
/* keys and values of 64 positions; with q8 a byte each and a float for 32 columns of a position */
enum { PAGE_BF16 = LAYERS * HEADS * 2 * 64 * HEAD_DIM * 2, PAGE_Q8 = LAYERS * HEADS * 2 * 64 * (HEAD_DIM + 4) };

static const struct {
    const char *name;
    uint32_t model_context, sequences, context;
    enum cache_type type;
    uint64_t bytes;
    enum status status;
    uint32_t context_max, pages_max; /* when it is taken */
    const char *words;               /* when it is refused */
} rows[] = {
    {"nothing said: each sequence at its longest", 1000, 3, 0, CACHE_BF16, 0, STATUS_OK, 1000, 48, NULL},
    {"a shorter context", 1000, 3, 65, CACHE_BF16, 0, STATUS_OK, 65, 6, NULL},
    {"a context beyond the model's is the model's", 1000, 3, 2048, CACHE_BF16, 0, STATUS_OK, 1000, 48, NULL},
    {"a model beyond what receipts count", 1U << 24, 1, 0, CACHE_BF16, 0, STATUS_OK, 1U << 20, 1U << 14, NULL},
    {"bytes that are no whole page", 1000, 4, 128, CACHE_BF16, 5 * PAGE_BF16 - 1, STATUS_OK, 128, 4, NULL},
    {"whole pages", 1000, 4, 128, CACHE_BF16, 5 * PAGE_BF16, STATUS_OK, 128, 5, NULL},
    {"more than all sequences can use", 1000, 4, 128, CACHE_BF16, 1ULL << 50, STATUS_OK, 128, 8, NULL},
    {"q8 has more pages in them", 1000, 4, 128, CACHE_Q8, 5 * PAGE_BF16, STATUS_OK, 128, 8, NULL},
    {"q8, one page fewer", 1000, 8, 128, CACHE_Q8, 9 * PAGE_Q8 - 1, STATUS_OK, 128, 8, NULL},
    {"f32 has half of them", 1000, 4, 128, CACHE_F32, 5 * PAGE_BF16, STATUS_OK, 128, 2, NULL},
    {"no context said: as long as there is room", 1000, 4, 0, CACHE_BF16, 3 * PAGE_BF16, STATUS_OK, 192, 3, NULL},
    {"no context said, and room for more", 100, 4, 0, CACHE_BF16, 3 * PAGE_BF16, STATUS_OK, 100, 3, NULL},
    {"exactly one sequence", 1000, 4, 130, CACHE_BF16, 3 * PAGE_BF16, STATUS_OK, 130, 3, NULL},
    {"one page short of a sequence", 1000, 4, 130, CACHE_BF16, 3 * PAGE_BF16 - 1, STATUS_LIMIT, 0, 0,
     "130 tokens in bf16 take 147456; raise it or lower \"context\""},
    {"a context over the model's, and the model's is too long", 1000, 4, 4000, CACHE_Q8, 15 * PAGE_Q8, STATUS_LIMIT, 0,
     0, "1000 tokens in q8 take 442368; raise it or lower \"context\""},
    {"less than a page", 1000, 4, 0, CACHE_BF16, PAGE_BF16 - 1, STATUS_LIMIT, 0, 0,
     "64 tokens in bf16 take 49152; raise it"},
    {"one byte", 1000, 4, 2, CACHE_F32, 1, STATUS_LIMIT, 0, 0, "2 tokens in f32 take 98304; raise it"},
    {"no such type", 1000, 4, 2, (enum cache_type)3, 1, STATUS_BROKEN, 0, 0, NULL},
};

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct model m = {
            .context_n = rows[i].model_context, .layers_n = LAYERS, .kv_heads_n = HEADS, .head_dim = HEAD_DIM};
        const struct vault_setup setup = {
            .context = rows[i].context, .kv_cache = rows[i].type, .kv_cache_bytes = rows[i].bytes};
        struct engine_options o = {.sequences_max = rows[i].sequences};
        struct reason why = {{0}};
        enum status status = vault_cache_choose(&o, &m, &setup, &why);
        bool good = status == rows[i].status;
        if (status == STATUS_OK)
            good = good && o.context_max == rows[i].context_max && o.pages_max == rows[i].pages_max &&
                   o.cache == rows[i].type && why.text[0] == '\0';
        if (rows[i].words != NULL)
            good = good && strstr(why.text, rows[i].words) != NULL && strstr(why.text, "\"kv_cache_bytes\"") != NULL;
        check(good, "EN-5 EN-6: %s (context %u, pages %u) %s", rows[i].name, o.context_max, o.pages_max, why.text);
    }
    return tap_done();
}
