/* SPDX-License-Identifier: Apache-2.0 */
#include "client/chat_stream.h"

#include "core/base/arena.h"
#include "core/base/constant_time.h"
#include "core/codec/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char data_mark[] = "data: ";
static const char receipt_mark[] = ": cloister-receipt ";

void chat_stream_init(struct chat_stream *s, FILE *out, const uint8_t request_hash[static SHA256_LEN])
{
    memset(s, 0, sizeof *s);
    s->out = out;
    s->escape = out != NULL && isatty(fileno(out));
    s->status = STATUS_OK;
    receipt_chain_init(&s->chain, request_hash);
}

static bool fail(struct chat_stream *s, enum status status, const char *why)
{
    s->status = status;
    reason_set(&s->why, why, NULL);
    return false;
}

static bool grow(uint8_t **bytes, size_t *capacity, size_t wanted)
{
    if (wanted <= *capacity)
        return true;
    uint8_t *larger = realloc(*bytes, 2 * wanted);
    if (larger == NULL)
        return false;
    *bytes = larger;
    *capacity = 2 * wanted;
    return true;
}

static bool show(struct chat_stream *s, const char *text, size_t len)
{
    if (!grow(&s->text, &s->text_capacity, s->text_len + len))
        return fail(s, STATUS_NO_MEMORY, "out of memory");
    if (len != 0)
        memcpy(s->text + s->text_len, text, len);
    s->text_len += len;
    for (size_t i = 0; s->out != NULL && i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
        fputc(s->escape && control ? '?' : c, s->out);
    }
    if (s->out != NULL)
        fflush(s->out);
    return true;
}

/* One event that carries JSON: the text of its first choice. */
static bool take_json(struct chat_stream *s, const uint8_t *json_text, size_t len)
{
    struct arena arena;
    const struct json *root;
    struct reason why;
    size_t memory_len = 1024 + len * 57;
    void *memory = malloc(memory_len);
    if (memory == NULL)
        return fail(s, STATUS_NO_MEMORY, "out of memory");
    arena_init(&arena, memory, memory_len);
    bool fine = json_parse(&root, &arena, json_text, len, &why) == STATUS_OK;
    const struct json *choices = fine ? json_get(root, "choices") : NULL;
    const struct json *content = choices == NULL ? NULL : json_get(json_get(choices->first, "delta"), "content");
    fine = choices == NULL ? fail(s, STATUS_MALFORMED, "an event of the answer is no chat completion") : true;
    if (fine && content != NULL && content->type == JSON_STRING)
        fine = show(s, content->text, content->text_len);
    free(memory);
    return fine;
}

/* One event without the empty line that ends it. */
static bool take_event(struct chat_stream *s, const uint8_t *event, size_t len)
{
    size_t data_len = sizeof data_mark - 1, receipt_len = sizeof receipt_mark - 1;
    if (len > receipt_len && memcmp(event, receipt_mark, receipt_len) == 0) {
        if (s->receipt != NULL)
            return fail(s, STATUS_MALFORMED, "the answer has two receipts");
        s->receipt = malloc(len - receipt_len + 1);
        if (s->receipt == NULL)
            return fail(s, STATUS_NO_MEMORY, "out of memory");
        s->receipt_len = len - receipt_len + 1;
        memcpy(s->receipt, event + receipt_len, len - receipt_len);
        s->receipt[s->receipt_len - 1] = '\n';
        return true;
    }
    if (len < data_len || memcmp(event, data_mark, data_len) != 0)
        return fail(s, STATUS_MALFORMED, "the answer is no stream of events");
    if (len == data_len + 6 && memcmp(event + data_len, "[DONE]", 6) == 0) {
        s->done = true;
        return true;
    }
    if (s->receipt != NULL)
        return fail(s, STATUS_MALFORMED, "the answer goes on behind its receipt");
    receipt_chain_add(&s->chain, event, len + 2); /* with the empty line */
    return take_json(s, event + data_len, len - data_len);
}

bool chat_stream_take(void *stream, const uint8_t *bytes, size_t len)
{
    struct chat_stream *s = stream;
    uint8_t *end;
    if (len > CHAT_STREAM_MAX - s->total)
        return fail(s, STATUS_LIMIT, "the answer is too long");
    s->total += len;
    if (!grow(&s->bytes, &s->capacity, s->len + len))
        return fail(s, STATUS_NO_MEMORY, "out of memory");
    if (len != 0)
        memcpy(s->bytes + s->len, bytes, len);
    s->len += len;
    while (s->len > 0 && s->bytes[0] != '{' && (end = memmem(s->bytes, s->len, "\n\n", 2)) != NULL) {
        size_t event_len = (size_t)(end - s->bytes);
        if (s->done)
            return fail(s, STATUS_MALFORMED, "the answer goes on behind its end");
        if (!take_event(s, s->bytes, event_len))
            return false;
        memmove(s->bytes, end + 2, s->len - event_len - 2);
        s->len -= event_len + 2;
    }
    return true;
}

enum status chat_stream_end(struct chat_stream *s, struct reason *why)
{
    if (s->status == STATUS_OK && (!s->done || s->receipt == NULL || s->len != 0))
        fail(s, STATUS_TRUNCATED, "the answer ended without its receipt and its end mark");
    if (s->status != STATUS_OK)
        *why = s->why;
    return s->status;
}

void chat_stream_free(struct chat_stream *s)
{
    if (s->bytes != NULL)
        wipe(s->bytes, s->capacity);
    if (s->text != NULL)
        wipe(s->text, s->text_capacity);
    free(s->bytes);
    free(s->text);
    free(s->receipt);
    memset(s, 0, sizeof *s);
}
