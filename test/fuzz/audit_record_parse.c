/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the audit log of any bytes: what parses is, byte for byte, what is written.  kek_record_parse gets the
 * same bytes. */
#include "broker/audit_record.h"
#include "broker/kek.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t line[AUDIT_LINE_MAX], out[KEK_RECORD_LEN];
    struct audit_record r;
    struct kek_record k;
    struct reason why;
    struct writer w;
    writer_init(&w, line, sizeof line);
    if (audit_record_parse(&r, bytes, len, &why) == STATUS_OK)
        must(audit_record_write(&w, &r) == STATUS_OK && writer_len(&w) == len && memcmp(line, bytes, len) == 0);
    if (kek_record_parse(&k, bytes, len, &why) == STATUS_OK) {
        kek_record_write(out, &k);
        must(len == sizeof out && memcmp(out, bytes, len) == 0);
    }
    return 0;
}
