/* SPDX-License-Identifier: Apache-2.0 */
#include "client/vocabulary_file.h"

#include "client/keys_file.h"
#include "import/tokenizer_file.h"
#include "sys/console.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { META_FIRST = 1 << 20, META_MAX = 1 << 28, TEXT_MAX = 1 << 29, PATH_LEN = 4096 };

/* ---- GGUF ---- */

/* Reads more and more of the file until its leading part is whole. */
static enum status read_meta(void **meta, size_t *meta_len, int fd, uint64_t file_len, struct reason *why)
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

/* ---- tokenizer.json ---- */

struct texts {
    struct folder folder;
    void *bytes[4];
    size_t n;
};

/* A file beside path, which may be absent. */
static enum status read_beside(struct texts *t, struct folder_text *text, const char *path, const char *name,
                               struct reason *why)
{
    char beside[PATH_LEN];
    uint8_t *bytes;
    size_t len;
    const char *slash = strrchr(path, '/');
    int folder_len = slash == NULL ? 0 : (int)(slash - path) + 1;
    snprintf(beside, sizeof beside, "%.*s%s", folder_len, path, name);
    enum status status = file_read(&bytes, &len, beside, TEXT_MAX, why);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    *text = (struct folder_text){bytes, len};
    t->bytes[t->n++] = bytes;
    return STATUS_OK;
}

static enum status read_texts(struct texts *t, const char *path, struct reason *why)
{
    uint8_t *bytes;
    size_t len;
    const char *slash = strrchr(path, '/');
    enum status status = file_read(&bytes, &len, path, TEXT_MAX, why);
    if (status != STATUS_OK)
        return status;
    t->folder.tokenizer = (struct folder_text){bytes, len};
    t->bytes[t->n++] = bytes;
    if (strcmp(slash == NULL ? path : slash + 1, "tokenizer.json") != 0)
        return STATUS_OK;
    status = read_beside(t, &t->folder.tokenizer_config, path, "tokenizer_config.json", why);
    if (status == STATUS_OK)
        status = read_beside(t, &t->folder.config, path, "config.json", why);
    if (status == STATUS_OK)
        status = read_beside(t, &t->folder.generation_config, path, "generation_config.json", why);
    return status;
}

static void free_texts(struct texts *t)
{
    const struct folder_text texts[] = {t->folder.tokenizer, t->folder.tokenizer_config, t->folder.config,
                                        t->folder.generation_config};
    for (size_t i = 0, n = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].bytes != NULL)
            file_free(t->bytes[n++], texts[i].len);
}

/* The metadata that the texts give, in memory of its own length. */
static enum status convert(void **meta, size_t *meta_len, const struct folder *folder, struct reason *why)
{
    struct arena arena;
    const uint8_t *made;
    size_t len = tokenizer_file_arena_len(folder);
    void *memory = len == SIZE_MAX ? NULL : malloc(len);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, memory, len);
    enum status status = tokenizer_file_convert(&made, meta_len, &arena, folder, why);
    if (status == STATUS_OK) {
        *meta = malloc(*meta_len);
        if (*meta != NULL)
            memcpy(*meta, made, *meta_len);
        else
            status = STATUS_NO_MEMORY;
    }
    free(memory);
    return status;
}

static enum status read_json(void **meta, size_t *meta_len, const char *path, struct reason *why)
{
    struct texts t = {.n = 0};
    enum status status = read_texts(&t, path, why);
    if (status == STATUS_OK)
        status = convert(meta, meta_len, &t.folder, why);
    free_texts(&t);
    return status;
}

/* ---- either ---- */

static bool is_json(const uint8_t *start, size_t len)
{
    size_t at = 0;
    while (at < len && memchr(" \t\r\n", start[at], 4) != NULL)
        at++;
    return at < len && start[at] == '{';
}

static enum status read_either(void **meta, size_t *meta_len, int fd, const char *path, struct reason *why)
{
    struct stat info;
    uint8_t start[64];
    if (fstat(fd, &info) != 0)
        return status_from_errno(why, "cannot read", path);
    if (!S_ISREG(info.st_mode)) {
        reason_set(why, "not a regular file", NULL);
        return STATUS_USAGE;
    }
    size_t len = info.st_size < (off_t)sizeof start ? (size_t)info.st_size : sizeof start;
    enum status status = fd_pread_all(fd, start, len, 0, why);
    if (status != STATUS_OK)
        return status;
    if (len >= 4 && memcmp(start, "GGUF", 4) == 0)
        return read_meta(meta, meta_len, fd, (uint64_t)info.st_size, why);
    if (is_json(start, len))
        return read_json(meta, meta_len, path, why);
    reason_set(why, "neither a GGUF file nor a tokenizer.json", NULL);
    return STATUS_MALFORMED;
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
    char inside[PATH_LEN];
    size_t meta_len = 0;
    *f = (struct vocabulary_file){.meta = NULL};
    if (strlen(path) >= PATH_LEN - 32) {
        reason_set(why, "the path of the model is too long", NULL);
        return STATUS_USAGE;
    }
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        snprintf(inside, sizeof inside, "%s/tokenizer.json", path);
        path = inside;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return status_from_errno(why, "cannot open", path);
    enum status status = read_either(&f->meta, &meta_len, fd, path, why);
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
    *f = (struct vocabulary_file){.meta = NULL};
}

/* ---- commands ---- */

int vocabulary_command_run(const struct command_line *line, size_t input_max, vocabulary_work *work)
{
    struct reason why = {""};
    struct vocabulary_file f;
    const char *model = command_value(line, "model");
    uint8_t *input = NULL;
    size_t len = 0;
    if (model == NULL) {
        console_error("--model is mandatory");
        return EXIT_CODE_USAGE;
    }
    enum status status = vocabulary_file_open(&f, model, &why);
    if (status == STATUS_OK)
        status = file_read(&input, &len, line->arguments_n == 0 ? "-" : line->arguments[0], input_max, &why);
    if (status == STATUS_OK) {
        status = work(&f.tokenizer, input, len, line, &why);
        file_free(input, len);
    }
    if (status == STATUS_OK && (fflush(stdout) != 0 || ferror(stdout) != 0))
        status = status_from_errno(&why, "cannot write", "standard output");
    vocabulary_file_close(&f);
    return status == STATUS_OK ? EXIT_CODE_OK : console_fail(status, &why, NULL);
}
