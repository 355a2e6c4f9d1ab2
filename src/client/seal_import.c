/* SPDX-License-Identifier: Apache-2.0 */
#include "client/seal_import.h"

#include "engine/gguf.h"
#include "import/folder.h"
#include "import/safetensors.h"
#include "import/split.h"
#include "sys/console.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LEN = 4096, TEXT_MAX = 1 << 29, HEAD_MAX = 1 << 28 };

bool seal_import_wants(const char *path, bool is_folder)
{
    uint32_t number, count;
    return is_folder || split_name_read(path, &number, &count);
}

/* ---- files ---- */

static enum status open_file(struct seal_import_file *file, const char *path, struct reason *why)
{
    struct stat info;
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0 || fstat(file->fd, &info) != 0)
        return status_from_errno(why, "cannot open", path);
    if (!S_ISREG(info.st_mode)) {
        reason_set(why, path, " is not a regular file; a model is read twice", NULL);
        return STATUS_USAGE;
    }
    file->len = (uint64_t)info.st_size;
    return STATUS_OK;
}

static enum status read_head(struct seal_import_file *file, uint64_t len, struct reason *why)
{
    free(file->head);
    file->head = malloc((size_t)len + 1);
    file->head_len = (size_t)len;
    return file->head == NULL ? STATUS_NO_MEMORY : fd_pread_all(file->fd, file->head, file->head_len, 0, why);
}

static enum status take_files(struct seal_import *i, size_t n)
{
    i->files = calloc(n, sizeof *i->files);
    if (i->files == NULL)
        return STATUS_NO_MEMORY;
    for (i->files_n = 0; i->files_n < n; i->files_n++)
        i->files[i->files_n].fd = -1;
    return STATUS_OK;
}

/* Address space for the tables; pages that are not touched cost nothing. */
static enum status take_memory(struct seal_import *i, size_t len, struct arena *arena, struct reason *why)
{
    void *memory = MAP_FAILED;
    if (len != SIZE_MAX)
        memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        reason_set(why, "no memory for the model's tables", NULL);
        return STATUS_NO_MEMORY;
    }
    i->memory = memory;
    i->memory_len = len;
    arena_init(arena, memory, len);
    return STATUS_OK;
}

/* ---- split GGUF ---- */

/* Reads more of a part until its leading part is whole. */
static enum status read_gguf_head(struct seal_import_file *file, struct reason *why)
{
    uint64_t meta_len;
    enum status status = STATUS_TRUNCATED;
    for (uint64_t len = 1 << 20; status == STATUS_TRUNCATED && len <= HEAD_MAX; len *= 4) {
        uint64_t part = len < file->len ? len : file->len;
        status = read_head(file, part, why);
        if (status != STATUS_OK)
            return status;
        status = gguf_meta_len(&meta_len, file->head, file->head_len, why);
        if (part == file->len)
            break;
    }
    return status;
}

static enum status open_parts(struct seal_import *i, const char *first, uint32_t count, struct reason *why)
{
    char path[PATH_LEN];
    size_t len = strlen(first);
    enum status status = take_files(i, count);
    memcpy(path, first, len + 1);
    for (uint32_t k = 0; k < count && status == STATUS_OK; k++) {
        split_name_set(path, len, k + 1);
        status = open_file(&i->files[k], path, why);
        if (status == STATUS_OK)
            status = read_gguf_head(&i->files[k], why);
        if (status == STATUS_MALFORMED || status == STATUS_TRUNCATED) {
            struct reason inner = *why;
            reason_set(why, path, ": ", inner.text, NULL);
        }
    }
    return status;
}

static enum status open_split(struct seal_import *i, const char *path, struct reason *why)
{
    uint32_t number, count;
    struct arena arena;
    if (!split_name_read(path, &number, &count) || number != 1 || count == 0 || count > SPLIT_PARTS_MAX ||
        strlen(path) >= PATH_LEN) {
        reason_set(why, path, " is a part of a split model; name the first part, of 1024 at most", NULL);
        return STATUS_USAGE;
    }
    enum status status = open_parts(i, path, count, why);
    struct split_part *parts = calloc(count, sizeof *parts);
    if (parts == NULL)
        return STATUS_NO_MEMORY;
    for (size_t k = 0; k < i->files_n && status == STATUS_OK; k++)
        parts[k] = (struct split_part){i->files[k].head, i->files[k].head_len, i->files[k].len};
    if (status == STATUS_OK)
        status = take_memory(i, split_arena_len(parts, count), &arena, why);
    if (status == STATUS_OK)
        status = split_join(&i->file, &arena, parts, count, why);
    free(parts);
    return status;
}

/* ---- safetensors folders ---- */

static enum status path_in(char path[PATH_LEN], const char *folder, const void *name, size_t name_len,
                           struct reason *why)
{
    int n = snprintf(path, PATH_LEN, "%s/%.*s", folder, (int)name_len, (const char *)name);
    if (n > 0 && n < PATH_LEN)
        return STATUS_OK;
    reason_set(why, "a path is too long in ", folder, NULL);
    return STATUS_USAGE;
}

/* A file that may be absent. */
static enum status read_text(struct folder_text *text, const char *folder, const char *name, struct reason *why)
{
    char path[PATH_LEN];
    uint8_t *bytes;
    size_t len;
    enum status status = path_in(path, folder, name, strlen(name), why);
    if (status == STATUS_OK)
        status = file_read(&bytes, &len, path, TEXT_MAX, why);
    if (status == STATUS_OK)
        *text = (struct folder_text){bytes, len};
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status open_shard(struct seal_import_file *file, const char *folder, struct folder_text name,
                              struct reason *why)
{
    char path[PATH_LEN];
    uint64_t header_len;
    enum status status = path_in(path, folder, name.bytes, name.len, why);
    if (status == STATUS_OK)
        status = open_file(file, path, why);
    if (status == STATUS_OK)
        status = read_head(file, file->len < SAFETENSORS_LEN_LEN ? file->len : SAFETENSORS_LEN_LEN, why);
    if (status == STATUS_OK)
        status = safetensors_header_len(&header_len, file->head, file->head_len, file->len, why);
    return status == STATUS_OK ? read_head(file, header_len, why) : status;
}

static enum status open_shards(struct seal_import *i, const char *folder, const struct folder_index *index,
                               struct reason *why)
{
    static const char single[] = "model.safetensors";
    struct folder_text name = {(const uint8_t *)single, sizeof single - 1};
    size_t n = index == NULL ? 1 : index->files_n;
    enum status status = take_files(i, n);
    for (size_t k = 0; k < n && status == STATUS_OK; k++)
        status = open_shard(&i->files[k], folder, index == NULL ? name : index->files[k], why);
    return status;
}

/* What is in memory while a folder is read in. */
struct folder_texts {
    struct folder folder;
    struct folder_text index_text;
    struct folder_index index;
    struct folder_file *files;
    void *index_memory;
};

static enum status read_texts(struct folder_texts *t, const char *path, struct reason *why)
{
    enum status status = read_text(&t->folder.config, path, "config.json", why);
    if (status == STATUS_OK && t->folder.config.bytes == NULL) {
        reason_set(why, path, " is a folder without config.json", NULL);
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK)
        status = read_text(&t->folder.tokenizer, path, "tokenizer.json", why);
    if (status == STATUS_OK)
        status = read_text(&t->folder.tokenizer_config, path, "tokenizer_config.json", why);
    if (status == STATUS_OK)
        status = read_text(&t->folder.generation_config, path, "generation_config.json", why);
    if (status == STATUS_OK)
        status = read_text(&t->folder.chat_template, path, "chat_template.jinja", why);
    if (status == STATUS_OK)
        status = read_text(&t->index_text, path, "model.safetensors.index.json", why);
    if (status != STATUS_OK || t->index_text.bytes == NULL)
        return status;
    struct arena arena;
    size_t len = folder_index_arena_len(t->index_text.len);
    t->index_memory = malloc(len);
    if (t->index_memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, t->index_memory, len);
    t->folder.index = &t->index;
    return folder_index_parse(&t->index, &arena, t->index_text.bytes, t->index_text.len, why);
}

static void free_text(struct folder_text text)
{
    void *bytes;
    memcpy(&bytes, &text.bytes, sizeof bytes);
    if (bytes != NULL)
        file_free(bytes, text.len);
}

static void free_texts(struct folder_texts *t)
{
    free_text(t->folder.config);
    free_text(t->folder.tokenizer);
    free_text(t->folder.tokenizer_config);
    free_text(t->folder.generation_config);
    free_text(t->folder.chat_template);
    free_text(t->index_text);
    free(t->index_memory);
    free(t->files);
}

static enum status convert(struct seal_import *i, struct folder_texts *t, struct reason *why)
{
    struct arena arena;
    t->files = calloc(i->files_n, sizeof *t->files);
    if (t->files == NULL)
        return STATUS_NO_MEMORY;
    for (size_t k = 0; k < i->files_n; k++)
        t->files[k] = (struct folder_file){i->files[k].head, i->files[k].head_len, i->files[k].len};
    t->folder.files = t->files;
    t->folder.files_n = i->files_n;
    enum status status = take_memory(i, folder_arena_len(&t->folder), &arena, why);
    return status == STATUS_OK ? folder_convert(&i->file, &arena, &t->folder, why) : status;
}

static enum status open_folder(struct seal_import *i, const char *path, struct reason *why)
{
    struct folder_texts t = {.index_memory = NULL};
    enum status status = read_texts(&t, path, why);
    if (status == STATUS_OK)
        status = open_shards(i, path, t.folder.index, why);
    if (status == STATUS_OK)
        status = convert(i, &t, why);
    if (status == STATUS_OK && t.folder.tokenizer.bytes == NULL)
        console_warning("%s has no tokenizer.json, so the model has no vocabulary", path);
    free_texts(&t);
    return status;
}

/* ---- the model ---- */

enum status seal_import_open(struct seal_import *i, const char *path, bool is_folder, struct reason *why)
{
    memset(i, 0, sizeof *i);
    enum status status = is_folder ? open_folder(i, path, why) : open_split(i, path, why);
    for (size_t k = 0; k < i->files_n; k++) {
        free(i->files[k].head);
        i->files[k].head = NULL;
    }
    return status;
}

void seal_import_close(struct seal_import *i)
{
    for (size_t k = 0; k < i->files_n; k++) {
        if (i->files[k].fd >= 0)
            close(i->files[k].fd);
        free(i->files[k].head);
    }
    free(i->files);
    if (i->memory != NULL)
        munmap(i->memory, i->memory_len);
    memset(i, 0, sizeof *i);
}

static enum status read_source(void *ctx, uint32_t source, uint64_t offset, void *out, size_t len, struct reason *why)
{
    const struct seal_import *i = ctx;
    return fd_pread_all(i->files[source].fd, out, len, offset, why);
}

enum status seal_import_read(const struct seal_import *i, uint64_t offset, uint8_t *out, size_t len, struct reason *why)
{
    void *ctx;
    memcpy(&ctx, &i, sizeof ctx);
    return virtual_file_read(&i->file, offset, out, len, read_source, ctx, why);
}

bool seal_import_is_unchanged(const struct seal_import *i)
{
    struct stat info;
    for (size_t k = 0; k < i->files_n; k++)
        if (fstat(i->files[k].fd, &info) != 0 || (uint64_t)info.st_size != i->files[k].len)
            return false;
    return true;
}
