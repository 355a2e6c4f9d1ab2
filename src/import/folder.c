/* SPDX-License-Identifier: Apache-2.0 */
#include "import/folder.h"

#include "core/base/checked.h"
#include "core/codec/json.h"
#include "engine/model.h"
#include "engine/sort.h"
#include "import/builder.h"
#include "import/safetensors.h"
#include "import/source_config.h"
#include "import/source_tensors.h"
#include "import/source_tokenizer.h"
#include "import/tensor_set.h"

#include <string.h>

enum { KEYS_LEN = 65536, TENSORS_MORE = 4 }; /* of what config.json gives */

static enum status fail(struct reason *why, enum status status, const char *file, const char *text)
{
    reason_set(why, file, ": ", text, NULL);
    return status;
}

/* ---- index ---- */

size_t folder_index_arena_len(size_t len)
{
    return len > SIZE_MAX / 128 ? SIZE_MAX : len * 64 + FOLDER_FILES_MAX * sizeof(struct folder_text) + 4096;
}

static int compare(struct folder_text a, struct folder_text b)
{
    int order = memcmp(a.bytes, b.bytes, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len;
}

static bool is_before(const void *context, uint32_t a, uint32_t b)
{
    const struct folder_text *names = context;
    return compare(names[a], names[b]) < 0;
}

/* A name that leads nowhere but into the folder. */
static bool is_plain(const struct json *name)
{
    if (name->type != JSON_STRING || name->text_len == 0 || name->text_len > FOLDER_FILE_NAME_MAX)
        return false;
    return name->text[0] != '.' && memchr(name->text, '/', name->text_len) == NULL;
}

static enum status collect(struct folder_index *i, struct arena *a, struct reason *why)
{
    size_t n = 0;
    struct folder_text *all = arena_take(a, i->map->members_n + 1, sizeof *all, _Alignof(struct folder_text));
    uint32_t *sorted = arena_take(a, i->map->members_n + 1, sizeof *sorted, _Alignof(uint32_t));
    i->files = arena_take(a, FOLDER_FILES_MAX, sizeof *i->files, _Alignof(struct folder_text));
    if (all == NULL || sorted == NULL || i->files == NULL)
        return fail(why, STATUS_NO_MEMORY, "model.safetensors.index.json", "no memory for its files");
    for (const struct json *m = i->map->first; m != NULL; m = m->next) {
        if (!is_plain(m))
            return fail(why, STATUS_MALFORMED, "model.safetensors.index.json", "a file name that is none");
        all[n++] = (struct folder_text){(const uint8_t *)m->text, m->text_len};
    }
    sort_indices(sorted, n, is_before, all);
    for (size_t k = 0; k < n; k++) {
        if (k > 0 && compare(all[sorted[k]], all[sorted[k - 1]]) == 0)
            continue;
        if (i->files_n == FOLDER_FILES_MAX)
            return fail(why, STATUS_LIMIT, "model.safetensors.index.json", "more than 1024 files");
        i->files[i->files_n++] = all[sorted[k]];
    }
    return STATUS_OK;
}

enum status folder_index_parse(struct folder_index *i, struct arena *a, const void *text, size_t len,
                               struct reason *why)
{
    const struct json *root;
    struct reason inner = {""};
    *i = (struct folder_index){0};
    enum status status = json_parse(&root, a, text, len, &inner);
    if (status != STATUS_OK)
        return fail(why, status, "model.safetensors.index.json", inner.text);
    i->map = json_get(root, "weight_map");
    if (i->map == NULL || i->map->type != JSON_OBJECT || i->map->members_n == 0)
        status = fail(why, STATUS_MALFORMED, "model.safetensors.index.json", "no weight_map");
    if (status == STATUS_OK)
        status = collect(i, a, why);
    if (status != STATUS_OK)
        *i = (struct folder_index){0};
    return status;
}

/* The index and the files name the same tensors. */
static enum status check_index(const struct folder_index *i, struct tensor_set *set, struct reason *why)
{
    for (const struct json *m = i->map->first; m != NULL; m = m->next) {
        const struct source_tensor *t = tensor_set_use(set, m->key, m->key_len);
        struct folder_text name = {(const uint8_t *)m->text, m->text_len};
        if (t != NULL && t->source < i->files_n && compare(i->files[t->source], name) == 0)
            continue;
        fail(why, STATUS_MALFORMED, "model.safetensors.index.json", "the file that it names does not hold tensor ");
        reason_add_quoted(why, m->key, m->key_len);
        return STATUS_MALFORMED;
    }
    for (size_t k = 0; k < set->n; k++) {
        struct source_tensor *t = &set->tensors[set->sorted[k]];
        if (!t->used) {
            fail(why, STATUS_MALFORMED, "model.safetensors.index.json", "it does not name tensor ");
            reason_add_quoted(why, t->tensor.name, t->tensor.name_len);
            return STATUS_MALFORMED;
        }
        t->used = false;
    }
    return STATUS_OK;
}

/* ---- conversion ---- */

static size_t headers_len(const struct folder *folder)
{
    size_t sum = 0;
    for (size_t i = 0; i < folder->files_n; i++)
        if (!checked_add_size(&sum, sum, folder->files[i].header_len))
            return SIZE_MAX / 1024;
    return sum;
}

/* A tensor takes 50 bytes of a header at least. */
static size_t tensors_max(const struct folder *folder)
{
    return headers_len(folder) / 50 + TENSORS_MORE;
}

static size_t keys_len(const struct folder *folder)
{
    return KEYS_LEN + source_tokenizer_keys_len(folder);
}

size_t folder_arena_len(const struct folder *folder)
{
    size_t json_len, sum;
    size_t tensors = tensors_max(folder);
    size_t meta_max = tensors > SIZE_MAX / 256 ? SIZE_MAX : tensors * 256;
    if (!checked_add_size(&meta_max, meta_max, keys_len(folder)) ||
        !checked_add_size(&json_len, headers_len(folder), folder->config.len) ||
        !checked_mul_size(&json_len, json_len, 72) ||
        !checked_add_size(&sum, builder_arena_len(keys_len(folder), tensors, tensors), json_len) ||
        !checked_add_size(&sum, sum, source_tokenizer_arena_len(folder)) ||
        !checked_add_size(&sum, sum, model_arena_len(meta_max)) || !checked_add_size(&sum, sum, (size_t)8 << 20))
        return SIZE_MAX;
    return sum;
}

static enum status read_files(struct tensor_set *set, struct arena *a, const struct folder *folder, struct reason *why)
{
    enum status status = STATUS_OK;
    if (folder->files_n == 0 || folder->files_n > FOLDER_FILES_MAX)
        return fail(why, STATUS_LIMIT, "safetensors", "not 1 to 1024 files");
    struct safetensors *files = arena_take(a, folder->files_n, sizeof *files, _Alignof(struct safetensors));
    if (files == NULL)
        return fail(why, STATUS_NO_MEMORY, "safetensors", "no memory for the tables");
    for (size_t i = 0; i < folder->files_n && status == STATUS_OK; i++)
        status = safetensors_parse(&files[i], a, folder->files[i].header, folder->files[i].header_len,
                                   folder->files[i].file_len, why);
    if (status == STATUS_OK)
        status = tensor_set_join(set, a, files, folder->files_n, why);
    if (status == STATUS_OK && folder->index != NULL)
        status = check_index(folder->index, set, why);
    return status;
}

static enum status read_config(struct source_config *c, struct arena *a, struct folder_text text, struct reason *why)
{
    const struct json *root;
    struct reason inner = {""};
    if (text.bytes == NULL)
        return fail(why, STATUS_NOT_FOUND, "config.json", "not there");
    enum status status = json_parse(&root, a, text.bytes, text.len, &inner);
    if (status != STATUS_OK)
        return fail(why, status, "config.json", inner.text);
    return source_config_read(c, a, root, why);
}

/* What the enclave would say of it, said now. */
static enum status check_model(const struct virtual_file *f, struct arena *a, struct reason *why)
{
    struct model m;
    return model_parse(&m, a, f->segments[0].memory, (size_t)f->meta_len, f->len, why);
}

enum status folder_convert(struct virtual_file *f, struct arena *a, const struct folder *folder, struct reason *why)
{
    struct source_config config;
    struct tensor_set set;
    struct builder b;
    *f = (struct virtual_file){0};
    enum status status = read_config(&config, a, folder->config, why);
    if (status == STATUS_OK)
        status = read_files(&set, a, folder, why);
    if (status != STATUS_OK)
        return status;
    size_t n = tensors_max(folder);
    builder_init(&b, a, keys_len(folder), n, n);
    source_config_write(&b, &config, source_tensors_vocab_n(&set, &config));
    status = source_tokenizer_write(&b, a, folder, source_tensors_vocab_n(&set, &config), why);
    if (status == STATUS_OK)
        status = source_tensors_write(&b, &set, &config, why);
    if (status == STATUS_OK)
        status = builder_finish(f, &b, why);
    if (status == STATUS_OK)
        status = check_model(f, a, why);
    if (status != STATUS_OK)
        *f = (struct virtual_file){0};
    return status;
}
