/* SPDX-License-Identifier: Apache-2.0 */
/* Any words as a list of elements, as they come to the vault: what the check accepts runs within its bounds. */
#include "engine/grammar_run.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint32_t elements[4096], scratch[4096 * 10 / 4];
    static void *memory;
    static struct grammar_run run;
    struct grammar g;
    struct reason why;
    size_t n = len / 4;
    uint32_t rule;
    memory = memory == NULL ? calloc(1, grammar_run_len()) : memory;
    if (n > 4096 || memory == NULL)
        return 0;
    memcpy(elements, bytes, n * 4);
    if (grammar_check(&g, &rule, elements, n, scratch, &why) != STATUS_OK)
        return 0;
    if (grammar_run_init(&run, &g, memory) != STATUS_OK)
        return 0;
    for (unsigned i = 0; i < 256; i++) {
        uint8_t byte = (uint8_t)(i * 29);
        if (grammar_run_tidy(&run) != STATUS_OK)
            return 0;
        enum status status = grammar_run_take(&run, &byte, 1);
        if (status != STATUS_OK && status != STATUS_REFUSED)
            return 0;
    }
    return 0;
}
