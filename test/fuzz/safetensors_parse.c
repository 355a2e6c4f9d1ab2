/* SPDX-License-Identifier: Apache-2.0 */
/* A safetensors file of any bytes, and an index of any bytes: tables stay inside the file, without gap or overlap. */
#include "import/folder.h"
#include "import/safetensors.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t memory[1 << 24];

static void fuzz_index(const uint8_t *bytes, size_t len)
{
    struct arena arena;
    struct folder_index index;
    struct reason why = {""};
    arena_init(&arena, memory, folder_index_arena_len(len));
    enum status status = folder_index_parse(&index, &arena, bytes, len, &why);
    must(status != STATUS_NO_MEMORY && (status == STATUS_OK) == (index.map != NULL));
    for (size_t i = 0; i < index.files_n; i++)
        must(index.files[i].len > 0 && index.files[i].bytes[0] != '.');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct arena arena;
    struct safetensors s;
    struct reason why = {""};
    uint64_t header_len;
    if (safetensors_arena_len(len) > sizeof memory || folder_index_arena_len(len) > sizeof memory)
        return 0;
    fuzz_index(bytes, len);
    if (safetensors_header_len(&header_len, bytes, len, len, &why) != STATUS_OK)
        return 0;
    must(header_len <= len);
    arena_init(&arena, memory, safetensors_arena_len((size_t)header_len));
    enum status status = safetensors_parse(&s, &arena, bytes, (size_t)header_len, len, &why);
    must(status != STATUS_NO_MEMORY && (status == STATUS_OK || why.text[0] != '\0'));
    uint64_t end = header_len;
    for (size_t i = 0; i < s.tensors_n; i++) {
        must(s.tensors[i].offset == end && s.tensors[i].name_len > 0);
        end += s.tensors[i].len;
    }
    must(status != STATUS_OK || end == len);
    return 0;
}
