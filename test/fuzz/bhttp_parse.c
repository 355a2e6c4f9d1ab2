/* SPDX-License-Identifier: Apache-2.0 */
/* A Binary HTTP message that parses, written anew, parses to the same message; and its body in small steps is the body
 * of the whole. */
#include "core/ohttp/bhttp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static bool same(const struct http_text *a, const struct http_text *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

static void parse(struct bhttp_message *message, enum status *status, void *memory, const uint8_t *bytes, size_t len)
{
    struct arena arena;
    struct reason why = {{0}};
    arena_init(&arena, memory, len);
    *status = bhttp_parse(message, &arena, bytes, len, &why);
    demand(*status == STATUS_OK || why.text[0] != '\0');
    demand(*status != STATUS_NO_MEMORY);
}

static void write_again(const struct bhttp_message *first, size_t len)
{
    struct bhttp_message second;
    enum status status;
    struct writer w;
    size_t capacity = len + 64;
    uint8_t *out = malloc(capacity), *memory = malloc(capacity);
    demand(out != NULL && memory != NULL);
    writer_init(&w, out, capacity);
    bhttp_head_write(&w, &first->head);
    if (first->head.is_indeterminate) {
        bhttp_piece_write(&w, first->content, first->content_len);
        bhttp_end_write(&w);
    } else {
        bhttp_content_write(&w, first->content, first->content_len);
    }
    demand(writer_end(&w) == STATUS_OK);
    parse(&second, &status, memory, out, writer_len(&w));
    demand(status == STATUS_OK && second.content_len == first->content_len &&
           (first->content_len == 0 || memcmp(second.content, first->content, first->content_len) == 0));
    demand(second.head.status == first->head.status && second.head.fields_n == first->head.fields_n &&
           same(&second.head.method, &first->head.method) && same(&second.head.path, &first->head.path) &&
           same(&second.head.scheme, &first->head.scheme) && same(&second.head.authority, &first->head.authority));
    for (size_t i = 0; i < first->head.fields_n; i++)
        demand(same(&second.head.fields[i].name, &first->head.fields[i].name) &&
               same(&second.head.fields[i].value, &first->head.fields[i].value));
    free(out);
    free(memory);
}

/* The same message, head first and then its body in steps. */
static void step_through(const struct bhttp_message *whole, const uint8_t *bytes, size_t len)
{
    struct bhttp_head head;
    struct bhttp_body body;
    struct reason why;
    size_t at, content_len = 0, step = 1 + bytes[len - 1] % 7;
    demand(bhttp_head_parse(&head, &at, bytes, len, true, &why) == STATUS_OK && at <= len);
    bhttp_body_init(&body, head.is_indeterminate);
    while (at < len) {
        const uint8_t *piece;
        size_t taken, piece_len;
        demand(bhttp_body_parse(&body, &taken, &piece, &piece_len, bytes + at, len - at < step ? len - at : step) ==
                   STATUS_OK &&
               taken != 0);
        demand(piece_len == 0 || memcmp(piece, whole->content + content_len, piece_len) == 0);
        content_len += piece_len;
        at += taken;
    }
    demand(bhttp_body_end(&body) == STATUS_OK && content_len == whole->content_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct bhttp_message message;
    enum status status;
    uint8_t *memory = malloc(len + 1);
    demand(memory != NULL);
    parse(&message, &status, memory, bytes, len);
    if (status == STATUS_OK) {
        write_again(&message, len);
        step_through(&message, bytes, len);
    }
    free(memory);
    return 0;
}
