/* SPDX-License-Identifier: Apache-2.0 */
/* A safetensors folder of any bytes: texts that end in NUL (config.json, tokenizer.json, tokenizer_config.json), then
 * model.safetensors.  What is accepted reads only inside the file. */
#include "import/folder.h"
#include "import/safetensors.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static enum status read_source(void *ctx, uint32_t source, uint64_t offset, void *out, size_t len, struct reason *why)
{
    const struct folder_file *file = ctx;
    must(source == 0 && offset <= file->file_len && len <= file->file_len - offset && why != NULL);
    memcpy(out, file->header + offset, len);
    return STATUS_OK;
}

static struct folder_text take_text(const uint8_t **bytes, size_t *len)
{
    const uint8_t *end = *len == 0 ? NULL : memchr(*bytes, 0, *len);
    struct folder_text text = {NULL, 0};
    if (end == NULL || end == *bytes) {
        if (end != NULL) {
            (*bytes)++;
            (*len)--;
        }
        return text;
    }
    text = (struct folder_text){*bytes, (size_t)(end - *bytes)};
    *bytes = end + 1;
    *len -= text.len + 1;
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t memory[1 << 27], out[1 << 16];
    struct arena arena;
    struct virtual_file f;
    struct reason why = {""};
    uint64_t header_len;
    struct folder folder = {.config = take_text(&bytes, &len)};
    folder.tokenizer = take_text(&bytes, &len);
    folder.tokenizer_config = take_text(&bytes, &len);
    if (safetensors_header_len(&header_len, bytes, len, len, &why) != STATUS_OK)
        return 0;
    struct folder_file file = {bytes, (size_t)header_len, len};
    folder.files = &file;
    folder.files_n = 1;
    if (folder_arena_len(&folder) > sizeof memory)
        return 0;
    arena_init(&arena, memory, folder_arena_len(&folder));
    enum status status = folder_convert(&f, &arena, &folder, &why);
    must(status != STATUS_NO_MEMORY && status != STATUS_BROKEN);
    must((status == STATUS_OK) == (f.segments != NULL) && (status == STATUS_OK || why.text[0] != '\0'));
    for (uint64_t at = 0; at < f.len; at += sizeof out) {
        uint64_t left = f.len - at;
        size_t part = left < sizeof out ? (size_t)left : sizeof out;
        must(virtual_file_read(&f, at, out, part, read_source, &file, &why) == STATUS_OK);
    }
    return 0;
}
