/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/speculate.h"

#include <string.h>

enum {
    BACKOFF_MIN = 8,
    BACKOFF_MAX = 512,
};

size_t speculate(struct speculation *s, uint32_t *guesses, size_t max, const uint32_t *tokens, size_t tokens_n)
{
    size_t most = max < SPECULATE_MAX ? max : SPECULATE_MAX;
    if (s->wait > 0) {
        s->wait--;
        return 0;
    }
    if (most == 0 || tokens_n <= SPECULATE_MATCH)
        return 0;
    const uint32_t *last = tokens + tokens_n - SPECULATE_MATCH;
    for (size_t at = tokens_n - SPECULATE_MATCH; at-- > 0;) { /* the latest place first */
        if (memcmp(tokens + at, last, SPECULATE_MATCH * sizeof *last) != 0)
            continue;
        size_t from = at + SPECULATE_MATCH;
        size_t n = tokens_n - from < most ? tokens_n - from : most;
        memcpy(guesses, tokens + from, n * sizeof *guesses);
        return n;
    }
    return 0;
}

void speculation_judge(struct speculation *s, size_t made, size_t kept)
{
    if (made == 0)
        return;
    if (kept > 0) {
        s->backoff = 0;
        return;
    }
    s->backoff = s->backoff == 0 ? BACKOFF_MIN : s->backoff < BACKOFF_MAX ? 2 * s->backoff : BACKOFF_MAX;
    s->wait = s->backoff;
}
