/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of a chat answer, whole and broken in every way a server or a cut could break it. */
#include "client/chat_stream.h"

#include "core/crypto/hash.h"
#include "tap.h"

#define EVENT(text)                                                                                                    \
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"},\"finish_reason\":null}]}\n\n"
#define USAGE   "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n"
#define RECEIPT ": cloister-receipt {\"a\":1}\n\n"
#define DONE    "data: [DONE]\n\n"

static const uint8_t request_hash[SHA256_LEN] = {7};

/* Feeds text in pieces of piece bytes; STATUS_OK when the stream took it all and ended well. */
static enum status feed(struct chat_stream *s, const char *text, size_t piece)
{
    struct reason why;
    size_t len = strlen(text);
    chat_stream_init(s, NULL, request_hash);
    for (size_t at = 0; at < len; at += piece) {
        size_t part = len - at < piece ? len - at : piece;
        uint8_t *copy = guarded_copy(text + at, part);
        bool taken = chat_stream_take(s, copy, part);
        guarded_free(copy, part);
        if (!taken)
            break;
    }
    return chat_stream_end(s, &why);
}

static const char whole[] = EVENT("Once") EVENT(" upon\\u0020a time") USAGE RECEIPT DONE;

static void reads_a_stream_in_any_pieces(void)
{
    struct chat_stream s;
    struct receipt_chain expected;
    uint8_t value[SHA256_LEN], response[SHA256_LEN], seen[SHA256_LEN], seen_response[SHA256_LEN];
    static const char *const covered[] = {EVENT("Once"), EVENT(" upon\\u0020a time"), USAGE};
    bool all = true;
    receipt_chain_init(&expected, request_hash);
    for (size_t i = 0; i < 3; i++)
        receipt_chain_add(&expected, covered[i], strlen(covered[i]));
    receipt_chain_end(&expected, 1, value, response);
    for (size_t piece = 1; piece <= sizeof whole; piece++) {
        all = all && feed(&s, whole, piece) == STATUS_OK && s.text_len == 16 &&
              memcmp(s.text, "Once upon a time", 16) == 0 && s.receipt_len == 8 &&
              memcmp(s.receipt, "{\"a\":1}\n", 8) == 0;
        receipt_chain_end(&s.chain, 1, seen, seen_response);
        all = all && memcmp(seen, value, sizeof seen) == 0 && memcmp(seen_response, response, sizeof response) == 0;
        chat_stream_free(&s);
    }
    check(all, "text, receipt and hash chain are the same for every cut into pieces");
}

static void every_prefix_is_truncated(void)
{
    struct chat_stream s;
    char text[sizeof whole];
    bool all = true;
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        memcpy(text, whole, len);
        text[len] = '\0';
        all = all && feed(&s, text, 7) == STATUS_TRUNCATED;
        chat_stream_free(&s);
    }
    check(all, "every prefix of a stream is truncated");
}

static void refuses(void)
{
    static const struct {
        const char *name, *text;
        enum status status;
    } rows[] = {
        {"no receipt", EVENT("a") DONE, STATUS_TRUNCATED},
        {"a receipt that is empty", EVENT("a") ": cloister-receipt \n\n" DONE, STATUS_MALFORMED},
        {"two receipts", EVENT("a") RECEIPT RECEIPT DONE, STATUS_MALFORMED},
        {"text behind the receipt", EVENT("a") RECEIPT EVENT("b") DONE, STATUS_MALFORMED},
        {"text behind the end", EVENT("a") RECEIPT DONE EVENT("b"), STATUS_MALFORMED},
        {"an event that is no JSON", "data: {\n\n" RECEIPT DONE, STATUS_MALFORMED},
        {"an event without choices", "data: {}\n\n" RECEIPT DONE, STATUS_MALFORMED},
        {"another field", "event: x\n\n" RECEIPT DONE, STATUS_MALFORMED},
        {"no events at all", "hello\n\n", STATUS_MALFORMED},
        {"rest without its end", EVENT("a") RECEIPT DONE "data:", STATUS_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct chat_stream s;
        enum status status = feed(&s, rows[i].text, 5);
        check(status == rows[i].status, "%s (%s)", rows[i].name, status_name(status));
        chat_stream_free(&s);
    }
}

static void shows_control_characters_to_no_terminal(void)
{
    struct chat_stream s;
    char shown[64] = {0};
    FILE *out = fmemopen(shown, sizeof shown, "w");
    chat_stream_init(&s, out, request_hash);
    s.escape = true; /* as for a terminal */
    static const char text[] = EVENT("a\\u001b[2Jb\\nc");
    check(chat_stream_take(&s, (const uint8_t *)text, sizeof text - 1), "taken");
    fclose(out);
    check(strcmp(shown, "a?[2Jb\nc") == 0, "an escape sequence of the model does not reach a terminal");
    chat_stream_free(&s);
}

int main(void)
{
    reads_a_stream_in_any_pieces();
    every_prefix_is_truncated();
    refuses();
    shows_control_characters_to_no_terminal();
    return tap_done();
}
