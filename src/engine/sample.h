/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the next token from logits, deterministically from the seed (spec/numerics.md, "Sampling"). */
#ifndef ENGINE_SAMPLE_H
#define ENGINE_SAMPLE_H

#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

/* Every field is mandatory. */
struct sample_options {
    float temperature; /* 0 (the most likely token) to 100 */
    uint32_t top_k;    /* 0: all */
    float top_p;       /* above 0 to 1; 1: all */
    uint64_t seed;
};

struct sampler {
    struct sample_options options;
    uint64_t state;
};

struct sample_candidate {
    float logit;
    uint32_t token;
};

/* STATUS_USAGE: an option is out of range or not a number; *s is then zeroed. */
must_check enum status sampler_init(struct sampler *s, const struct sample_options *options);

/* The next token.  logits: [vocab_n]; scratch: [vocab_n], the caller's, overwritten.  Each call draws one number, also
 * with temperature 0.  STATUS_MALFORMED: a logit is not finite, so the model cannot be used; STATUS_USAGE: vocab_n is
 * 0. */
must_check enum status sampler_next(uint32_t *token, struct sampler *s, const float *logits, size_t vocab_n,
                                    struct sample_candidate *scratch);

#endif
