/* SPDX-License-Identifier: Apache-2.0 */
/* Guesses of the next tokens from what the sequence already says (prompt lookup): when its last tokens stood there
 * before, what followed then may follow again.  The guesses are computed in the same step as the last token and each is
 * kept only if it is what is drawn anyway, so the tokens are the same with and without; only the speed differs. */
#ifndef ENGINE_SPECULATE_H
#define ENGINE_SPECULATE_H

#include <stddef.h>
#include <stdint.h>

enum {
    SPECULATE_MAX = 3,   /* guesses at once: with the last token they are one pass of the kernels */
    SPECULATE_MATCH = 3, /* tokens that must have stood there before */
};

/* Of one sequence; all zero at its start. */
struct speculation {
    uint32_t wait;    /* tokens until the next guess */
    uint32_t backoff; /* the wait after the next failure */
};

/* guesses: room for max (at most SPECULATE_MAX are made).  tokens: the sequence so far.  Returns how many; each call is
 * for one more token. */
size_t speculate(struct speculation *s, uint32_t *guesses, size_t max, const uint32_t *tokens, size_t tokens_n);

/* What became of made guesses: kept of them were right.  After a failure there is a wait, twice as long each time. */
void speculation_judge(struct speculation *s, size_t made, size_t kept);

#endif
