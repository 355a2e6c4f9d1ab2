/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a compiled grammar takes a text, by the runner of the engine. */
#ifndef TEST_GRAMMAR_MATCH_H
#define TEST_GRAMMAR_MATCH_H

#include "engine/grammar_run.h"
#include "tap.h"

static inline bool grammar_matches(const uint32_t *elements, size_t elements_n, const void *text, size_t len)
{
    static void *memory, *scratch;
    static struct grammar_run run;
    struct grammar g;
    struct reason why;
    uint32_t rule;
    memory = memory == NULL ? calloc(1, grammar_run_len()) : memory;
    scratch = scratch == NULL ? malloc(grammar_scratch_len(GRAMMAR_ELEMENTS_MAX)) : scratch;
    if (grammar_check(&g, &rule, elements, elements_n, scratch, &why) != STATUS_OK ||
        grammar_run_init(&run, &g, memory) != STATUS_OK)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (grammar_run_tidy(&run) != STATUS_OK || grammar_run_take(&run, (const uint8_t *)text + i, 1) != STATUS_OK)
            return false;
    }
    return grammar_run_may_end(&run);
}

#endif
