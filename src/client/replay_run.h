/* SPDX-License-Identifier: Apache-2.0 */
/* The computation of a replay: prompt in, tokens out, compared with the receipt's as they come. */
#ifndef CLIENT_REPLAY_RUN_H
#define CLIENT_REPLAY_RUN_H

#include "client/replay_model.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/receipt/receipt.h"
#include "engine/kernel/kernels.h"
#include <stdbool.h>
#include <stdint.h>

struct replay_setup {
    const struct kernels *kernels;
    unsigned threads_n;
};

struct replay_result {
    uint64_t total_n;  /* output tokens of all choices */
    uint64_t equal_n;  /* equal to the receipt's, from the first of the first choice on */
    uint32_t computed; /* the first that differs, when equal_n is not all */
    uint32_t wanted;   /* what the receipt has there */
    bool impossible;   /* no token can stand there */
};

/* r has a transcript.  STATUS_MALFORMED: a token is not one of this model's, or the sampler's values cannot be;
 * STATUS_LIMIT: more tokens than the model's context; STATUS_NO_MEMORY. */
must_check enum status replay_run(struct replay_result *result, const struct receipt *r, const struct replay_model *m,
                                  const struct replay_setup *setup, struct reason *why);

#endif
