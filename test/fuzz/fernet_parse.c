/* SPDX-License-Identifier: Apache-2.0 */
/* Fernet files of any bytes, read as `seal --from-fernet` reads them: no file is genuine but the one of the corpus's
 * key, and every read ends with a status. */
#include "client/fernet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_all(int fd, uint64_t len, const struct fernet_key *key)
{
    static uint8_t plain[1 << 16];
    struct fernet f;
    struct reason why = {""};
    if (fernet_open(&f, fd, len, key, &why) != STATUS_OK) {
        if (why.text[0] == '\0')
            abort();
        return;
    }
    enum status status = STATUS_OK;
    for (uint64_t at = 0; at < f.plain_len && status == STATUS_OK; at += sizeof plain) {
        uint64_t left = f.plain_len - at;
        status = fernet_read(&f, at, plain, left < sizeof plain ? (size_t)left : sizeof plain, &why);
    }
    if (status == STATUS_OK && fernet_end_first_pass(&f, &why) == STATUS_OK &&
        (f.plain_len != 5 || memcmp(plain, "hello", 5) != 0))
        abort();
    fernet_close(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char key_text[] = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="; /* of the Fernet specification */
    static int fd = -1;
    struct fernet_key key;
    uint64_t timestamp_s;
    uint8_t iv[CBC_BLOCK_LEN];
    if (fernet_head_parse(&timestamp_s, iv, bytes, len, NULL) == STATUS_OK && len != FERNET_HEAD_LEN)
        abort();
    if (fernet_key_parse(&key, key_text, sizeof key_text - 1, NULL) != STATUS_OK)
        abort();
    if (fd < 0)
        fd = memfd_create("fernet", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, bytes, len, 0) != (ssize_t)len)
        abort();
    read_all(fd, len, &key);
    return 0;
}
