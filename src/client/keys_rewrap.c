/* SPDX-License-Identifier: Apache-2.0 */
#include "client/keys_rewrap.h"

#include "client/keys_file.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum status keys_rewrap_open(int *fd, struct model_stream *s, const char *path, struct reason *why)
{
    *fd = open(path, O_RDWR | O_CLOEXEC);
    if (*fd < 0)
        return status_from_errno(why, "cannot open", path);
    enum status status = STATUS_OK;
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        status = status_from_errno(why, "cannot lock", path);
        if (errno == EWOULDBLOCK)
            reason_set(why, "another exchange of keys is under way on ", path, "; try again when it is done", NULL);
    }
    if (status == STATUS_OK) {
        status = model_stream_open(s, *fd, why);
        if (status != STATUS_OK)
            keys_name_file(why, path);
    }
    if (status != STATUS_OK) {
        close(*fd);
        *fd = -1;
    }
    return status;
}

enum status keys_rewrap_write(const struct model_stream *s, const struct seal_wraps *wraps, struct reason *why)
{
    uint8_t *slot_bytes = malloc(SEAL_SLOT_LEN);
    enum status status = STATUS_NO_MEMORY;
    if (slot_bytes == NULL)
        return status;
    if (s->wraps_sequence == UINT64_MAX)
        status = STATUS_LIMIT;
    else
        status = seal_slot_write(slot_bytes, s->wraps_sequence + 1, wraps);
    for (unsigned step = 0; step < SEAL_EXCHANGE_STEPS_N && status == STATUS_OK; step++) {
        struct seal_exchange_write w = seal_exchange_step(step, s->wraps_slot, slot_bytes);
        status = fd_pwrite_all(s->fd, w.bytes, w.len, w.offset, why);
        if (status == STATUS_OK && fsync(s->fd) != 0)
            status = status_from_errno(why, "cannot write", "the sealed model");
    }
    free(slot_bytes);
    return status;
}
