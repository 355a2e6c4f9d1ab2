/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a model: sequences with their KV caches, and steps over batches of tokens.  The result for a token depends on
 * the model and the tokens of its own sequence alone: not on the batch, the split of the prompt, the number of workers
 * or the instruction set (spec/numerics.md).  No memory is taken after engine_init; one thread calls. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "engine/cache.h"
#include "engine/kernel/kernels.h"
#include "engine/model.h"
#include "engine/workers.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ENGINE_SEQUENCES_MAX = 65536 };

/* Every field is mandatory and, but for cache, at least 1. */
struct engine_options {
    uint32_t sequences_max; /* open at once; at most ENGINE_SEQUENCES_MAX */
    uint32_t context_max;   /* tokens of one sequence; at most the model's context_n */
    uint32_t batch_max;     /* tokens in one step */
    uint32_t logits_max;    /* tokens of one step that want logits */
    uint32_t pages_max;     /* of the KV cache, CACHE_PAGE tokens each, shared by all sequences */
    enum cache_type cache;
};

/* One token of a step.  Tokens of one sequence stand in their order and continue it. */
struct engine_token {
    uint32_t sequence; /* from engine_sequence_open */
    uint32_t token;    /* below vocab_n */
    bool wants_logits;
};

struct engine_sequence;
struct engine_buffers;

/* The fields are the engine's own. */
struct engine {
    const struct model *model;
    const uint8_t *weights;
    const struct kernels *kernels;
    struct workers workers;
    struct engine_options options;
    struct engine_sequence *sequences;
    struct engine_buffers *buffers;
    struct cache cache;
    uint8_t *memory;
    size_t memory_len;
};

/* The bytes of one page of the KV cache, which holds CACHE_PAGE tokens of one sequence in all layers. */
size_t engine_page_len(const struct model *m, enum cache_type type);

/* The bytes of memory that engine_init needs; linear in every option.  STATUS_USAGE: an option is 0 or context_max is
 * beyond the model's; STATUS_LIMIT: too many sequences, or the size overflows. */
must_check enum status engine_memory_len(size_t *len, const struct model *m, const struct engine_options *options,
                                         unsigned workers_n, struct reason *why);

/* Starts an engine.  m, weights (model_weights_len bytes, all placed, aligned to 64), kernels and the workers' context
 * stay the caller's and must outlive e; memory (aligned to 64, at least engine_memory_len bytes) is zeroed here and
 * used until engine_wipe.  It will hold prompts: lock it.  STATUS_NO_MEMORY: memory is too short; STATUS_MALFORMED: the
 * model's rope factors are out of range. */
must_check enum status engine_init(struct engine *e, const struct model *m, const void *weights,
                                   const struct engine_options *options, const struct kernels *kernels,
                                   const struct workers *workers, void *memory, size_t memory_len, struct reason *why);

/* Zeroes all memory of the engine. */
void engine_wipe(struct engine *e);

/* Opens an empty sequence of at most tokens_max tokens and reserves the pages for them, so that it never runs out of
 * memory later.  STATUS_USAGE: tokens_max is 0; STATUS_LIMIT: it is over context_max, or more than there are pages;
 * STATUS_BUSY: too many sequences are open now, or too few pages are free. */
must_check enum status engine_sequence_open(struct engine *e, uint32_t *sequence, uint32_t tokens_max,
                                            struct reason *why);

/* Forgets the tokens from position len on and zeroes their part of the KV cache.  Nothing happens when there are not
 * that many, or the sequence is not open. */
void engine_sequence_cut(struct engine *e, uint32_t sequence, uint32_t len);

/* Closes a sequence and zeroes its KV cache.  A sequence that is not open is ignored. */
void engine_sequence_close(struct engine *e, uint32_t sequence);

/* Tokens in the sequence so far; 0 when not open. */
uint32_t engine_sequence_len(const struct engine *e, uint32_t sequence);

/* Runs tokens_n tokens: pieces of prompts and single tokens of many sequences, mixed.  Nothing changes on error.
 * STATUS_USAGE: no token, a token or sequence out of range; STATUS_LIMIT: over batch_max, logits_max or the
 * sequence's tokens_max. */
must_check enum status engine_step(struct engine *e, const struct engine_token *tokens, size_t tokens_n,
                                   struct reason *why);

/* logits: [vocab_n] of the i-th token (from 0) of the last step that wanted them, or NULL; valid until the next step.
 */
const float *engine_logits(const struct engine *e, size_t i);

#endif
