/* SPDX-License-Identifier: Apache-2.0 */
#include "client/vocabulary_file.h"

#include "client/keys_file.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { META_FIRST = 1 << 20, META_MAX = 1 << 28 };

/* Reads more and more of the file until its leading part is whole. */
static enum status read_meta(uint8_t **meta, size_t *meta_len, int fd, uint64_t file_len, struct reason *why)
{
    uint64_t needed;
    enum status status = STATUS_TRUNCATED;
    *meta = NULL;
    for (size_t len = META_FIRST; status == STATUS_TRUNCATED && len <= META_MAX; len *= 4) {
        *meta_len = file_len < len ? (size_t)file_len : len;
        free(*meta);
        *meta = malloc(*meta_len + 1);
        if (*meta == NULL)
            return STATUS_NO_MEMORY;
        status = fd_pread_all(fd, *meta, *meta_len, 0, why);
        if (status == STATUS_OK)
            status = gguf_meta_len(&needed, *meta, *meta_len, why);
        if (*meta_len == file_len)
            break;
    }
    return status;
}

static enum status open_meta(struct vocabulary_file *f, size_t meta_len, struct reason *why)
{
    struct arena arena;
    size_t tables_len = tokenizer_arena_len(meta_len);
    f->tables = malloc(tables_len);
    if (f->tables == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, f->tables, tables_len);
    return tokenizer_open(&f->tokenizer, &arena, f->meta, meta_len, why);
}

enum status vocabulary_file_open(struct vocabulary_file *f, const char *path, struct reason *why)
{
    struct stat info;
    size_t meta_len = 0;
    *f = (struct vocabulary_file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return status_from_errno(why, "cannot open", path);
    enum status status = STATUS_OK;
    if (fstat(fd, &info) != 0)
        status = status_from_errno(why, "cannot read", path);
    if (status == STATUS_OK && !S_ISREG(info.st_mode)) {
        reason_set(why, "not a regular file", NULL);
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK)
        status = read_meta(&f->meta, &meta_len, fd, (uint64_t)info.st_size, why);
    if (status == STATUS_OK)
        status = open_meta(f, meta_len, why);
    if (status != STATUS_OK)
        keys_name_file(why, path);
    close(fd);
    return status;
}

void vocabulary_file_close(struct vocabulary_file *f)
{
    free(f->meta);
    free(f->tables);
    *f = (struct vocabulary_file){0};
}
