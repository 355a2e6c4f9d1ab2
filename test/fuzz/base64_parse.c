/* SPDX-License-Identifier: Apache-2.0 */
/* base64_parse and base64_write undo each other: text that parses is the one text of its bytes. */
#include "core/codec/base64.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(int holds)
{
    if (!holds)
        abort();
}

static void run(enum base64_kind kind, const uint8_t *bytes, size_t len)
{
    size_t text_len = base64_text_len(kind, len), out_len = 0;
    uint8_t *out = malloc(len + 1);
    char *text = malloc(text_len + 1);
    demand(out != NULL && text != NULL);
    base64_write(kind, text, bytes, len);
    demand(strlen(text) == text_len);
    demand(base64_parse(kind, out, len, &out_len, text, text_len) == STATUS_OK && out_len == len);
    demand(len == 0 || memcmp(out, bytes, len) == 0);
    demand(len == 0 || base64_parse(kind, out, len - 1, &out_len, text, text_len) == STATUS_LIMIT);
    free(text);
    if (base64_parse(kind, out, len, &out_len, (const char *)bytes, len) == STATUS_OK) {
        text = malloc(base64_text_len(kind, out_len) + 1);
        demand(text != NULL && base64_text_len(kind, out_len) == len);
        base64_write(kind, text, out, out_len);
        demand(len == 0 || memcmp(text, bytes, len) == 0);
        free(text);
    } else {
        demand(out_len == 0);
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    run(BASE64_STANDARD, bytes, len);
    run(BASE64_URL, bytes, len);
    return 0;
}
