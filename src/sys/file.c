/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include "core/base/constant_time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status status_from_errno(struct reason *why, const char *what, const char *path)
{
    int error = errno;
    reason_set(why, what, " ", path, ": ", strerror(error), NULL);
    switch (error) {
    case ENOENT:
    case ENOTDIR: return STATUS_NOT_FOUND;
    case EEXIST: return STATUS_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return STATUS_LIMIT;
    case ENOMEM: return STATUS_NO_MEMORY;
    case EAGAIN:
    case EBUSY:
    case ETXTBSY: return STATUS_BUSY;
    default: return STATUS_IO;
    }
}

/* Reads to the end of fd into *bytes, growing it; one byte of room is kept for the NUL. */
static enum status read_to_end(uint8_t **bytes, size_t *bytes_len, int fd, const char *path, size_t limit,
                               struct reason *why)
{
    size_t capacity = 0;
    for (;;) {
        if (*bytes_len + 1 >= capacity) {
            size_t wanted = capacity == 0 ? 65536 : capacity * 2;
            uint8_t *grown = malloc(wanted); /* not realloc: the old copy is wiped */
            if (grown == NULL)
                return status_from_errno(why, "cannot read", path);
            if (*bytes_len != 0)
                memcpy(grown, *bytes, *bytes_len);
            file_free(*bytes, *bytes_len);
            *bytes = grown;
            capacity = wanted;
        }
        ssize_t got = read(fd, *bytes + *bytes_len, capacity - 1 - *bytes_len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_from_errno(why, "cannot read", path);
        if (got == 0)
            break;
        *bytes_len += (size_t)got;
        if (*bytes_len > limit) {
            reason_set(why, path, " is larger than the ", NULL);
            reason_add_u64(why, limit);
            reason_add(why, " bytes it may have");
            return STATUS_LIMIT;
        }
    }
    (*bytes)[*bytes_len] = '\0';
    return STATUS_OK;
}

enum status file_read(uint8_t **bytes, size_t *bytes_len, const char *path, size_t limit, struct reason *why)
{
    *bytes = NULL;
    *bytes_len = 0;
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return status_from_errno(why, "cannot open", path);
    enum status status = read_to_end(bytes, bytes_len, fd, path, limit, why);
    close(fd);
    if (status != STATUS_OK) {
        file_free(*bytes, *bytes_len);
        *bytes = NULL;
        *bytes_len = 0;
    }
    return status;
}

void file_free(uint8_t *bytes, size_t bytes_len)
{
    if (bytes == NULL)
        return;
    wipe(bytes, bytes_len);
    free(bytes);
}

/* The directory of path, into out (as large as path). */
static void directory_of(char *out, const char *path)
{
    strcpy(out, path);
    char *slash = strrchr(out, '/');
    if (slash == NULL)
        strcpy(out, ".");
    else
        slash[slash == out ? 1 : 0] = '\0';
}

enum status file_draft_open(struct file_draft *d, const char *path, mode_t mode, struct reason *why)
{
    char directory[sizeof d->path];
    d->fd = -1;
    d->draft_path[0] = '\0';
    if (strlen(path) + 16 > sizeof d->path) {
        reason_set(why, "the path of the output is too long", NULL);
        return STATUS_USAGE;
    }
    strcpy(d->path, path);
    directory_of(directory, path);
    d->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    if (d->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        snprintf(d->draft_path, sizeof d->draft_path, "%s.XXXXXX", path);
        d->fd = mkostemp(d->draft_path, O_CLOEXEC);
        if (d->fd < 0)
            d->draft_path[0] = '\0';
    }
    if (d->fd < 0)
        return status_from_errno(why, "cannot write in", directory);
    if (fchmod(d->fd, mode) != 0) {
        enum status status = status_from_errno(why, "cannot set the mode of", path);
        file_draft_abort(d);
        return status;
    }
    return STATUS_OK;
}

/* Gives an O_TMPFILE draft a name beside the final one, so that rename can replace what is there. */
static enum status name_draft(struct file_draft *d, struct reason *why)
{
    char descriptor[64];
    if (d->draft_path[0] != '\0')
        return STATUS_OK;
    snprintf(descriptor, sizeof descriptor, "/proc/self/fd/%d", d->fd);
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        int len = snprintf(d->draft_path, sizeof d->draft_path, "%s.%u.%u", d->path, (unsigned)getpid(), attempt);
        if (len < 0 || (size_t)len >= sizeof d->draft_path)
            break;
        if (linkat(AT_FDCWD, descriptor, AT_FDCWD, d->draft_path, AT_SYMLINK_FOLLOW) == 0)
            return STATUS_OK;
        if (errno != EEXIST)
            break;
    }
    d->draft_path[0] = '\0';
    return status_from_errno(why, "cannot write", d->path);
}

static enum status put_in_place(struct file_draft *d, int replace, struct reason *why)
{
    char descriptor[64];
    if (replace) {
        enum status status = name_draft(d, why);
        if (status != STATUS_OK)
            return status;
        if (rename(d->draft_path, d->path) != 0)
            return status_from_errno(why, "cannot write", d->path);
        d->draft_path[0] = '\0';
        return STATUS_OK;
    }
    snprintf(descriptor, sizeof descriptor, "/proc/self/fd/%d", d->fd);
    const char *from = d->draft_path[0] != '\0' ? d->draft_path : descriptor;
    if (linkat(AT_FDCWD, from, AT_FDCWD, d->path, AT_SYMLINK_FOLLOW) != 0)
        return status_from_errno(why, "cannot write", d->path);
    return STATUS_OK;
}

static enum status sync_directory(const char *path, struct reason *why)
{
    char directory[4096];
    directory_of(directory, path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return status_from_errno(why, "cannot open", directory);
    enum status status = fsync(fd) == 0 ? STATUS_OK : status_from_errno(why, "cannot sync", directory);
    close(fd);
    return status;
}

enum status file_draft_commit(struct file_draft *d, int replace, struct reason *why)
{
    enum status status;
    if (fsync(d->fd) != 0)
        status = status_from_errno(why, "cannot write", d->path);
    else
        status = put_in_place(d, replace, why);
    if (status == STATUS_OK)
        status = sync_directory(d->path, why);
    file_draft_abort(d);
    return status;
}

void file_draft_abort(struct file_draft *d)
{
    if (d->draft_path[0] != '\0')
        unlink(d->draft_path);
    d->draft_path[0] = '\0';
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
}

enum status file_write(const char *path, const void *bytes, size_t bytes_len, mode_t mode, int replace,
                       struct reason *why)
{
    struct file_draft draft;
    enum status status = file_draft_open(&draft, path, mode, why);
    if (status != STATUS_OK)
        return status;
    status = fd_write_all(draft.fd, bytes, bytes_len, why);
    if (status != STATUS_OK) {
        file_draft_abort(&draft);
        return status;
    }
    return file_draft_commit(&draft, replace, why);
}

enum status fd_write_all(int fd, const void *bytes, size_t len, struct reason *why)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        ssize_t put = write(fd, at, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return status_from_errno(why, "cannot write", "the output");
        at += put;
        len -= (size_t)put;
    }
    return STATUS_OK;
}

enum status fd_pwrite_all(int fd, const void *bytes, size_t len, uint64_t offset, struct reason *why)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        ssize_t put = pwrite(fd, at, len, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return status_from_errno(why, "cannot write", "the output");
        at += put;
        len -= (size_t)put;
        offset += (uint64_t)put;
    }
    return STATUS_OK;
}

enum status fd_pread_all(int fd, void *bytes, size_t len, uint64_t offset, struct reason *why)
{
    uint8_t *at = bytes;
    while (len > 0) {
        ssize_t got = pread(fd, at, len, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_from_errno(why, "cannot read", "the input");
        if (got == 0) {
            reason_set(why, "the file ends at byte ", NULL);
            reason_add_u64(why, offset);
            reason_add(why, ", too early; fetch it whole");
            return STATUS_TRUNCATED;
        }
        at += got;
        len -= (size_t)got;
        offset += (uint64_t)got;
    }
    return STATUS_OK;
}
