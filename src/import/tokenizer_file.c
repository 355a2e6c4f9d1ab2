/* SPDX-License-Identifier: Apache-2.0 */
#include "import/tokenizer_file.h"

#include "core/base/checked.h"
#include "import/builder.h"
#include "import/source_tokenizer.h"

size_t tokenizer_file_arena_len(const struct folder *folder)
{
    size_t sum;
    if (!checked_add_size(&sum, builder_arena_len(source_tokenizer_keys_len(folder), 0, 0),
                          source_tokenizer_arena_len(folder)) ||
        !checked_add_size(&sum, sum, 4096))
        return SIZE_MAX;
    return sum;
}

enum status tokenizer_file_convert(const uint8_t **meta, size_t *meta_len, struct arena *a, const struct folder *folder,
                                   struct reason *why)
{
    struct builder b;
    struct virtual_file f;
    *meta = NULL;
    *meta_len = 0;
    if (folder->tokenizer.bytes == NULL) {
        reason_set(why, "tokenizer.json: not there", NULL);
        return STATUS_NOT_FOUND;
    }
    builder_init(&b, a, source_tokenizer_keys_len(folder), 0, 0);
    enum status status = source_tokenizer_write(&b, a, folder, SOURCE_VOCAB_OWN, why);
    if (status == STATUS_OK)
        status = builder_finish(&f, &b, why);
    if (status != STATUS_OK)
        return status;
    *meta = f.segments[0].memory;
    *meta_len = (size_t)f.meta_len;
    return STATUS_OK;
}
