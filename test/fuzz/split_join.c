/* SPDX-License-Identifier: Apache-2.0 */
/* Two parts of a split GGUF model of any bytes: two bytes of the first part's length, then both parts. */
#include "engine/gguf.h"
#include "import/split.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t memory[1 << 25];
    struct arena arena;
    struct virtual_file f;
    struct reason why = {""};
    if (len < 2)
        return 0;
    size_t first = (size_t)(bytes[0] | bytes[1] << 8);
    bytes += 2;
    len -= 2;
    first = first < len ? first : len;
    struct split_part parts[2] = {{bytes, first, first}, {bytes + first, len - first, len - first}};
    if (split_arena_len(parts, 2) > sizeof memory)
        return 0;
    arena_init(&arena, memory, split_arena_len(parts, 2));
    enum status status = split_join(&f, &arena, parts, 2, &why);
    must(status != STATUS_NO_MEMORY && status != STATUS_BROKEN);
    must((status == STATUS_OK) == (f.segments != NULL) && (status == STATUS_OK || why.text[0] != '\0'));
    for (size_t i = 1; i < f.segments_n; i++) {
        const struct virtual_segment *s = &f.segments[i];
        must(s->source < 2 && s->offset <= parts[s->source].file_len &&
             s->len <= parts[s->source].file_len - s->offset);
        must(s->at >= f.segments[i - 1].at + f.segments[i - 1].len && s->at + s->len <= f.len);
    }
    return 0;
}
