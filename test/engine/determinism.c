/* SPDX-License-Identifier: Apache-2.0 */
/* NUM-2: whole logits are the same bytes for every instruction set, number of threads, split of the prompt and batch.
 */
#include "tap.h"

#include "engine/gguf_make.h"
#include "engine/rig.h"
#include "sys/workers.h"

enum { TOKENS = 37, VOCAB_MAX = 512 };

static float expected[TOKENS * VOCAB_MAX], got[TOKENS * VOCAB_MAX];

static const struct engine_options options = {.sequences_max = 3, .context_max = 64, .batch_max = 64, .logits_max = 64};

static struct workers pool_workers(struct worker_pool *pool)
{
    return (struct workers){.n = worker_pool_n(pool), .context = pool, .run = worker_pool_run};
}

static void open_small(struct rig *r, enum weight_type type, bool tied)
{
    size_t len;
    uint8_t *file = gguf_make(&len, &(struct gguf_make_options){.vocab_n = 331,
                                                                .dim = 96,
                                                                .hidden = 160,
                                                                .layers_n = 2,
                                                                .heads_n = 6,
                                                                .kv_heads_n = 2,
                                                                .context_n = 64,
                                                                .type = type,
                                                                .tied = tied,
                                                                .weights = true,
                                                                .seed = 7});
    rig_open(r, file, len);
}

/* Three sequences of the same tokens, step by step with one, two and three tokens of each, mixed. */
static bool mixed_batch(struct rig_engine *e, const uint32_t *tokens, size_t logits_len)
{
    struct reason why;
    uint32_t sequences[3];
    size_t fed[3] = {0};
    bool equal = true;
    for (size_t s = 0; s < 3; s++)
        equal = equal && engine_sequence_open(&e->engine, &sequences[s], &why) == STATUS_OK;
    while (fed[0] < TOKENS) {
        struct engine_token step[6];
        size_t position[6];
        size_t n = 0;
        for (size_t round = 0; round < 3; round++)
            for (size_t s = round; s < 3; s++)
                if (fed[s] < TOKENS) {
                    position[n] = fed[s];
                    step[n++] = (struct engine_token){
                        .sequence = sequences[s], .token = tokens[fed[s]++], .wants_logits = true};
                }
        if (engine_step(&e->engine, step, n, &why) != STATUS_OK)
            return false;
        for (size_t i = 0; i < n; i++)
            equal = equal && memcmp(engine_logits(&e->engine, i), (uint8_t *)expected + position[i] * logits_len,
                                    logits_len) == 0;
    }
    for (size_t s = 0; s < 3; s++)
        engine_sequence_close(&e->engine, sequences[s]);
    return equal;
}

/* One prompt cut in two at every point; the logits of the last token alone are asked for in the first piece. */
static bool cut_everywhere(struct rig_engine *e, const uint32_t *tokens, size_t logits_len)
{
    struct reason why;
    bool equal = true;
    for (size_t cut = 1; cut < TOKENS; cut++) {
        struct engine_token step[TOKENS];
        uint32_t sequence;
        if (engine_sequence_open(&e->engine, &sequence, &why) != STATUS_OK)
            return false;
        for (size_t i = 0; i < TOKENS; i++)
            step[i] = (struct engine_token){
                .sequence = sequence, .token = tokens[i], .wants_logits = i + 1 == cut || i + 1 == TOKENS};
        equal = equal && engine_step(&e->engine, step, cut, &why) == STATUS_OK;
        equal = equal &&
                memcmp(engine_logits(&e->engine, 0), (uint8_t *)expected + (cut - 1) * logits_len, logits_len) == 0;
        equal = equal && engine_step(&e->engine, step + cut, TOKENS - cut, &why) == STATUS_OK;
        equal = equal &&
                memcmp(engine_logits(&e->engine, 0), (uint8_t *)expected + (TOKENS - 1) * logits_len, logits_len) == 0;
        engine_sequence_close(&e->engine, sequence);
    }
    return equal;
}

/* Whether the reference logits say anything: finite, and not the same for all tokens. */
static bool spread(size_t vocab_n)
{
    float largest = expected[0];
    float smallest = expected[0];
    for (size_t i = 0; i < TOKENS * vocab_n; i++) {
        if (!(expected[i] - expected[i] == 0.0f))
            return false;
        largest = expected[i] > largest ? expected[i] : largest;
        smallest = expected[i] < smallest ? expected[i] : smallest;
    }
    return largest - smallest > 0.1f && memcmp(expected, expected + vocab_n, vocab_n * sizeof(float)) != 0;
}

/* FNV-1a of the reference logits. */
static uint64_t hash(size_t len)
{
    const uint8_t *bytes = (const uint8_t *)expected;
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; i < len; i++)
        h = (h ^ bytes[i]) * 0x100000001b3;
    return h;
}

/* golden: the hash of the logits, as first computed; it keeps compilers and flags from changing a bit. */
static void test_model(const struct rig *r, const char *name, uint64_t golden)
{
    const struct kernels *kernels[3];
    size_t kernels_n = rig_kernels(kernels);
    size_t logits_len = r->model.vocab_n * sizeof(float);
    uint32_t tokens[TOKENS];
    for (uint32_t i = 0; i < TOKENS; i++)
        tokens[i] = (i * 97 + 1) % r->model.vocab_n;
    for (size_t k = 0; k < kernels_n; k++)
        for (unsigned threads = 1; threads <= 8; threads += threads == 1 ? 1 : threads == 2 ? 1 : 5) {
            struct worker_pool *pool;
            struct rig_engine e;
            struct reason why;
            bool reference = k == 0 && threads == 1;
            if (worker_pool_open(&pool, threads, &why) != STATUS_OK)
                return;
            rig_engine_open(&e, r, kernels[k], pool_workers(pool), options);
            rig_logits(reference ? expected : got, &e, tokens, TOKENS, 1);
            check(reference || memcmp(expected, got, TOKENS * logits_len) == 0, "%s, %s, %u threads: token by token",
                  name, kernels[k]->name, threads);
            if (reference)
                check(hash(TOKENS * logits_len) == golden, "NUM-1: %s: the logits have the known hash %016llx", name,
                      (unsigned long long)hash(TOKENS * logits_len));
            if (reference)
                check(spread(r->model.vocab_n), "%s: the logits are finite and differ", name);
            rig_logits(got, &e, tokens, TOKENS, TOKENS);
            check(memcmp(expected, got, TOKENS * logits_len) == 0, "%s, %s, %u threads: the prompt at once", name,
                  kernels[k]->name, threads);
            check(mixed_batch(&e, tokens, logits_len), "%s, %s, %u threads: mixed batches", name, kernels[k]->name,
                  threads);
            if (threads < 3)
                check(cut_everywhere(&e, tokens, logits_len), "%s, %s, %u threads: the prompt cut at every point", name,
                      kernels[k]->name, threads);
            rig_engine_close(&e);
            worker_pool_close(pool);
        }
}

int main(void)
{
    static const char *const names[] = {"F32", "F16", "Q8_0", "Q4_0", "mixed"};
    static const uint64_t golden[] = {0xe289c7f03d3d1a1c, 0xbb4e42f8f9d06ad9, 0xe0b622d8b6b05ec9, 0x3a063851bce4cbec,
                                      0x60a19b2b290c2cc9};
    struct rig r;
    for (int type = 0; type <= WEIGHT_TYPES_N; type++) {
        open_small(&r, (enum weight_type)type, type % 2 == 0);
        test_model(&r, names[type], golden[type]);
        rig_close(&r);
    }
    size_t len;
    uint8_t *file = rig_read("test/data/stories260K/stories260K.gguf", &len);
    rig_open(&r, file, len);
    test_model(&r, "stories260K", 0xe6509112b6849988);
    rig_close(&r);
    return tap_done();
}
