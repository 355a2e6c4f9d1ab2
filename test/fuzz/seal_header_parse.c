/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed headers of any bytes: what is accepted is written the same again, and its places fit each other. */
#include "core/seal/header.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_places(const struct seal_header *h)
{
    uint64_t chunks_n = seal_chunks_n(h);
    must(chunks_n != 0 && h->meta_len <= h->plain_len);
    must(seal_chunk_plain_len(h, 0) != 0 && seal_chunk_plain_len(h, chunks_n - 1) != 0);
    must(seal_chunk_offset(chunks_n - 1) + seal_chunk_plain_len(h, chunks_n - 1) + AEAD_TAG_LEN == seal_file_len(h));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t page[SEAL_HEADER_PAGE_LEN], again[SEAL_HEADER_PAGE_LEN];
    uint8_t tag[AEAD_TAG_LEN];
    struct seal_header h;
    struct reason why = {""};
    enum status status = seal_header_parse(&h, bytes, len, &why);
    must(status == STATUS_OK || why.text[0] != '\0');
    if (status == STATUS_OK) {
        seal_header_write(again, &h);
        must(memcmp(again, bytes, SEAL_HEADER_LEN) == 0);
        check_places(&h);
    }
    memset(page, 0, sizeof page);
    memcpy(page, bytes, len < sizeof page ? len : sizeof page);
    if (seal_header_page_parse(&h, tag, page, sizeof page, &why) == STATUS_OK) {
        seal_header_page_write(again, &h, tag);
        must(memcmp(again, page, sizeof page) == 0);
    }
    must(seal_header_page_parse(&h, tag, bytes, len, &why) == STATUS_OK || why.text[0] != '\0');
    return 0;
}
