/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded engine with each type of KV cache: the memory it asks for, and the same logits as the engine itself. */
#include "embed/cloister_engine.h"

#include "engine/rig.h"
#include "tap.h"

enum { TOKENS = 70, VOCAB = 512 };

static struct rig rig;
static uint32_t tokens[TOKENS];
static float wanted[TOKENS * VOCAB];

static void *take(size_t len)
{
    size_t room = (len + 63) / 64 * 64;
    void *memory = aligned_alloc(64, room);
    if (memory == NULL)
        abort();
    return memset(memory, 0, room);
}

static struct cloister_engine_options options_of(enum cloister_engine_cache cache)
{
    return (struct cloister_engine_options){.sequences_max = 1,
                                            .context_max = TOKENS,
                                            .batch_max = TOKENS,
                                            .cache_tokens = TOKENS,
                                            .cache = cache,
                                            .workers_n = 1};
}

static void compute_wanted(enum cache_type cache)
{
    struct rig_engine e;
    rig_engine_open(&e, &rig, &kernels_scalar, workers_none(),
                    (struct engine_options){.sequences_max = 1,
                                            .context_max = TOKENS,
                                            .batch_max = TOKENS,
                                            .logits_max = TOKENS,
                                            .pages_max = 2,
                                            .cache = cache});
    rig_logits(wanted, &e, tokens, TOKENS, TOKENS);
    rig_engine_close(&e);
}

static bool equal_logits(struct cloister_engine *e, char why[CLOISTER_WHY_LEN])
{
    struct cloister_engine_token step[TOKENS];
    uint32_t sequence;
    bool equal = cloister_engine_add(e, &sequence, TOKENS, why) == 0;
    for (size_t i = 0; i < TOKENS; i++)
        step[i] = (struct cloister_engine_token){sequence, tokens[i], true};
    equal = equal && cloister_engine_step(e, step, TOKENS, why) == 0;
    for (size_t i = 0; i < TOKENS && equal; i++)
        equal = memcmp(cloister_engine_logits(e, i), wanted + i * VOCAB, VOCAB * sizeof(float)) == 0;
    return equal;
}

/* The memory asked for; 0 when it could not be run, or gave other logits. */
static size_t run(enum cloister_engine_cache cache)
{
    char why[CLOISTER_WHY_LEN] = "";
    struct cloister_engine *e;
    size_t memory_len = 0, tables_len = cloister_engine_tables_len(rig.meta_len);
    const struct cloister_engine_options options = options_of(cache);
    void *tables = take(tables_len);
    bool good = cloister_engine_open(&e, &memory_len, tables, tables_len, rig.file, rig.meta_len, rig.file_len,
                                     &options, why) == 0;
    void *memory = take(memory_len);
    good = good && cloister_engine_load(e, memory, memory_len, why) == 0;
    if (good) {
        cloister_engine_place(e, 0, rig.file, rig.file_len);
        good = cloister_engine_start(e, why) == 0 && equal_logits(e, why);
        cloister_engine_close(e);
    }
    free(memory);
    free(tables);
    if (!good)
        note("%s", why);
    return good ? memory_len : 0;
}

int main(void)
{
    size_t len, lens[3];
    uint8_t *file = rig_read("test/data/stories260K/stories260K.gguf", &len);
    rig_open(&rig, file, len);
    for (uint32_t i = 0; i < TOKENS; i++)
        tokens[i] = (i * 97 + 1) % rig.model.vocab_n;
    for (int cache = CLOISTER_CACHE_BF16; cache <= CLOISTER_CACHE_F32; cache++) {
        compute_wanted((enum cache_type)cache);
        lens[cache] = run((enum cloister_engine_cache)cache);
        check(lens[cache] != 0, "%s: the engine's own logits", cache_type_name((enum cache_type)cache));
    }
    check(lens[CLOISTER_CACHE_Q8] < lens[CLOISTER_CACHE_BF16] && lens[CLOISTER_CACHE_BF16] < lens[CLOISTER_CACHE_F32],
          "Q8 takes less memory than BF16, and F32 more");
    compute_wanted(CACHE_Q8);
    check(run(CLOISTER_CACHE_BF16) == 0, "the type makes a difference");
    check(run((enum cloister_engine_cache)3) == 0, "a type that there is not is refused");
    rig_close(&rig);
    return tap_done();
}
