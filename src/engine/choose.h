/* SPDX-License-Identifier: Apache-2.0 */
/* One sequence's next token: sampler, bias, and a grammar with the tokens that may end it.  The vault and the auditor
 * run the same code. */
#ifndef ENGINE_CHOOSE_H
#define ENGINE_CHOOSE_H

#include "core/base/status.h"
#include "engine/grammar_run.h"
#include "engine/sample.h"
#include "engine/token_bytes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHOOSE_STOPS_MAX = 32 };

struct choice_setup {
    struct sampler sampler;
    const struct sample_bias *bias;
    size_t bias_n;
    uint32_t stops[CHOOSE_STOPS_MAX]; /* tokens that end the sequence */
    size_t stops_n;
    struct grammar_run *run;              /* NULL: any text */
    const struct token_bytes *vocabulary; /* with run */
};

/* The caller's memory, for any number of sequences in turn. */
struct choice_scratch {
    struct sample_scratch sample;
    uint64_t *allowed; /* [(vocab_n + 63) / 64]; only with a grammar */
};

/* Whether token is one of the stops. */
bool choice_stops(const struct choice_setup *c, uint32_t token);

/* in->bias and in->allowed are set here.  STATUS_NOT_FOUND: no token may come; STATUS_LIMIT: the grammar allows too
 * many ways, or is nested too deep; the rest as sampler_next. */
must_check enum status choice_next(uint32_t *token, struct choice_setup *c, const struct sample_input *in,
                                   struct choice_scratch *scratch);

/* After a token that does not stop: the grammar must end here, because nothing can follow. */
bool choice_is_done(const struct choice_setup *c);

#endif
