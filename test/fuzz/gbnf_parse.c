/* SPDX-License-Identifier: Apache-2.0 */
/* What compiles is a list that the check accepts, runs within its bounds, and takes only UTF-8 whole. */
#include "core/codec/utf8.h"
#include "engine/grammar_run.h"
#include "grammar/gbnf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

/* A walk of the first allowed byte from a turning start; whole characters whenever the text may end. */
static void walk(const struct grammar *g)
{
    static void *memory;
    static struct grammar_run run;
    uint8_t text[64];
    size_t len = 0;
    memory = memory == NULL ? calloc(1, grammar_run_len()) : memory;
    if (memory == NULL || grammar_run_init(&run, g, memory) != STATUS_OK)
        return;
    while (len < sizeof text) {
        size_t at = 0;
        uint32_t to = GRAMMAR_NO_STATE;
        unsigned byte = 0;
        if (grammar_run_may_end(&run)) {
            while (at < len && utf8_char_len(text + at, len - at) > 0)
                at += utf8_char_len(text + at, len - at);
            demand(at == len);
        }
        if (grammar_run_tidy(&run) != STATUS_OK)
            return;
        for (; byte < 256 && to == GRAMMAR_NO_STATE; byte++) {
            text[len] = (uint8_t)(byte + 37 * len);
            if (grammar_run_move(&run, &to, run.state, text[len]) != STATUS_OK)
                return;
        }
        demand(to != GRAMMAR_NO_STATE || !grammar_run_must_end(&run) || grammar_run_may_end(&run));
        if (to == GRAMMAR_NO_STATE || grammar_run_take(&run, text + len, 1) != STATUS_OK)
            return;
        len++;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint32_t elements[GRAMMAR_ELEMENTS_MAX];
    static uint32_t scratch[GRAMMAR_ELEMENTS_MAX * 10 / 4];
    static void *memory;
    struct arena arena;
    struct grammar g;
    struct reason why = {{0}};
    size_t n;
    uint32_t rule;
    memory = memory == NULL ? malloc(gbnf_arena_len()) : memory;
    if (memory == NULL)
        return 0;
    arena_init(&arena, memory, gbnf_arena_len());
    if (gbnf_parse(elements, GRAMMAR_ELEMENTS_MAX, &n, &arena, bytes, len, &why) != STATUS_OK) {
        demand(why.text[0] != '\0' && n == 0);
        return 0;
    }
    demand(grammar_check(&g, &rule, elements, n, scratch, &why) == STATUS_OK);
    walk(&g);
    return 0;
}
