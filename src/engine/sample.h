/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the next token from logits, deterministically from the seed (spec/numerics.md, "Sampling"). */
#ifndef ENGINE_SAMPLE_H
#define ENGINE_SAMPLE_H

#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

enum {
    SAMPLE_BIAS_MAX = 512,
    SAMPLE_TOP_MAX = 20, /* alternatives whose log-probabilities are told */
};

/* Every field is mandatory. */
struct sample_options {
    float temperature;       /* 0 (the most likely token) to 100 */
    uint32_t top_k;          /* 0: all */
    float top_p;             /* above 0 to 1; 1: all */
    float min_p;             /* 0 (all) to 1 */
    float typical_p;         /* above 0 to 1; 1: all */
    float repeat_penalty;    /* 0.01 to 100; 1: none */
    uint32_t repeat_last_n;  /* tokens, of prompt and output, that repeat_penalty looks at */
    float frequency_penalty; /* -2 to 2; over the output */
    float presence_penalty;  /* -2 to 2; over the output */
    uint64_t seed;
};

/* Options that change nothing: temperature 1, every filter and penalty off, seed 0. */
struct sample_options sample_options_plain(void);

struct sampler {
    struct sample_options options;
    uint64_t state;
};

/* Added to a token's logit: -100 to 100, or minus infinity, with which the token never comes. */
struct sample_bias {
    uint32_t token; /* below vocab_n */
    float bias;
};

/* What one token is chosen from. */
struct sample_input {
    const float *logits; /* [vocab_n] */
    size_t vocab_n;
    const uint32_t *tokens; /* [tokens_n]: the prompt, then what was sampled; each below vocab_n */
    size_t tokens_n;
    size_t prompt_n; /* of them */
    const struct sample_bias *bias;
    size_t bias_n;
    const uint64_t *allowed; /* bit t % 64 of word t / 64: token t may come; NULL: every token may */
};

struct sample_candidate {
    float logit;
    uint32_t token;
};

/* The caller's memory, for any number of samplers in turn. */
struct sample_scratch {
    float *logits;                       /* [vocab_n] */
    struct sample_candidate *candidates; /* [vocab_n] */
    uint32_t *counts;                    /* [vocab_n]; 0 between calls */
};

/* Bytes of memory that sample_scratch_init divides; 0 when there are too many. */
size_t sample_scratch_len(size_t vocab_n);

/* memory: sample_scratch_len(vocab_n) bytes, aligned to 8, zeroed. */
void sample_scratch_init(struct sample_scratch *scratch, void *memory, size_t vocab_n);

/* STATUS_USAGE: an option is out of range or not a number; *s is then zeroed. */
must_check enum status sampler_init(struct sampler *s, const struct sample_options *options);

/* STATUS_USAGE: a bias is out of range, not a number, or for a token that there is not. */
must_check enum status sample_bias_check(const struct sample_bias *bias, size_t bias_n, size_t vocab_n);

/* The next token.  Each call draws one number, also with temperature 0.  STATUS_MALFORMED: a logit is not finite, so
 * the model cannot be used; STATUS_NOT_FOUND: no token may come; STATUS_USAGE: vocab_n is 0.  *token is 0 then. */
must_check enum status sampler_next(uint32_t *token, struct sampler *s, const struct sample_input *in,
                                    struct sample_scratch *scratch);

/* Natural logarithms of the model's own probabilities, before any option of a sampler. */
struct sample_logprobs {
    float chosen;
    uint32_t top_n;
    struct sample_candidate top[SAMPLE_TOP_MAX]; /* the likeliest first; logit holds the log-probability */
};

/* token is below vocab_n, the logits are finite; fewer than top_n when the vocabulary is smaller. */
void sample_logprobs(struct sample_logprobs *out, const float *logits, size_t vocab_n, uint32_t token, uint32_t top_n,
                     struct sample_scratch *scratch);

#endif
