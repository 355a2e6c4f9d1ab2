/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine takes and refuses, that refusals change nothing, and that closed sequences leave nothing behind. */
#include "tap.h"

#include "engine/buffers.h"
#include "engine/gguf_make.h"
#include "engine/rig.h"

static const struct engine_options options = {.sequences_max = 2, .context_max = 12, .batch_max = 8, .logits_max = 2};

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
    check(engine_memory_len(&len, &r->model, &o, UINT32_MAX, &why) == STATUS_OK && len > UINT32_MAX,
          "4 G tokens at once");
    o = options;
    o.context_max = r->model.context_n + 1;
    check(engine_memory_len(&len, &r->model, &o, 1, &why) == STATUS_USAGE, "a longer context than trained: %s",
          why.text);
    for (int i = 0; i < 4; i++) {
        o = options;
        uint32_t *fields[4] = {&o.sequences_max, &o.context_max, &o.batch_max, &o.logits_max};
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
    check(engine_sequence_open(e, &a, &why) == STATUS_OK && engine_sequence_open(e, &b, &why) == STATUS_OK,
          "two sequences");
    check(engine_sequence_open(e, &c, &why) == STATUS_BUSY, "not a third: %s", why.text);
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
    const struct engine_sequence *s = &e->sequences[0];
    size_t heads = (size_t)e->model->layers_n * e->model->kv_heads_n;
    size_t keys_len = heads * e->buffers->context_room * e->model->head_dim * sizeof(float);
    size_t values_len = heads * e->buffers->context_room * e->buffers->head_room * sizeof(float);
    check(!all_zero(s->keys, keys_len) && !all_zero(s->values, values_len), "an open sequence has a KV cache");
    engine_sequence_close(e, 0);
    check(all_zero(s->keys, keys_len) && all_zero(s->values, values_len), "a closed one has none");
    uint8_t *memory = e->memory;
    size_t len = e->memory_len;
    engine_wipe(e);
    check(all_zero(memory, len), "a wiped engine leaves nothing");
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
    return tap_done();
}
