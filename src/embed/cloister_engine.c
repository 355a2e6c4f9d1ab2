/* SPDX-License-Identifier: Apache-2.0 */
#include "embed/cloister_engine.h"

#include "core/base/checked.h"
#include "core/base/constant_time.h"
#include "engine/engine.h"
#include "engine/gguf.h"
#include "engine/tokenizer/tokenizer.h"

#include <string.h>

_Static_assert((int)CLOISTER_PIECE_MAX == (int)TOKENIZER_TOKEN_LEN_MAX, "a token fits a piece");

struct cloister_engine {
    struct model model;
    struct tokenizer tokenizer;
    bool has_vocabulary;
    struct engine engine;
    struct engine_options options;
    struct workers workers;
    bool amx_permitted;
    uint8_t *memory; /* weights, then the engine's own */
    size_t memory_len, weights_len;
};

static int told(char out[CLOISTER_WHY_LEN], enum status status, const struct reason *why)
{
    const char *text = why->text[0] != '\0' ? why->text : status_name(status);
    size_t len = strlen(text) < CLOISTER_WHY_LEN - 1 ? strlen(text) : CLOISTER_WHY_LEN - 1;
    if (status == STATUS_OK)
        return 0;
    memcpy(out, text, len);
    out[len] = '\0';
    return 1;
}

size_t cloister_engine_meta_len(const void *start, size_t len, char why[CLOISTER_WHY_LEN])
{
    struct reason reason = {{0}};
    uint64_t meta_len;
    enum status status = gguf_meta_len(&meta_len, start, len, &reason);
    why[0] = '\0';
    if (status == STATUS_OK)
        return (size_t)meta_len;
    if (status != STATUS_TRUNCATED)
        (void)told(why, status, &reason);
    return 0;
}

/* The tables of the engine itself start at a multiple of LAYOUT_ALIGN. */
static size_t fixed_len(void)
{
    return (sizeof(struct cloister_engine) + LAYOUT_ALIGN - 1) / LAYOUT_ALIGN * LAYOUT_ALIGN;
}

size_t cloister_engine_tables_len(size_t meta_len)
{
    size_t len = fixed_len();
    if (!checked_add_size(&len, len, model_arena_len(meta_len)) ||
        !checked_add_size(&len, len, tokenizer_arena_len(meta_len)))
        return SIZE_MAX;
    return len;
}

_Static_assert((int)CLOISTER_CACHE_BF16 == (int)CACHE_BF16 && (int)CLOISTER_CACHE_Q8 == (int)CACHE_Q8 &&
                   (int)CLOISTER_CACHE_F32 == (int)CACHE_F32,
               "the same types of cache");

static void set_options(struct cloister_engine *e, const struct cloister_engine_options *o)
{
    e->options =
        (struct engine_options){.sequences_max = o->sequences_max,
                                .context_max = o->context_max,
                                .batch_max = o->batch_max,
                                .logits_max = o->batch_max,
                                .pages_max = o->cache_tokens / CACHE_PAGE + (o->cache_tokens % CACHE_PAGE != 0),
                                .cache = (enum cache_type)o->cache};
    e->amx_permitted = o->amx_permitted;
    e->workers =
        o->run == NULL ? workers_none() : (struct workers){.n = o->workers_n, .context = o->run_context, .run = o->run};
}

static enum status measure(struct cloister_engine *e, struct reason *why)
{
    size_t caches_len;
    uint64_t weights_len;
    enum status status = engine_memory_len(&caches_len, &e->model, &e->options, e->workers.n, why);
    if (status != STATUS_OK)
        return status;
    if (!checked_round_up_u64(&weights_len, model_weights_len(&e->model), LAYOUT_ALIGN) ||
        !checked_add_size(&e->memory_len, (size_t)weights_len, caches_len)) {
        reason_set(why, "engine: more memory than there can be", NULL);
        return STATUS_LIMIT;
    }
    e->weights_len = (size_t)weights_len;
    return STATUS_OK;
}

int cloister_engine_open(struct cloister_engine **e, size_t *memory_len, void *tables, size_t tables_len,
                         const void *meta, size_t meta_len, uint64_t file_len,
                         const struct cloister_engine_options *options, char why[CLOISTER_WHY_LEN])
{
    struct reason reason = {{0}};
    struct arena arena;
    struct cloister_engine *opened = tables;
    *e = NULL;
    *memory_len = 0;
    if (tables_len < cloister_engine_tables_len(meta_len) || (uintptr_t)tables % LAYOUT_ALIGN != 0) {
        reason_set(&reason, "engine: the memory for the tables is too short or not aligned to 64", NULL);
        return told(why, STATUS_NO_MEMORY, &reason);
    }
    memset(opened, 0, sizeof *opened);
    arena_init(&arena, (uint8_t *)tables + fixed_len(), tables_len - fixed_len());
    set_options(opened, options);
    enum status status = model_parse(&opened->model, &arena, meta, meta_len, file_len, &reason);
    if (status == STATUS_OK)
        status = measure(opened, &reason);
    if (status != STATUS_OK)
        return told(why, status, &reason);
    opened->has_vocabulary = tokenizer_open(&opened->tokenizer, &arena, meta, meta_len, &reason) == STATUS_OK;
    *memory_len = opened->memory_len;
    *e = opened;
    return 0;
}

int cloister_engine_load(struct cloister_engine *e, void *memory, size_t memory_len, char why[CLOISTER_WHY_LEN])
{
    struct reason reason = {{0}};
    if (memory_len < e->memory_len || (uintptr_t)memory % LAYOUT_ALIGN != 0) {
        reason_set(&reason, "engine: the memory is too short or not aligned to 64", NULL);
        return told(why, STATUS_NO_MEMORY, &reason);
    }
    e->memory = memory;
    return 0;
}

void cloister_engine_place(struct cloister_engine *e, uint64_t offset, const void *bytes, size_t len)
{
    model_place(&e->model, e->memory, offset, bytes, len);
}

int cloister_engine_start(struct cloister_engine *e, char why[CLOISTER_WHY_LEN])
{
    struct reason reason = {{0}};
    struct processor has = processor_read();
    has.amx = has.amx && e->amx_permitted;
    const struct kernels *kernels = kernels_choose("best", has);
    enum status status = model_finish(&e->model, e->memory, &e->workers, &reason);
    if (status == STATUS_OK)
        status = engine_init(&e->engine, &e->model, e->memory, &e->options, kernels, &e->workers,
                             e->memory + e->weights_len, e->memory_len - e->weights_len, &reason);
    return told(why, status, &reason);
}

int cloister_engine_add(struct cloister_engine *e, uint32_t *sequence, uint32_t tokens_max, char why[CLOISTER_WHY_LEN])
{
    struct reason reason = {{0}};
    return told(why, engine_sequence_open(&e->engine, sequence, tokens_max, &reason), &reason);
}

void cloister_engine_drop(struct cloister_engine *e, uint32_t sequence)
{
    engine_sequence_close(&e->engine, sequence);
}

int cloister_engine_step(struct cloister_engine *e, const struct cloister_engine_token *tokens, size_t tokens_n,
                         char why[CLOISTER_WHY_LEN])
{
    struct reason reason = {{0}};
    _Static_assert(sizeof(struct cloister_engine_token) == sizeof(struct engine_token) &&
                       offsetof(struct cloister_engine_token, token) == offsetof(struct engine_token, token) &&
                       offsetof(struct cloister_engine_token, wants_logits) ==
                           offsetof(struct engine_token, wants_logits),
                   "the same fields");
    return told(why, engine_step(&e->engine, (const struct engine_token *)(const void *)tokens, tokens_n, &reason),
                &reason);
}

const float *cloister_engine_logits(const struct cloister_engine *e, size_t i)
{
    return engine_logits(&e->engine, i);
}

uint32_t cloister_engine_vocabulary(const struct cloister_engine *e)
{
    return e->model.vocab_n;
}

int cloister_engine_tokenize(const struct cloister_engine *e, uint32_t *tokens, size_t capacity, size_t *tokens_n,
                             const char *text, size_t len, void *scratch, size_t scratch_len,
                             char why[CLOISTER_WHY_LEN])
{
    struct reason reason = {{0}};
    struct tokenizer_segment segment = {.text = text, .len = len, .parse_special = false};
    *tokens_n = 0;
    if (!e->has_vocabulary) {
        reason_set(&reason, "engine: the model has no vocabulary that is known", NULL);
        return told(why, STATUS_UNSUPPORTED, &reason);
    }
    struct tokenizer_encode_options options = {.add_bos = e->tokenizer.add_bos, .add_eos = false};
    return told(
        why, tokenizer_encode(&e->tokenizer, tokens, capacity, tokens_n, &segment, 1, &options, scratch, scratch_len),
        &reason);
}

size_t cloister_engine_piece(const struct cloister_engine *e, uint32_t token, uint8_t piece[CLOISTER_PIECE_MAX])
{
    size_t len;
    bool known = e->has_vocabulary && tokenizer_token_bytes(&e->tokenizer, token, piece, &len) == STATUS_OK;
    return known ? len : 0;
}

bool cloister_engine_ends(const struct cloister_engine *e, uint32_t token)
{
    return e->has_vocabulary && tokenizer_ends(&e->tokenizer, token);
}

void cloister_engine_close(struct cloister_engine *e)
{
    if (e->memory != NULL)
        wipe(e->memory, e->memory_len);
    e->memory = NULL;
}
