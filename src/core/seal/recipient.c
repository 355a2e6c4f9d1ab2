/* SPDX-License-Identifier: Apache-2.0 */
#include "core/seal/recipient.h"

#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "core/codec/base64.h"
#include "core/crypto/hash.h"

#include <stdbool.h>
#include <string.h>

enum { KEY_TEXT_LEN = 44 }; /* 32 bytes in base64 with padding */

static const char public_word[] = "cloister-x25519 ";
static const char private_word[] = "cloister-x25519-private ";

static bool comment_is_plain(const char *comment, size_t len)
{
    bool plain = len <= SEAL_COMMENT_MAX && (len == 0 || (comment[0] != ' ' && comment[len - 1] != ' '));
    for (size_t i = 0; i < len; i++)
        plain = plain && comment[i] >= 0x20 && comment[i] < 0x7f;
    return plain;
}

/* WORD BASE64[ COMMENT]\n */
static enum status write_line(char *out, size_t *out_len, const char *word, const uint8_t key[32], const char *comment)
{
    char text[KEY_TEXT_LEN + 1];
    struct writer w;
    *out_len = 0;
    out[0] = '\0';
    if (!comment_is_plain(comment, strlen(comment)))
        return STATUS_USAGE;
    base64_write(BASE64_STANDARD, text, key, 32);
    writer_init(&w, out, SEAL_KEY_LINE_MAX - 1);
    writer_text(&w, word);
    writer_text(&w, text);
    if (comment[0] != '\0')
        writer_text(&w, " ");
    writer_text(&w, comment);
    writer_text(&w, "\n");
    wipe(text, sizeof text);
    *out_len = writer_len(&w);
    out[*out_len] = '\0';
    return writer_end(&w);
}

static enum status parse_line(uint8_t key[32], char *comment, const char *text, size_t text_len, const char *word)
{
    size_t word_len = strlen(word), key_len;
    if (text_len != 0 && text[text_len - 1] == '\n')
        text_len--;
    if (text_len < word_len + KEY_TEXT_LEN || memcmp(text, word, word_len) != 0)
        return STATUS_MALFORMED;
    const char *rest = text + word_len + KEY_TEXT_LEN;
    size_t rest_len = text_len - word_len - KEY_TEXT_LEN;
    if (rest_len != 0 && (rest[0] != ' ' || rest_len == 1))
        return STATUS_MALFORMED;
    if (rest_len != 0) {
        rest++;
        rest_len--;
    }
    if (!comment_is_plain(rest, rest_len))
        return STATUS_MALFORMED;
    memcpy(comment, rest, rest_len);
    comment[rest_len] = '\0';
    enum status status = base64_parse(BASE64_STANDARD, key, 32, &key_len, text + word_len, KEY_TEXT_LEN);
    return status == STATUS_OK && key_len != 32 ? STATUS_MALFORMED : status;
}

enum status seal_recipient_write(char out[static SEAL_KEY_LINE_MAX], size_t *out_len,
                                 const struct seal_recipient *recipient)
{
    return write_line(out, out_len, public_word, recipient->public_key, recipient->comment);
}

enum status seal_recipient_parse(struct seal_recipient *recipient, const char *text, size_t text_len,
                                 struct reason *why)
{
    memset(recipient, 0, sizeof *recipient);
    enum status status = parse_line(recipient->public_key, recipient->comment, text, text_len, public_word);
    if (status != STATUS_OK) {
        memset(recipient, 0, sizeof *recipient);
        reason_set(why, "a public key is one line: cloister-x25519 BASE64 [COMMENT]", NULL);
    }
    return status == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

enum status seal_identity_write(char out[static SEAL_KEY_LINE_MAX], size_t *out_len,
                                const struct x25519_private *private_key, const char *comment)
{
    return write_line(out, out_len, private_word, private_key->bytes, comment);
}

enum status seal_identity_parse(struct x25519_private *private_key, const char *text, size_t text_len,
                                struct reason *why)
{
    char comment[SEAL_COMMENT_MAX + 1];
    memset(private_key, 0, sizeof *private_key);
    enum status status = parse_line(private_key->bytes, comment, text, text_len, private_word);
    if (status != STATUS_OK) {
        wipe(private_key, sizeof *private_key);
        reason_set(why, "an identity is one line: cloister-x25519-private BASE64 [COMMENT]", NULL);
    }
    return status == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

void seal_raw_key_write(char out[static SEAL_KEY_LINE_MAX], size_t *out_len, const struct seal_raw_key *key)
{
    base64_write(BASE64_STANDARD, out, key->bytes, sizeof key->bytes);
    out[KEY_TEXT_LEN] = '\n';
    out[KEY_TEXT_LEN + 1] = '\0';
    *out_len = KEY_TEXT_LEN + 1;
}

enum status seal_raw_key_parse(struct seal_raw_key *key, const char *text, size_t text_len, struct reason *why)
{
    char standard[KEY_TEXT_LEN];
    size_t key_len;
    enum status status = STATUS_MALFORMED;
    memset(key, 0, sizeof *key);
    if (text_len != 0 && text[text_len - 1] == '\n')
        text_len--;
    if (text_len == KEY_TEXT_LEN) {
        for (size_t i = 0; i < KEY_TEXT_LEN; i++)
            standard[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
        status = base64_parse(BASE64_STANDARD, key->bytes, sizeof key->bytes, &key_len, standard, sizeof standard);
        if (status == STATUS_OK && key_len != sizeof key->bytes)
            status = STATUS_MALFORMED;
    }
    if (status != STATUS_OK) {
        wipe(key, sizeof *key);
        reason_set(why, "a raw key is 32 bytes in base64 (44 characters) and nothing else", NULL);
    }
    wipe(standard, sizeof standard);
    return status == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

/* The first half of SHA-256(label with its NUL, key). */
static void derive_id(uint8_t id[SEAL_RECIPIENT_ID_LEN], const char *label, const uint8_t key[32])
{
    uint8_t full[SHA256_LEN];
    struct hash h;
    hash_init(&h, HASH_SHA256);
    hash_add(&h, label, strlen(label) + 1);
    hash_add(&h, key, 32);
    hash_end(&h, full);
    memcpy(id, full, SEAL_RECIPIENT_ID_LEN);
}

void seal_recipient_id(uint8_t id[static SEAL_RECIPIENT_ID_LEN], const uint8_t public_key[static X25519_LEN])
{
    derive_id(id, "cloister recipient x25519 v1", public_key);
}

void seal_raw_key_id(uint8_t id[static SEAL_RECIPIENT_ID_LEN], const struct seal_raw_key *key)
{
    derive_id(id, "cloister recipient raw key v1", key->bytes);
}
