/* SPDX-License-Identifier: Apache-2.0 */
/* What compiles is a list that the check accepts, and a text that the grammar takes whole is JSON. */
#include "core/codec/json.h"
#include "engine/grammar_run.h"
#include "grammar/schema.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

/* A walk that prefers to close; what it ends with must be JSON, but for names twice and depth. */
static void walk(const struct grammar *g)
{
    static const char preferred[] = "\"}]0123456789abcdefghijklmnopqrstuvwxyzTZ:-.,{[\\ ";
    static void *memory;
    static struct grammar_run run;
    static uint8_t text[512], tree[64 + 56 * 512];
    struct reason why;
    size_t len = 0;
    memory = memory == NULL ? calloc(1, grammar_run_len()) : memory;
    if (memory == NULL || grammar_run_init(&run, g, memory) != STATUS_OK)
        return;
    while (len < sizeof text && !grammar_run_must_end(&run)) {
        uint32_t to = GRAMMAR_NO_STATE;
        if (grammar_run_tidy(&run) != STATUS_OK)
            return;
        for (size_t i = 0; i < sizeof preferred - 1 && to == GRAMMAR_NO_STATE; i++) {
            text[len] = (uint8_t)preferred[i];
            if (grammar_run_move(&run, &to, run.state, text[len]) != STATUS_OK)
                return;
        }
        for (unsigned byte = 0; byte < 256 && to == GRAMMAR_NO_STATE; byte++) {
            text[len] = (uint8_t)byte;
            if (grammar_run_move(&run, &to, run.state, text[len]) != STATUS_OK)
                return;
        }
        if (to == GRAMMAR_NO_STATE || grammar_run_take(&run, text + len, 1) != STATUS_OK)
            return;
        len++;
    }
    if (!grammar_run_may_end(&run))
        return;
    struct arena arena;
    const struct json *value;
    arena_init(&arena, tree, sizeof tree);
    enum status status = json_parse(&value, &arena, text, len, &why);
    demand(status == STATUS_OK || status == STATUS_LIMIT || strstr(why.text, "twice") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint32_t elements[GRAMMAR_ELEMENTS_MAX];
    static uint32_t scratch[GRAMMAR_ELEMENTS_MAX * 10 / 4];
    static uint8_t tree[64 + 56 * 16384];
    static void *memory;
    struct arena arena, tree_arena;
    const struct json *schema;
    struct grammar g;
    struct reason why = {{0}};
    size_t n;
    uint32_t rule;
    memory = memory == NULL ? malloc(schema_arena_len()) : memory;
    if (len > 16384 || memory == NULL)
        return 0;
    arena_init(&tree_arena, tree, sizeof tree);
    if (json_parse(&schema, &tree_arena, bytes, len, &why) != STATUS_OK)
        return 0;
    arena_init(&arena, memory, schema_arena_len());
    if (schema_parse(elements, GRAMMAR_ELEMENTS_MAX, &n, &arena, schema, &why) != STATUS_OK) {
        demand(why.text[0] != '\0' && n == 0);
        return 0;
    }
    demand(grammar_check(&g, &rule, elements, n, scratch, &why) == STATUS_OK);
    walk(&g);
    return 0;
}
