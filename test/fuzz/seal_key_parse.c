/* SPDX-License-Identifier: Apache-2.0 */
/* Key files of any bytes: no text is of two kinds, and what is accepted is written the same again, but for the newline
 * and, of raw keys, the kind of base64. */
#include "client/fernet.h"
#include "core/seal/recipient.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool same_line(const char *again, size_t again_len, const char *text, size_t len)
{
    return (again_len == len || again_len == len + 1) && memcmp(again, text, len) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;
    char again[SEAL_KEY_LINE_MAX];
    size_t again_len;
    struct seal_recipient recipient;
    struct x25519_private identity;
    struct seal_raw_key key, key_again;
    struct fernet_key fernet;
    bool is_recipient = seal_recipient_parse(&recipient, text, len, NULL) == STATUS_OK;
    bool is_identity = seal_identity_parse(&identity, text, len, NULL) == STATUS_OK;
    bool is_raw = seal_raw_key_parse(&key, text, len, NULL) == STATUS_OK;
    bool is_fernet = fernet_key_parse(&fernet, text, len, NULL) == STATUS_OK;
    must(is_recipient + is_identity + is_raw <= 1 && (!is_fernet || is_raw));
    if (is_recipient) {
        must(seal_recipient_write(again, &again_len, &recipient) == STATUS_OK);
        must(same_line(again, again_len, text, len));
    }
    if (is_raw) {
        seal_raw_key_write(again, &again_len, &key);
        must(seal_raw_key_parse(&key_again, again, again_len, NULL) == STATUS_OK);
        must(memcmp(&key, &key_again, sizeof key) == 0);
    }
    return 0;
}
