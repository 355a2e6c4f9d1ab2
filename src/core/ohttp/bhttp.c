/* SPDX-License-Identifier: Apache-2.0 */
/* Heads and whole messages.  Section numbers are RFC 9292's. */
#include "core/ohttp/bhttp.h"

#include "core/ohttp/bhttp_text.h"
#include "core/ohttp/varint.h"

#include <string.h>

/* Framing indicators (section 3.3). */
enum {
    KNOWN_REQUEST = 0,
    KNOWN_RESPONSE = 1,
    INDETERMINATE_REQUEST = 2,
    INDETERMINATE_RESPONSE = 3,
};

static struct http_text read_text(struct reader *r, uint64_t len)
{
    struct http_text text = {NULL, 0};
    if (len > BHTTP_HEAD_MAX) {
        reader_fail(r, STATUS_LIMIT);
        return text;
    }
    text.text = (const char *)reader_bytes(r, (size_t)len);
    text.len = text.text == NULL ? 0 : (size_t)len;
    return text;
}

static struct http_text read_prefixed(struct reader *r)
{
    uint64_t len = varint_read(r);
    return read_text(r, len);
}

/* One field line whose name's length was read; fields_n counts on in head unless head is NULL. */
static void read_field(struct reader *r, uint64_t name_len, struct bhttp_head *head)
{
    struct http_header field;
    field.name = read_text(r, name_len);
    field.value = read_prefixed(r);
    if (r->status != STATUS_OK)
        return;
    if (!bhttp_is_name(&field.name) || !bhttp_is_value(&field.value))
        reader_fail(r, STATUS_MALFORMED);
    else if (head != NULL && head->fields_n == BHTTP_FIELDS_MAX)
        reader_fail(r, STATUS_LIMIT);
    else if (head != NULL)
        head->fields[head->fields_n++] = field;
}

/* A field section in either form (section 3.6). */
static void read_fields(struct reader *r, bool is_indeterminate, struct bhttp_head *head)
{
    uint64_t len = varint_read(r);
    if (is_indeterminate) {
        while (r->status == STATUS_OK && len != 0) {
            read_field(r, len, head);
            len = varint_read(r);
        }
        return;
    }
    if (len > BHTTP_HEAD_MAX)
        reader_fail(r, STATUS_LIMIT);
    struct reader section = reader_part(r, r->status == STATUS_OK ? (size_t)len : 0);
    while (section.status == STATUS_OK && reader_left(&section) != 0) {
        uint64_t name_len = varint_read(&section);
        read_field(&section, name_len, head);
    }
    /* the section is all there, so a field that ends beyond it is wrong, not late */
    if (r->status == STATUS_OK && section.status != STATUS_OK)
        reader_fail(r, section.status == STATUS_TRUNCATED ? STATUS_MALFORMED : section.status);
}

static void read_request_control(struct reader *r, struct bhttp_head *head)
{
    head->method = read_prefixed(r);
    head->scheme = read_prefixed(r);
    head->authority = read_prefixed(r);
    head->path = read_prefixed(r);
    if (r->status == STATUS_OK && !bhttp_is_control(&head->method, &head->scheme, &head->authority, &head->path))
        reader_fail(r, STATUS_MALFORMED);
}

/* Interim responses with their fields, then the final status (section 3.5.1). */
static void read_status(struct reader *r, struct bhttp_head *head)
{
    uint64_t status = varint_read(r);
    for (int i = 0; r->status == STATUS_OK && status >= 100 && status < 200; i++) {
        if (i == BHTTP_INTERIM_MAX)
            reader_fail(r, STATUS_LIMIT);
        read_fields(r, head->is_indeterminate, NULL);
        status = varint_read(r);
    }
    if (r->status == STATUS_OK && (status < 200 || status > 599))
        reader_fail(r, STATUS_MALFORMED);
    head->status = (unsigned)status;
}

enum status bhttp_head_parse(struct bhttp_head *head, size_t *head_len, const void *bytes, size_t len, bool at_end,
                             struct reason *why)
{
    struct reader r;
    size_t searched = len < BHTTP_HEAD_MAX ? len : BHTTP_HEAD_MAX;
    memset(head, 0, sizeof *head);
    *head_len = 0;
    reader_init(&r, bytes, searched);
    uint64_t framing = varint_read(&r);
    if (framing > INDETERMINATE_RESPONSE)
        reader_fail(&r, STATUS_MALFORMED);
    head->is_response = framing == KNOWN_RESPONSE || framing == INDETERMINATE_RESPONSE;
    head->is_indeterminate = framing == INDETERMINATE_REQUEST || framing == INDETERMINATE_RESPONSE;
    if (head->is_response)
        read_status(&r, head);
    else
        read_request_control(&r, head);
    if (r.status != STATUS_OK || reader_left(&r) != 0 || !at_end)
        read_fields(&r, head->is_indeterminate, head);
    if (r.status == STATUS_TRUNCATED && len >= BHTTP_HEAD_MAX)
        r.status = STATUS_LIMIT;
    if (r.status == STATUS_OK) {
        *head_len = searched - reader_left(&r);
        return STATUS_OK;
    }
    reason_set(why, "Binary HTTP: the head is ", status_name(r.status), NULL);
    memset(head, 0, sizeof *head);
    return r.status;
}

const struct http_text *bhttp_head_get(const struct bhttp_head *head, const char *name)
{
    for (size_t i = 0; i < head->fields_n; i++) {
        if (http_text_is(&head->fields[i].name, name))
            return &head->fields[i].value;
    }
    return NULL;
}

/* Appends a piece: the first one stays where it is, a second one moves both into the arena. */
static enum status join(struct bhttp_message *message, struct arena *arena, uint8_t **joined, size_t capacity,
                        const uint8_t *piece, size_t piece_len)
{
    if (piece_len == 0)
        return STATUS_OK;
    if (message->content_len == 0) {
        message->content = piece;
        message->content_len = piece_len;
        return STATUS_OK;
    }
    if (*joined == NULL) {
        *joined = arena_take(arena, capacity, 1, 1);
        if (*joined == NULL)
            return STATUS_NO_MEMORY;
        memcpy(*joined, message->content, message->content_len);
        message->content = *joined;
    }
    memcpy(*joined + message->content_len, piece, piece_len);
    message->content_len += piece_len;
    return STATUS_OK;
}

enum status bhttp_parse(struct bhttp_message *message, struct arena *arena, const void *bytes, size_t len,
                        struct reason *why)
{
    struct bhttp_body body;
    size_t at;
    uint8_t *joined = NULL;
    memset(message, 0, sizeof *message);
    enum status status = bhttp_head_parse(&message->head, &at, bytes, len, true, why);
    if (status != STATUS_OK)
        return status;
    bhttp_body_init(&body, message->head.is_indeterminate);
    while (at < len && status == STATUS_OK) {
        const uint8_t *piece;
        size_t taken, piece_len;
        status = bhttp_body_parse(&body, &taken, &piece, &piece_len, (const uint8_t *)bytes + at, len - at);
        at += taken;
        if (status == STATUS_OK)
            status = join(message, arena, &joined, len, piece, piece_len);
    }
    if (status == STATUS_OK)
        status = bhttp_body_end(&body);
    if (status != STATUS_OK) {
        reason_set(why, "Binary HTTP: the content is ", status_name(status), NULL);
        memset(message, 0, sizeof *message);
    }
    return status;
}

static void write_text(struct writer *out, const struct http_text *text)
{
    varint_write(out, text->len);
    writer_bytes(out, text->text, text->len);
}

static void write_fields(struct writer *out, const struct bhttp_head *head)
{
    for (size_t i = 0; i < head->fields_n; i++) {
        if (!bhttp_is_name(&head->fields[i].name) || !bhttp_is_value(&head->fields[i].value))
            writer_fail(out, STATUS_USAGE);
        write_text(out, &head->fields[i].name);
        write_text(out, &head->fields[i].value);
    }
}

void bhttp_head_write(struct writer *out, const struct bhttp_head *head)
{
    struct writer measure;
    bool fits = head->fields_n <= BHTTP_FIELDS_MAX &&
                (head->is_response ? head->status >= 200 && head->status <= 599
                                   : bhttp_is_control(&head->method, &head->scheme, &head->authority, &head->path));
    if (!fits) {
        writer_fail(out, STATUS_USAGE);
        return;
    }
    if (head->is_response) {
        varint_write(out, head->is_indeterminate ? INDETERMINATE_RESPONSE : KNOWN_RESPONSE);
        varint_write(out, head->status);
    } else {
        varint_write(out, head->is_indeterminate ? INDETERMINATE_REQUEST : KNOWN_REQUEST);
        write_text(out, &head->method);
        write_text(out, &head->scheme);
        write_text(out, &head->authority);
        write_text(out, &head->path);
    }
    writer_init(&measure, NULL, 0);
    write_fields(&measure, head);
    if (!head->is_indeterminate)
        varint_write(out, measure.needed);
    write_fields(out, head);
    if (head->is_indeterminate)
        varint_write(out, 0);
}

void bhttp_content_write(struct writer *out, const void *content, size_t content_len)
{
    varint_write(out, content_len);
    writer_bytes(out, content, content_len);
    varint_write(out, 0);
}

void bhttp_piece_write(struct writer *out, const void *piece, size_t piece_len)
{
    if (piece_len == 0)
        return;
    varint_write(out, piece_len);
    writer_bytes(out, piece, piece_len);
}

void bhttp_end_write(struct writer *out)
{
    varint_write(out, 0);
    varint_write(out, 0);
}
