/* SPDX-License-Identifier: Apache-2.0 */
/* A safetensors folder as one virtual GGUF file.  All bytes are from outside; the caller reads the files.
 * spec/import.md. */
#ifndef IMPORT_FOLDER_H
#define IMPORT_FOLDER_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include "import/virtual_file.h"
#include <stddef.h>
#include <stdint.h>

enum {
    FOLDER_FILES_MAX = 1024,
    FOLDER_FILE_NAME_MAX = 255,
};

/* A file's whole text; bytes NULL: there is no such file. */
struct folder_text {
    const uint8_t *bytes;
    size_t len;
};

/* Which file of the folder holds which tensor: model.safetensors.index.json. */
struct folder_index {
    const struct json *map;
    struct folder_text *files; /* names, each once, in the order of their bytes */
    size_t files_n;
};

/* A safetensors file: its bytes up to the first tensor, and its length. */
struct folder_file {
    const uint8_t *header;
    size_t header_len;
    uint64_t file_len;
};

/* Every member is mandatory, but for texts that may be absent. */
struct folder {
    struct folder_text config;            /* config.json */
    struct folder_text tokenizer;         /* tokenizer.json; may be absent */
    struct folder_text tokenizer_config;  /* tokenizer_config.json; may be absent */
    struct folder_text generation_config; /* generation_config.json; may be absent */
    struct folder_text chat_template;     /* chat_template.jinja; may be absent */
    const struct folder_index *index;     /* NULL: files is model.safetensors alone */
    const struct folder_file *files;      /* in the order of the index; their numbers are the sources of the result */
    size_t files_n;
};

/* Reads an index; names are plain file names.  *i points into text and a (folder_index_arena_len bytes at most).
 * STATUS_MALFORMED, STATUS_LIMIT, STATUS_NO_MEMORY. */
must_check enum status folder_index_parse(struct folder_index *i, struct arena *a, const void *text, size_t len,
                                          struct reason *why);
size_t folder_index_arena_len(size_t len);

/* The model as one file, which engine/model.h has accepted.  *f points into f's texts and a (folder_arena_len bytes at
 * most).  STATUS_UNSUPPORTED names what is not understood; STATUS_MALFORMED, _TRUNCATED, _LIMIT, _NO_MEMORY. */
must_check enum status folder_convert(struct virtual_file *f, struct arena *a, const struct folder *folder,
                                      struct reason *why);
size_t folder_arena_len(const struct folder *folder);

#endif
