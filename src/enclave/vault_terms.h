/* SPDX-License-Identifier: Apache-2.0 */
/* How one sequence's tokens are chosen, as its frames say: sampler, stops, bias, grammar.  Every value is checked here,
 * whatever the scribe checked before (spec/enclave.md, section 4). */
#ifndef ENCLAVE_VAULT_TERMS_H
#define ENCLAVE_VAULT_TERMS_H

#include "core/base/status.h"
#include "enclave/frame.h"
#include "engine/choose.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vault_terms {
    struct choice_setup choice;
    struct sample_bias *bias; /* [SAMPLE_BIAS_MAX] */
    uint32_t bias_n, bias_wanted_n;
    uint32_t *elements; /* [GRAMMAR_ELEMENTS_MAX] */
    uint32_t elements_n, elements_wanted_n;
    struct grammar_run run;
    void *run_memory;
    uint32_t logprobs_n;
};

/* Bytes of memory that vault_terms_open takes. */
size_t vault_terms_len(void);

/* Takes the memory of one slot, for every sequence that it will run. */
must_check enum status vault_terms_open(struct vault_terms *t);

/* A START.  STATUS_REFUSED, STATUS_USAGE: a value that cannot be, or log-probabilities that may not leave. */
must_check enum status vault_terms_start(struct vault_terms *t, const struct frame *f, uint32_t vocab_n,
                                         bool logprobs_allowed);

/* A BIAS or GRAMMAR.  STATUS_REFUSED: more than was announced; STATUS_USAGE. */
must_check enum status vault_terms_take_bias(struct vault_terms *t, const struct frame *f, uint32_t vocab_n);
must_check enum status vault_terms_take_grammar(struct vault_terms *t, const struct frame *f);

/* Whether all that was announced has come. */
bool vault_terms_complete(const struct vault_terms *t);

/* Checks and starts the grammar.  STATUS_LIMIT: it allows too many ways at its beginning; any other failure is the
 * scribe's fault. */
must_check enum status vault_terms_ready(struct vault_terms *t, const struct token_bytes *vocabulary, uint32_t vocab_n);

/* Wipes what the sequence used. */
void vault_terms_end(struct vault_terms *t);

#endif
