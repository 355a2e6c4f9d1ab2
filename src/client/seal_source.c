/* SPDX-License-Identifier: Apache-2.0 */
#include "client/seal_source.h"

#include "engine/gguf.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { META_MAX = 1 << 28 }; /* most leading bytes that are searched for the start of the tensors */

static enum status open_fernet(struct seal_source *source, const struct fernet_key *key, struct reason *why)
{
    source->fernet = malloc(sizeof *source->fernet);
    if (source->fernet == NULL)
        return STATUS_NO_MEMORY;
    enum status status = fernet_open(source->fernet, source->fd, source->file_len, key, why);
    if (status == STATUS_OK) {
        source->plain_len = source->fernet->plain_len;
        return STATUS_OK;
    }
    free(source->fernet);
    source->fernet = NULL;
    return status;
}

static enum status open_import(struct seal_source *source, const char *path, bool is_folder, struct reason *why)
{
    source->import = calloc(1, sizeof *source->import);
    if (source->import == NULL)
        return STATUS_NO_MEMORY;
    enum status status = seal_import_open(source->import, path, is_folder, why);
    source->plain_len = source->import->file.len;
    return status;
}

enum status seal_source_open(struct seal_source *source, const char *path, const struct fernet_key *fernet_key,
                             struct reason *why)
{
    struct stat info;
    memset(source, 0, sizeof *source);
    source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->fd < 0 || fstat(source->fd, &info) != 0)
        return status_from_errno(why, "cannot open", path);
    enum status status = STATUS_OK;
    if (fernet_key == NULL && seal_import_wants(path, S_ISDIR(info.st_mode))) {
        status = open_import(source, path, S_ISDIR(info.st_mode), why);
    } else if (!S_ISREG(info.st_mode)) {
        reason_set(why, path, " is not a regular file; a model is read twice", NULL);
        status = STATUS_USAGE;
    } else {
        source->file_len = source->plain_len = (uint64_t)info.st_size;
        if (fernet_key != NULL)
            status = open_fernet(source, fernet_key, why);
    }
    if (status == STATUS_OK && (source->plain_len == 0 || source->plain_len > SEAL_PLAIN_LEN_MAX)) {
        reason_set(why, path, source->plain_len == 0 ? " is empty" : " is larger than a model may be", NULL);
        status = STATUS_USAGE;
    }
    if (status != STATUS_OK)
        seal_source_close(source);
    return status;
}

void seal_source_close(struct seal_source *source)
{
    if (source->fernet != NULL)
        fernet_close(source->fernet);
    free(source->fernet);
    source->fernet = NULL;
    if (source->import != NULL)
        seal_import_close(source->import);
    free(source->import);
    source->import = NULL;
    if (source->fd >= 0)
        close(source->fd);
    source->fd = -1;
}

enum status seal_source_read(struct seal_source *source, uint64_t offset, uint8_t *out, size_t len, struct reason *why)
{
    if (source->fernet != NULL)
        return fernet_read(source->fernet, offset, out, len, why);
    enum status status = source->import != NULL ? seal_import_read(source->import, offset, out, len, why)
                                                : fd_pread_all(source->fd, out, len, offset, why);
    if (status == STATUS_TRUNCATED) {
        reason_set(why, "the model became shorter while it was read; try again when nobody writes to it", NULL);
        status = STATUS_BUSY;
    }
    return status;
}

enum status seal_source_end_first_pass(struct seal_source *source, struct reason *why)
{
    return source->fernet == NULL ? STATUS_OK : fernet_end_first_pass(source->fernet, why);
}

bool seal_source_is_parallel(const struct seal_source *source)
{
    return source->fernet == NULL;
}

bool seal_source_is_imported(const struct seal_source *source)
{
    return source->import != NULL;
}

enum status seal_source_check_unchanged(const struct seal_source *source, struct reason *why)
{
    struct stat info;
    bool same = source->import != NULL ? seal_import_is_unchanged(source->import)
                                       : fstat(source->fd, &info) == 0 && (uint64_t)info.st_size == source->file_len;
    if (same)
        return STATUS_OK;
    reason_set(why, "the model's length changed while it was read; try again when nobody writes to it", NULL);
    return STATUS_BUSY;
}

/* Reads more of the file until its head is whole. */
static enum status search_gguf(uint64_t *meta_len, struct seal_source *source, uint8_t **head, struct reason *why)
{
    enum status status = STATUS_TRUNCATED;
    uint64_t have = 0, room = 1 << 20;
    for (; status == STATUS_TRUNCATED && have < source->plain_len && room <= META_MAX; room *= 4) {
        uint8_t *grown = realloc(*head, room);
        if (grown == NULL)
            return STATUS_NO_MEMORY;
        *head = grown;
        for (; have < room && have < source->plain_len; have += SEAL_CHUNK_LEN) {
            uint64_t left = source->plain_len - have;
            size_t part = left < SEAL_CHUNK_LEN ? (size_t)left : SEAL_CHUNK_LEN;
            status = seal_source_read(source, have, *head + have, part, why);
            if (status != STATUS_OK)
                return status;
        }
        uint64_t got = have < source->plain_len ? have : source->plain_len;
        if (got < 4 || memcmp(*head, "GGUF", 4) != 0)
            return STATUS_OK; /* another format: not known */
        status = gguf_meta_len(meta_len, *head, (size_t)got, why);
    }
    return status;
}

enum status seal_source_meta_len(uint64_t *meta_len, struct seal_source *source, struct reason *why)
{
    uint8_t *head = NULL;
    *meta_len = 0;
    enum status status = search_gguf(meta_len, source, &head, why);
    free(head);
    if (status == STATUS_OK && *meta_len > source->plain_len) {
        reason_set(why, "the GGUF file ends before its tensors; fetch it whole", NULL);
        status = STATUS_TRUNCATED;
    }
    if (status != STATUS_OK)
        *meta_len = 0;
    return status;
}
