/* SPDX-License-Identifier: Apache-2.0 */
/* Channels over a real socket pair: borders, bad packets, the queue; and the dispatch of messages by state.
 * EN-20 EN-21 */
#include "enclave/channel.h"

#include "tap.h"

#include <sys/socket.h>

static struct channel near, far;
static struct channel_message m;

static void open_pair(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0 || channel_init(&near, pair[0]) != STATUS_OK ||
        channel_init(&far, pair[1]) != STATUS_OK) {
        printf("Bail out! no socket pair\n");
        exit(1);
    }
}

static void close_pair(void)
{
    close(near.fd);
    close(far.fd);
}

static void test_borders(void)
{
    static uint8_t payload[CHANNEL_PAYLOAD_MAX + 1];
    static const size_t lens[] = {0, 1, 15, 16, 255, 4096, CHANNEL_PAYLOAD_MAX - 1, CHANNEL_PAYLOAD_MAX};
    open_pair();
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        uint64_t id = 0x0123456789abcdef + i;
        check(channel_send(&near, MESSAGE_META, id, payload, lens[i]) == STATUS_OK &&
                  channel_receive(&far, &m, true) == STATUS_OK && m.type == MESSAGE_META && m.id == id &&
                  m.len == lens[i] && memcmp(m.payload, payload, m.len) == 0,
              "%zu bytes arrive as they are", lens[i]);
    }
    check(channel_send(&near, MESSAGE_META, 1, payload, sizeof payload) == STATUS_LIMIT, "32769 bytes are not sent");
    check(channel_queue(&near, MESSAGE_META, 1, payload, sizeof payload) == STATUS_LIMIT, "nor queued");
    check(channel_receive(&far, &m, false) == STATUS_BUSY, "nothing waits");
    close(near.fd);
    check(channel_receive(&far, &m, true) == STATUS_NOT_FOUND, "the peer closed");
    check(channel_send(&far, MESSAGE_META, 1, payload, 1) == STATUS_NOT_FOUND, "sending to a closed peer");
    close(far.fd);
}

static void test_other_sockets(void)
{
    int pair[2];
    struct channel c;
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
    for (size_t i = 0; i < 2; i++) {
        if (socketpair(AF_UNIX, types[i], 0, pair) == 0) {
            check(channel_init(&c, pair[0]) == STATUS_BROKEN, "a socket of another kind is refused");
            close(pair[0]);
            close(pair[1]);
        }
    }
    check(channel_init(&c, -1) == STATUS_BROKEN, "no descriptor");
}

static void test_bad_packets(void)
{
    static uint8_t packet[CHANNEL_HEAD_LEN + CHANNEL_PAYLOAD_MAX + 1];
    static const uint32_t types[] = {0, MESSAGE_END + 1, 255, 256 + MESSAGE_META, 0x10000 + MESSAGE_META, UINT32_MAX};
    open_pair();
    for (size_t len = 1; len < CHANNEL_HEAD_LEN; len++) {
        packet[0] = MESSAGE_META;
        check(send(near.fd, packet, len, 0) == (ssize_t)len && channel_receive(&far, &m, true) == STATUS_MALFORMED,
              "EN-20: a packet of %zu bytes", len);
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        memcpy(packet, &types[i], 4);
        check(send(near.fd, packet, CHANNEL_HEAD_LEN, 0) > 0 && channel_receive(&far, &m, true) == STATUS_MALFORMED,
              "EN-20: type %u", types[i]);
    }
    memset(packet, 0, sizeof packet);
    packet[0] = MESSAGE_META;
    for (size_t at = 4; at < 8; at++) {
        packet[at] = 1;
        check(send(near.fd, packet, CHANNEL_HEAD_LEN, 0) > 0 && channel_receive(&far, &m, true) == STATUS_MALFORMED,
              "EN-20: byte %zu is not 0", at);
        packet[at] = 0;
    }
    check(send(near.fd, packet, sizeof packet, 0) > 0 && channel_receive(&far, &m, true) == STATUS_MALFORMED,
          "EN-20: a byte too long");
    check(send(near.fd, packet, sizeof packet - 1, 0) > 0 && channel_receive(&far, &m, true) == STATUS_OK &&
              m.len == CHANNEL_PAYLOAD_MAX,
          "the longest");
    close_pair();
}

/* Queues without a reader until memory's bound, then reads all back in order. */
static void test_queue(void)
{
    static uint8_t payload[CHANNEL_PAYLOAD_MAX];
    uint64_t sent = 0, seen = 0;
    enum status status = STATUS_OK;
    open_pair();
    while (status == STATUS_OK && sent < 100000) {
        memcpy(payload, &sent, sizeof sent);
        status = channel_queue(&near, MESSAGE_META, sent, payload, sizeof payload);
        sent += status == STATUS_OK;
    }
    check(status == STATUS_LIMIT && near.queued <= CHANNEL_QUEUE_MAX && channel_has_queued(&near),
          "a peer that does not read: the queue ends at its bound, %zu bytes", near.queued);
    bool in_order = true;
    while (in_order && seen < sent) {
        status = channel_flush(&near);
        while (channel_receive(&far, &m, false) == STATUS_OK)
            in_order = in_order && m.id == seen++ && m.len == sizeof payload && memcmp(m.payload, &m.id, 8) == 0;
        in_order = in_order && status == STATUS_OK;
    }
    check(in_order && seen == sent, "all of it arrives in order");
    check(!channel_has_queued(&near) && near.queued == 0 && near.first == NULL && near.last == NULL, "nothing is left");
    check(channel_queue(&near, MESSAGE_META_END, 9, NULL, 0) == STATUS_OK && !channel_has_queued(&near) &&
              channel_receive(&far, &m, true) == STATUS_OK && m.type == MESSAGE_META_END && m.len == 0,
          "with room it is sent at once");
    check(channel_queue_parts(&near, MESSAGE_META, 1, payload, 0) == STATUS_OK &&
              channel_receive(&far, &m, false) == STATUS_BUSY,
          "no parts of nothing");
    close_pair();
}

static void test_parts(void)
{
    static uint8_t whole[3 * CHANNEL_PAYLOAD_MAX + 5], back[sizeof whole];
    size_t len = 0;
    open_pair();
    for (size_t i = 0; i < sizeof whole; i++)
        whole[i] = (uint8_t)(i >> 3 ^ i);
    check(channel_queue_parts(&near, MESSAGE_META, 3, whole, sizeof whole) == STATUS_OK, "a payload in parts");
    for (unsigned part = 0; part < 4; part++) {
        if (channel_receive(&far, &m, true) == STATUS_OK && m.len <= sizeof back - len) {
            memcpy(back + len, m.payload, m.len);
            len += m.len;
        }
    }
    check(len == sizeof whole && memcmp(whole, back, len) == 0, "arrives whole");
    close_pair();
}

static int called;

static enum status row_one(void *context, const struct channel_message *message)
{
    (void)message;
    called = *(int *)context + 1;
    return STATUS_OK;
}

static enum status row_two(void *context, const struct channel_message *message)
{
    (void)message;
    called = *(int *)context + 2;
    return STATUS_BUSY;
}

static void test_dispatch(void)
{
    static const struct channel_rule rules[] = {
        {1, MESSAGE_REQUEST, 4, 8, row_one},
        {2, MESSAGE_REQUEST_END, 0, 0, row_two},
    };
    int base = 100, wrong = 0;
    for (int state = -1; state < 4; state++) {
        for (int type = MESSAGE_GATE_HELLO; type <= MESSAGE_END; type++) {
            for (size_t len = 0; len < 12; len++) {
                m.type = (enum message)type;
                m.len = len;
                called = 0;
                enum status status = channel_dispatch(rules, 2, state, &base, &m);
                bool one = state == 1 && type == MESSAGE_REQUEST && len >= 4 && len <= 8;
                bool two = state == 2 && type == MESSAGE_REQUEST_END && len == 0;
                wrong += status != (one ? STATUS_OK : two ? STATUS_BUSY : STATUS_REFUSED);
                wrong += called != (one ? 101 : two ? 102 : 0);
            }
        }
    }
    check(wrong == 0, "EN-21: a row's handler is called for its state, message and lengths alone");
    check(channel_dispatch(rules, 0, 1, &base, &m) == STATUS_REFUSED, "EN-21: an empty table");
}

int main(void)
{
    test_borders();
    test_other_sockets();
    test_bad_packets();
    test_queue();
    test_parts();
    test_dispatch();
    return tap_done();
}
