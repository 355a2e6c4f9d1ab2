/* SPDX-License-Identifier: Apache-2.0 */
/* NUM-2: whole logits are the same bytes for every instruction set, number of threads, split of the prompt and batch.
 */
#include "tap.h"

#include "engine/gguf_make.h"
#include "engine/rig.h"
#include "sys/workers.h"

enum { TOKENS_MAX = 80, VOCAB_MAX = 512, THREADS_MAX = 8 };

static float expected[TOKENS_MAX * VOCAB_MAX], got[TOKENS_MAX * VOCAB_MAX];
static uint32_t tokens[TOKENS_MAX];

/* What is computed in every way. */
struct subject {
    const char *name;
    size_t tokens_n;
    enum cache_type cache;
    uint64_t golden; /* hash of the logits, as first computed; it keeps compilers and flags from changing a bit */
};

static struct engine_options options_of(const struct subject *s)
{
    return (struct engine_options){.sequences_max = 3,
                                   .context_max = TOKENS_MAX,
                                   .batch_max = TOKENS_MAX,
                                   .logits_max = TOKENS_MAX,
                                   .pages_max = 6,
                                   .cache = s->cache};
}

static struct workers pool_workers(struct worker_pool *pool)
{
    return (struct workers){.n = worker_pool_n(pool), .context = pool, .run = worker_pool_run};
}

static void open_small(struct rig *r, enum weight_type type, bool tied)
{
    size_t len;
    bool super = type == WEIGHT_TYPES_N || format_of(type)->unit_columns == FORMAT_SUPER;
    uint8_t *file = gguf_make(&len, &(struct gguf_make_options){.vocab_n = 131,
                                                                .dim = super ? 256 : 96,
                                                                .hidden = super ? 256 : 160,
                                                                .layers_n = 2,
                                                                .heads_n = super ? 4 : 6,
                                                                .kv_heads_n = 2,
                                                                .context_n = TOKENS_MAX,
                                                                .type = type,
                                                                .tied = tied,
                                                                .weights = true,
                                                                .seed = 7});
    rig_open(r, file, len);
}

/* Three sequences of the same tokens, step by step with one, two and three tokens of each, mixed. */
static bool mixed_batch(struct rig_engine *e, size_t tokens_n, size_t logits_len)
{
    struct reason why;
    uint32_t sequences[3];
    size_t fed[3] = {0};
    bool equal = true;
    for (size_t s = 0; s < 3; s++)
        equal = equal && engine_sequence_open(&e->engine, &sequences[s], TOKENS_MAX, &why) == STATUS_OK;
    while (fed[0] < tokens_n) {
        struct engine_token step[6];
        size_t position[6];
        size_t n = 0;
        for (size_t round = 0; round < 3; round++)
            for (size_t s = round; s < 3; s++)
                if (fed[s] < tokens_n) {
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
static bool cut_everywhere(struct rig_engine *e, size_t tokens_n, size_t logits_len)
{
    struct reason why;
    bool equal = true;
    for (size_t cut = 1; cut < tokens_n; cut++) {
        struct engine_token step[TOKENS_MAX];
        uint32_t sequence;
        if (engine_sequence_open(&e->engine, &sequence, TOKENS_MAX, &why) != STATUS_OK)
            return false;
        for (size_t i = 0; i < tokens_n; i++)
            step[i] = (struct engine_token){
                .sequence = sequence, .token = tokens[i], .wants_logits = i + 1 == cut || i + 1 == tokens_n};
        equal = equal && engine_step(&e->engine, step, cut, &why) == STATUS_OK;
        equal = equal &&
                memcmp(engine_logits(&e->engine, 0), (uint8_t *)expected + (cut - 1) * logits_len, logits_len) == 0;
        equal = equal && engine_step(&e->engine, step + cut, tokens_n - cut, &why) == STATUS_OK;
        equal = equal && memcmp(engine_logits(&e->engine, 0), (uint8_t *)expected + (tokens_n - 1) * logits_len,
                                logits_len) == 0;
        engine_sequence_close(&e->engine, sequence);
    }
    return equal;
}

/* A sequence is cut back and goes on, at every length. */
static bool reused(struct rig_engine *e, size_t tokens_n, size_t logits_len)
{
    struct reason why;
    struct engine_token step[TOKENS_MAX];
    uint32_t sequence;
    bool equal = engine_sequence_open(&e->engine, &sequence, TOKENS_MAX, &why) == STATUS_OK;
    for (size_t i = 0; i < tokens_n; i++)
        step[i] = (struct engine_token){.sequence = sequence, .token = tokens[i], .wants_logits = i + 1 == tokens_n};
    equal = equal && engine_step(&e->engine, step, tokens_n, &why) == STATUS_OK;
    for (size_t len = tokens_n; len-- > 0 && equal;) {
        engine_sequence_cut(&e->engine, sequence, (uint32_t)len);
        equal =
            engine_step(&e->engine, step + len, tokens_n - len, &why) == STATUS_OK &&
            memcmp(engine_logits(&e->engine, 0), (uint8_t *)expected + (tokens_n - 1) * logits_len, logits_len) == 0;
    }
    engine_sequence_close(&e->engine, sequence);
    return equal;
}

/* Whether the reference logits say anything: finite, and not the same for all tokens. */
static bool spread(size_t tokens_n, size_t vocab_n)
{
    float largest = expected[0];
    float smallest = expected[0];
    for (size_t i = 0; i < tokens_n * vocab_n; i++) {
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

static void test_reference(const struct rig *r, const struct subject *s, struct rig_engine *e)
{
    size_t len = s->tokens_n * r->model.vocab_n * sizeof(float);
    rig_logits(expected, e, tokens, s->tokens_n, 1);
    check(hash(len) == s->golden, "NUM-1: %s: the logits have the known hash 0x%016llx", s->name,
          (unsigned long long)hash(len));
    check(spread(s->tokens_n, r->model.vocab_n), "%s: the logits are finite and differ", s->name);
}

static bool is_slow(const struct kernels *k)
{
    return strcmp(k->name, "scalar") == 0 || strstr(k->name, "emulated") != NULL;
}

static void test_engine(const struct rig *r, const struct subject *s, struct rig_engine *e)
{
    size_t logits_len = r->model.vocab_n * sizeof(float);
    const char *kernels = e->engine.kernels->name;
    unsigned threads = e->engine.workers.n;
    rig_logits(got, e, tokens, s->tokens_n, s->tokens_n);
    check(memcmp(expected, got, s->tokens_n * logits_len) == 0, "%s, %s, %u threads: the prompt at once", s->name,
          kernels, threads);
    if (threads > 3 && threads < THREADS_MAX)
        return; /* the work is parted otherwise, and what follows parts it no otherwise than this */
    rig_logits(got, e, tokens, s->tokens_n, 1);
    check(memcmp(expected, got, s->tokens_n * logits_len) == 0, "%s, %s, %u threads: token by token", s->name, kernels,
          threads);
    check(mixed_batch(e, s->tokens_n, logits_len), "%s, %s, %u threads: mixed batches", s->name, kernels, threads);
    if (threads > 2 || is_slow(e->engine.kernels))
        return; /* the rest would say nothing new, slowly */
    check(cut_everywhere(e, s->tokens_n, logits_len), "%s, %s, %u threads: the prompt cut at every point", s->name,
          kernels, threads);
    check(reused(e, s->tokens_n, logits_len), "%s, %s, %u threads: the cache cut and used again", s->name, kernels,
          threads);
}

static void test_model(const struct rig *r, const struct subject *s)
{
    const struct kernels *kernels[RIG_KERNELS_MAX];
    size_t kernels_n = rig_kernels_emulated(kernels);
    for (uint32_t i = 0; i < s->tokens_n; i++)
        tokens[i] = (i * 97 + 1) % r->model.vocab_n;
    for (size_t k = 0; k < kernels_n; k++)
        for (unsigned threads = 1; threads <= THREADS_MAX; threads++) {
            struct worker_pool *pool;
            struct rig_engine e;
            struct reason why;
            if (is_slow(kernels[k]) && threads != 1 && threads != 3)
                continue;
            if (worker_pool_open(&pool, threads, &why) != STATUS_OK)
                return;
            rig_engine_open(&e, r, kernels[k], pool_workers(pool), options_of(s));
            if (k == 0 && threads == 1)
                test_reference(r, s, &e);
            test_engine(r, s, &e);
            rig_engine_close(&e);
            worker_pool_close(pool);
        }
}

int main(void)
{
    static const uint64_t golden[WEIGHT_TYPES_N + 1] = {
        0x4e78bcacd2d504a4, 0x04388703dfb9044b, 0x49baab7f8634481a, 0xb4f35794e527b6d3, 0xb99f9ca71d0bade3,
        0xfac4a682ba4c540d, 0x797f140ac21aa4e4, 0x646508c05bc9e8f8, 0x0ae1ee1e87563522, 0x20a64ac494b020a3,
        0x68a9810e8b0311bc, 0xe5fc901fe309d532, 0xfbe9cf93759dfe43, 0x88cfd51ca69a6185, 0x1a3417833b4b72fa,
        0x02ba8f4e837e0514, 0xfefd0c549f88e050, 0x3e7209d2922e417a,
    };
    struct rig r;
    for (int type = 0; type <= WEIGHT_TYPES_N; type++) {
        struct subject s = {.name = type == WEIGHT_TYPES_N ? "mixed" : format_of((enum weight_type)type)->name,
                            .tokens_n = 11,
                            .golden = golden[type]};
        open_small(&r, (enum weight_type)type, type % 2 == 0);
        test_model(&r, &s);
        rig_close(&r);
    }
    static const struct {
        enum weight_type type;
        uint64_t golden;
    } longer[] = {{WEIGHT_BF16, 0x15c72945550b5359},
                  {WEIGHT_Q4_0, 0x0b0ebb94dc972abc},
                  {WEIGHT_Q2_K, 0x94c9da8695101a24},
                  {WEIGHT_Q4_K, 0x3f69d9c14d438f98},
                  {WEIGHT_Q6_K, 0xd655d6393cd8d726}};
    for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++) { /* enough tokens for tiles */
        char name[32];
        snprintf(name, sizeof name, "%s, 17 tokens", format_of(longer[i].type)->name);
        open_small(&r, longer[i].type, true);
        test_model(&r, &(struct subject){name, 17, CACHE_BF16, longer[i].golden});
        rig_close(&r);
    }
    size_t len;
    uint8_t *file = rig_read("test/data/stories260K/stories260K.gguf", &len);
    rig_open(&r, file, len);
    test_model(&r, &(struct subject){"stories260K, BF16 cache", 70, CACHE_BF16, 0xa90d28e8c5c3df0b});
    test_model(&r, &(struct subject){"stories260K, Q8 cache", 70, CACHE_Q8, 0x7451bfe86960640a});
    test_model(&r, &(struct subject){"stories260K, F32 cache", 70, CACHE_F32, 0xf5829580730aa11e});
    rig_close(&r);
    return tap_done();
}
