/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/channel.h"

#include "core/base/constant_time.h"
#include "core/base/reader.h"
#include "core/base/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct channel_entry {
    struct channel_entry *next;
    size_t len;
    uint8_t bytes[];
};

enum status channel_init(struct channel *c, int fd)
{
    int type = 0;
    socklen_t len = sizeof type;
    memset(c, 0, sizeof *c);
    c->fd = fd;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_SEQPACKET)
        return STATUS_BROKEN;
    return STATUS_OK;
}

static void write_head(uint8_t head[static CHANNEL_HEAD_LEN], enum message type, uint64_t id)
{
    struct writer w;
    writer_init(&w, head, CHANNEL_HEAD_LEN);
    writer_u32le(&w, (uint32_t)type);
    writer_u32le(&w, 0);
    writer_u64le(&w, id);
}

/* One packet of two pieces.  STATUS_BUSY when there is no room and flags say not to wait. */
static enum status send_packet(int fd, const void *first, size_t first_len, const void *second, size_t second_len,
                               int flags)
{
    struct iovec pieces[2] = {{.iov_len = first_len}, {.iov_len = second_len}};
    struct msghdr packet = {.msg_iov = pieces, .msg_iovlen = second_len == 0 ? 1 : 2};
    memcpy(&pieces[0].iov_base, &first, sizeof first); /* sendmsg does not write to them */
    memcpy(&pieces[1].iov_base, &second, sizeof second);
    for (;;) {
        ssize_t sent = sendmsg(fd, &packet, flags | MSG_NOSIGNAL);
        if (sent >= 0)
            return (size_t)sent == first_len + second_len ? STATUS_OK : STATUS_BROKEN;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
            return STATUS_BUSY;
        if (errno != EINTR)
            return STATUS_NOT_FOUND;
    }
}

enum status channel_send(struct channel *c, enum message type, uint64_t id, const void *payload, size_t len)
{
    uint8_t head[CHANNEL_HEAD_LEN];
    if (len > CHANNEL_PAYLOAD_MAX)
        return STATUS_LIMIT;
    write_head(head, type, id);
    return send_packet(c->fd, head, sizeof head, payload, len, 0);
}

enum status channel_flush(struct channel *c)
{
    while (c->first != NULL) {
        struct channel_entry *entry = c->first;
        enum status status = send_packet(c->fd, entry->bytes, entry->len, NULL, 0, MSG_DONTWAIT);
        if (status == STATUS_BUSY)
            return STATUS_OK;
        if (status != STATUS_OK)
            return status;
        c->first = entry->next;
        if (c->first == NULL)
            c->last = NULL;
        c->queued -= entry->len;
        wipe(entry->bytes, entry->len);
        free(entry);
    }
    return STATUS_OK;
}

enum status channel_queue(struct channel *c, enum message type, uint64_t id, const void *payload, size_t len)
{
    uint8_t head[CHANNEL_HEAD_LEN];
    if (len > CHANNEL_PAYLOAD_MAX || c->queued + len > CHANNEL_QUEUE_MAX)
        return STATUS_LIMIT;
    write_head(head, type, id);
    if (c->first == NULL) {
        enum status status = send_packet(c->fd, head, sizeof head, payload, len, MSG_DONTWAIT);
        if (status != STATUS_BUSY)
            return status;
    }
    struct channel_entry *entry = malloc(sizeof *entry + CHANNEL_HEAD_LEN + len);
    if (entry == NULL)
        return STATUS_NO_MEMORY;
    entry->next = NULL;
    entry->len = CHANNEL_HEAD_LEN + len;
    memcpy(entry->bytes, head, CHANNEL_HEAD_LEN);
    if (len != 0)
        memcpy(entry->bytes + CHANNEL_HEAD_LEN, payload, len);
    if (c->last == NULL)
        c->first = entry;
    else
        c->last->next = entry;
    c->last = entry;
    c->queued += entry->len;
    return STATUS_OK;
}

enum status channel_queue_parts(struct channel *c, enum message type, uint64_t id, const void *payload, size_t len)
{
    const uint8_t *at = payload;
    while (len > 0) {
        size_t part = len < CHANNEL_PAYLOAD_MAX ? len : CHANNEL_PAYLOAD_MAX;
        enum status status = channel_queue(c, type, id, at, part);
        if (status != STATUS_OK)
            return status;
        at += part;
        len -= part;
    }
    return STATUS_OK;
}

enum status channel_refuse(struct channel *warden, enum status status, const struct reason *why)
{
    uint8_t bytes[4 + REASON_SIZE];
    struct writer w;
    writer_init(&w, bytes, sizeof bytes);
    writer_u32le(&w, (uint32_t)status);
    writer_text(&w, why->text);
    return channel_send(warden, MESSAGE_REFUSED, 0, bytes, writer_len(&w));
}

bool channel_has_queued(const struct channel *c)
{
    return c->first != NULL;
}

enum status channel_receive(struct channel *c, struct channel_message *m, bool wait)
{
    uint8_t head[CHANNEL_HEAD_LEN];
    struct iovec pieces[2] = {{head, sizeof head}, {m->payload, sizeof m->payload}};
    struct msghdr packet = {.msg_iov = pieces, .msg_iovlen = 2};
    ssize_t got;
    do {
        got = recvmsg(c->fd, &packet, wait ? 0 : MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? STATUS_BUSY : STATUS_NOT_FOUND;
    if (got == 0)
        return STATUS_NOT_FOUND;
    if (got < CHANNEL_HEAD_LEN || (packet.msg_flags & MSG_TRUNC) != 0)
        return STATUS_MALFORMED;
    struct reader r;
    reader_init(&r, head, sizeof head);
    uint32_t type = reader_u32le(&r);
    uint32_t zero = reader_u32le(&r);
    m->id = reader_u64le(&r);
    m->len = (size_t)got - CHANNEL_HEAD_LEN;
    if (type < MESSAGE_GATE_HELLO || type > MESSAGE_END || zero != 0)
        return STATUS_MALFORMED;
    m->type = (enum message)type;
    return STATUS_OK;
}

enum status channel_dispatch(const struct channel_rule *rules, size_t rules_n, int state, void *context,
                             const struct channel_message *m)
{
    for (size_t i = 0; i < rules_n; i++) {
        const struct channel_rule *rule = &rules[i];
        if (rule->state == state && rule->type == m->type && m->len >= rule->len_min && m->len <= rule->len_max)
            return rule->handler(context, m);
    }
    return STATUS_REFUSED;
}
