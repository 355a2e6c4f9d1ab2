/* SPDX-License-Identifier: Apache-2.0 */
/* hex_parse undoes hex_write, and hex_write undoes hex_parse but for the case of letters. */
#include "core/codec/hex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = malloc(2 * len + 1);
    uint8_t *out = malloc(len + 1);
    demand(text != NULL && out != NULL);
    hex_write(text, bytes, len);
    demand(hex_parse(out, len, text, 2 * len) == STATUS_OK && (len == 0 || memcmp(out, bytes, len) == 0));
    demand(hex_parse(out, len + 1, text, 2 * len) == STATUS_MALFORMED);
    if (hex_parse(out, len / 2, (const char *)bytes, len) == STATUS_OK) {
        hex_write(text, out, len / 2);
        for (size_t i = 0; i < len; i++)
            demand(text[i] == (char)tolower(bytes[i]));
    }
    free(text);
    free(out);
    return 0;
}
