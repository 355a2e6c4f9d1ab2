/* SPDX-License-Identifier: Apache-2.0 */
/* The whole model against another engine's logits (test/data/stories260K/README.md). */
#include "tap.h"

#include "engine/rig.h"

#include <math.h>

/* Largest absolute difference of a logit; the logits lie within 30 of zero. */
static const float tolerance = 1e-4f;

int main(void)
{
    struct rig rig;
    size_t len, reference_len;
    uint8_t *file = rig_read("test/data/stories260K/stories260K.gguf", &len);
    uint8_t *reference = rig_read("test/data/stories260K/logits.bin", &reference_len);
    const struct kernels *kernels[RIG_KERNELS_MAX];
    size_t kernels_n = rig_kernels(kernels);
    uint32_t tokens_n;
    rig_open(&rig, file, len);
    memcpy(&tokens_n, reference, 4);
    size_t vocab_n = rig.model.vocab_n;
    if (!check(reference_len == 4 + tokens_n * 4 * (1 + vocab_n), "the reference holds %u tokens", tokens_n))
        return tap_done();
    const uint32_t *tokens = (const uint32_t *)(const void *)(reference + 4);
    const float *expected = (const float *)(const void *)(reference + 4 + tokens_n * 4);
    float *logits = malloc(tokens_n * vocab_n * sizeof *logits);
    for (size_t k = 0; k < kernels_n && logits != NULL; k++) {
        struct rig_engine engine;
        rig_engine_open(&engine, &rig, kernels[k], workers_none(),
                        (struct engine_options){.sequences_max = 1,
                                                .context_max = 128,
                                                .batch_max = 32,
                                                .logits_max = 32,
                                                .pages_max = 2,
                                                .cache = CACHE_F32});
        rig_logits(logits, &engine, tokens, tokens_n, 7);
        float worst = 0.0f;
        for (size_t i = 0; i < tokens_n * vocab_n; i++) {
            float difference = fabsf(logits[i] - expected[i]);
            worst = !(difference <= worst) ? difference : worst;
        }
        check(worst <= tolerance, "NUM-1 NUM-40: %s: largest difference %g", kernels[k]->name, (double)worst);
        rig_engine_close(&engine);
    }
    free(logits);
    free(reference);
    rig_close(&rig);
    return tap_done();
}
