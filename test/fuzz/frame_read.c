/* SPDX-License-Identifier: Apache-2.0 */
/* First byte: the message.  A frame that is read and written again is the same bytes: nothing hides in it. */
#include "enclave/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct frame nothing;
    static struct channel_message m;
    struct frame f;
    uint8_t again[FRAME_LEN];
    if (len == 0 || len - 1 > sizeof m.payload)
        return 0;
    m.type = (enum message)(MESSAGE_GATE_HELLO + bytes[0] % MESSAGE_END);
    m.len = len - 1;
    memcpy(m.payload, bytes + 1, m.len);
    bool read = frame_read(&f, &m) == STATUS_OK;
    if (!read && memcmp(&f, &nothing, sizeof f) != 0)
        abort();
    if (read && (m.len != FRAME_LEN || m.type < MESSAGE_START || f.words_n > FRAME_WORDS_MAX))
        abort();
    if (read && (frame_write(again, &f) != STATUS_OK || memcmp(again, m.payload, sizeof again) != 0))
        abort();
    return 0;
}
