/* SPDX-License-Identifier: Apache-2.0 */
/* Chunked bodies decode to the same bytes in one step and in steps of a length that the input chooses, and what was
 * decoded, encoded anew, decodes to itself. */
#include "core/codec/http_chunked.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(int holds)
{
    if (!holds)
        abort();
}

struct result {
    uint8_t *body;
    size_t body_len, used;
    bool good, done;
};

static struct result decode(const uint8_t *bytes, size_t len, size_t step)
{
    struct http_chunked c;
    struct result r = {.body = malloc(len + 1), .good = true};
    demand(r.body != NULL);
    http_chunked_init(&c);
    while (r.good && r.used < len && !http_chunked_done(&c)) {
        const uint8_t *piece;
        size_t taken, piece_len, given = len - r.used < step ? len - r.used : step;
        r.good = http_chunked_parse(&c, &taken, &piece, &piece_len, bytes + r.used, given) == STATUS_OK;
        demand(taken <= given && piece_len <= taken && (taken != 0 || !r.good));
        if (piece_len != 0)
            memcpy(r.body + r.body_len, piece, piece_len);
        r.body_len += piece_len;
        r.used += taken;
    }
    r.done = http_chunked_done(&c);
    return r;
}

static void encode_again(const struct result *r)
{
    uint8_t *text = malloc(r->body_len + HTTP_CHUNK_HEAD_MAX + 7);
    size_t len = 0;
    demand(text != NULL);
    if (r->body_len != 0) {
        len = http_chunked_write_head((char *)text, (uint32_t)r->body_len);
        memcpy(text + len, r->body, r->body_len);
        len += r->body_len;
        memcpy(text + len, "\r\n", 2);
        len += 2;
    }
    memcpy(text + len, "0\r\n\r\n", 5);
    len += 5;
    struct result again = decode(text, len, len);
    demand(again.good && again.done && again.used == len && again.body_len == r->body_len &&
           memcmp(again.body, r->body, r->body_len) == 0);
    free(again.body);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    size_t step = len == 0 ? 1 : 1 + bytes[len - 1] % 7;
    struct result whole = decode(bytes, len, len + 1), stepped = decode(bytes, len, step);
    demand(whole.good == stepped.good && whole.done == stepped.done);
    demand(!whole.good || (whole.used == stepped.used && whole.body_len == stepped.body_len &&
                           memcmp(whole.body, stepped.body, whole.body_len) == 0));
    if (whole.done)
        encode_again(&whole);
    free(whole.body);
    free(stepped.body);
    return 0;
}
