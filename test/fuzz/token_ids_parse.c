/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of token ids of any bytes: what is accepted is within the vocabulary, and written out it reads back the same.
 */
#include "client/detokenize.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { TEXT_MAX = 4096, TOKENS_N = 1000 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint32_t tokens[TEXT_MAX / 2 + 1], again[TEXT_MAX / 2 + 1];
    static char text[8 * TEXT_MAX];
    struct reason why = {{0}};
    size_t n, again_n, text_len = 0;
    if (len > TEXT_MAX)
        return 0;
    enum status status = token_ids_parse(tokens, len / 2 + 1, &n, bytes, len, TOKENS_N, &why);
    must(status == STATUS_OK || (status == STATUS_MALFORMED && n == 0 && why.text[0] != 0));
    for (size_t i = 0; i < n; i++) {
        must(tokens[i] < TOKENS_N);
        text_len += (size_t)snprintf(text + text_len, sizeof text - text_len, "%u ", (unsigned)tokens[i]);
    }
    must(token_ids_parse(again, n + 1, &again_n, text, text_len, TOKENS_N, &why) == STATUS_OK);
    must(again_n == n && memcmp(tokens, again, n * sizeof *tokens) == 0);
    return 0;
}
