/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine takes and refuses, that refusals change nothing, and that closed sequences leave nothing behind. */
#include "tap.h"

#include "engine/buffers.h"
#include "engine/gguf_make.h"
#include "engine/rig.h"

static const struct engine_options options = {
    .sequences_max = 2, .context_max = 12, .batch_max = 8, .logits_max = 2, .pages_max = 2};

static void test_options(const struct rig *r)
{
    struct reason why;
    size_t len;
    size_t bytes_2 = 0;
    size_t bytes_4 = 0;
    struct engine_options o = options;
    check(engine_memory_len(&bytes_2, &r->model, &o, 1, &why) == STATUS_OK && bytes_2 > 0, "memory for two sequences");
    o.sequences_max = 4;
    check(engine_memory_len(&bytes_4, &r->model, &o, 1, &why) == STATUS_OK && bytes_4 > bytes_2,
          "more sequences, more memory");
    o.sequences_max = UINT32_MAX;
    check(engine_memory_len(&len, &r->model, &o, 1, &why) == STATUS_LIMIT && len == 0, "too many sequences: %s",
          why.text);
    o = options;
    o.batch_max = UINT32_MAX;
    o.logits_max = UINT32_MAX;
    check(engine_memory_len(&len, &r->model, &o, WORKERS_MAX, &why) == STATUS_OK && len > UINT32_MAX,
          "4 G tokens at once");
    check(engine_memory_len(&len, &r->model, &o, WORKERS_MAX + 1, &why) == STATUS_USAGE, "too many workers: %s",
          why.text);
    o = options;
    o.context_max = r->model.context_n + 1;
    check(engine_memory_len(&len, &r->model, &o, 1, &why) == STATUS_USAGE, "a longer context than trained: %s",
          why.text);
    for (int i = 0; i < 5; i++) {
        o = options;
        uint32_t *fields[5] = {&o.sequences_max, &o.context_max, &o.batch_max, &o.logits_max, &o.pages_max};
        *fields[i] = 0;
        check(engine_memory_len(&len, &r->model, &o, 1, &why) == STATUS_USAGE && len == 0, "option %d is 0: %s", i,
              why.text);
    }
    struct engine e;
    struct workers workers = workers_none();
    static _Alignas(64) uint8_t memory[64];
    check(engine_init(&e, &r->model, r->weights, &options, &kernels_scalar, &workers, memory, sizeof memory, &why) ==
              STATUS_NO_MEMORY,
          "too little memory: %s", why.text);
}

static void test_steps(struct rig_engine *r)
{
    struct engine *e = &r->engine;
    struct reason why;
    uint32_t a, b, c;
    struct engine_token tokens[16];
    check(engine_sequence_open(e, &a, 12, &why) == STATUS_OK && engine_sequence_open(e, &b, 12, &why) == STATUS_OK,
          "two sequences");
    check(engine_sequence_open(e, &c, 12, &why) == STATUS_BUSY, "not a third: %s", why.text);
    for (uint32_t i = 0; i < 16; i++)
        tokens[i] = (struct engine_token){.sequence = a, .token = i, .wants_logits = false};
    check(engine_step(e, tokens, 0, &why) == STATUS_USAGE, "no tokens: %s", why.text);
    check(engine_step(e, tokens, 9, &why) == STATUS_LIMIT, "more than a batch: %s", why.text);
    tokens[3].token = e->model->vocab_n;
    check(engine_step(e, tokens, 8, &why) == STATUS_USAGE, "a token beyond the vocabulary: %s", why.text);
    tokens[3].token = 3;
    tokens[3].sequence = 2;
    check(engine_step(e, tokens, 8, &why) == STATUS_USAGE, "a sequence that is not there: %s", why.text);
    tokens[3].sequence = UINT32_MAX;
    check(engine_step(e, tokens, 8, &why) == STATUS_USAGE, "sequence 2^32 - 1");
    tokens[3].sequence = a;
    tokens[0].wants_logits = tokens[1].wants_logits = tokens[2].wants_logits = true;
    check(engine_step(e, tokens, 8, &why) == STATUS_LIMIT, "more logits than agreed: %s", why.text);
    tokens[0].wants_logits = false;
    check(engine_sequence_len(e, a) == 0 && engine_logits(e, 0) == NULL, "nothing has changed");
    check(engine_step(e, tokens, 8, &why) == STATUS_OK && engine_sequence_len(e, a) == 8, "eight tokens");
    check(engine_logits(e, 1) != NULL && engine_logits(e, 2) == NULL, "two rows of logits");
    check(engine_step(e, tokens, 5, &why) == STATUS_LIMIT && engine_sequence_len(e, a) == 8, "past the context: %s",
          why.text);
    check(engine_step(e, tokens, 4, &why) == STATUS_OK && engine_sequence_len(e, a) == 12, "up to the context");
    check(engine_step(e, tokens, 1, &why) == STATUS_LIMIT, "not one more");
    engine_sequence_close(e, b);
    check(engine_step(e, &(struct engine_token){.sequence = b, .token = 1}, 1, &why) == STATUS_USAGE,
          "a closed sequence");
    engine_sequence_close(e, b);
    engine_sequence_close(e, 77);
    check(engine_sequence_len(e, 77) == 0, "closing what is not open does nothing");
}

static bool all_zero(const void *bytes, size_t len)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < len; i++)
        if (byte[i] != 0)
            return false;
    return true;
}

static void test_wiped(struct rig_engine *r)
{
    struct engine *e = &r->engine;
    const struct cache *c = &e->cache;
    check(!all_zero(c->pages, c->page_len * c->pages_n), "an open sequence has a KV cache");
    engine_sequence_close(e, 0);
    check(all_zero(c->pages, c->page_len * c->pages_n), "a closed one has none");
    check(c->free_n == c->pages_n, "all pages are free again");
    uint8_t *memory = e->memory;
    size_t len = e->memory_len;
    engine_wipe(e);
    check(all_zero(memory, len), "a wiped engine leaves nothing");
}

/* Pages run out at admission, never later; what is cut off is forgotten and can be computed again. */
static void test_pages(const struct rig *rig, enum cache_type type)
{
    static const struct engine_options few = {
        .sequences_max = 4, .context_max = 200, .batch_max = 128, .logits_max = 1, .pages_max = 3};
    struct engine_options o = few;
    struct rig_engine r;
    struct reason why;
    uint32_t a, b;
    struct engine_token tokens[128];
    float logits[64];
    o.cache = type;
    rig_engine_open(&r, rig, &kernels_scalar, workers_none(), o);
    struct engine *e = &r.engine;
    check(engine_sequence_open(e, &a, 0, &why) == STATUS_USAGE, "a sequence of no tokens: %s", why.text);
    check(engine_sequence_open(e, &a, 201, &why) == STATUS_LIMIT, "longer than the context: %s", why.text);
    check(engine_sequence_open(e, &a, 193, &why) == STATUS_LIMIT, "more pages than there are: %s", why.text);
    check(engine_sequence_open(e, &a, 128, &why) == STATUS_OK && engine_sequence_open(e, &b, 65, &why) == STATUS_BUSY,
          "two of three pages are taken, two more are wanted: %s", why.text);
    check(engine_sequence_open(e, &b, 64, &why) == STATUS_OK, "one is free");
    for (uint32_t i = 0; i < 128; i++)
        tokens[i] = (struct engine_token){.sequence = a, .token = i * 7 % 50, .wants_logits = i == 127};
    check(engine_step(e, tokens, 128, &why) == STATUS_OK, "128 tokens");
    memcpy(logits, engine_logits(e, 0), 50 * sizeof *logits);
    engine_sequence_cut(e, a, 128);
    check(engine_sequence_len(e, a) == 128, "nothing to cut");
    static const uint32_t cuts[] = {127, 64, 63, 17, 1, 0};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        engine_sequence_cut(e, a, cuts[i]);
        bool shorter = engine_sequence_len(e, a) == cuts[i];
        bool stepped = engine_step(e, tokens + cuts[i], 128 - cuts[i], &why) == STATUS_OK;
        check(shorter && stepped && memcmp(logits, engine_logits(e, 0), 50 * sizeof *logits) == 0,
              "NUM-2: cut to %u and computed again, cache %d", cuts[i], (int)type);
    }
    engine_sequence_cut(e, a, 70);
    engine_sequence_cut(e, a, 70 - 70);
    check(all_zero(e->cache.pages, e->cache.page_len * e->cache.pages_n), "what is cut off is zeroed, cache %d",
          (int)type);
    engine_sequence_cut(e, 77, 0);
    rig_engine_close(&r);
}

int main(void)
{
    struct rig r;
    struct rig_engine e;
    size_t len;
    uint8_t *file = gguf_make(&len, &(struct gguf_make_options){.vocab_n = 50,
                                                                .dim = 32,
                                                                .hidden = 32,
                                                                .layers_n = 2,
                                                                .heads_n = 2,
                                                                .kv_heads_n = 1,
                                                                .context_n = 16,
                                                                .type = WEIGHT_Q4_0,
                                                                .tied = true,
                                                                .weights = true,
                                                                .seed = 5});
    rig_open(&r, file, len);
    test_options(&r);
    rig_engine_open(&e, &r, &kernels_scalar, workers_none(), options);
    test_steps(&e);
    test_wiped(&e);
    rig_engine_close(&e);
    rig_close(&r);
    file = gguf_make(&len, &(struct gguf_make_options){.vocab_n = 50,
                                                       .dim = 80,
                                                       .hidden = 32,
                                                       .layers_n = 2,
                                                       .heads_n = 2,
                                                       .kv_heads_n = 1,
                                                       .context_n = 200,
                                                       .type = WEIGHT_BF16,
                                                       .tied = true,
                                                       .weights = true,
                                                       .seed = 5});
    rig_open(&r, file, len);
    for (int type = CACHE_BF16; type <= CACHE_F32; type++)
        test_pages(&r, (enum cache_type)type);
    rig_close(&r);
    return tap_done();
}
