/* SPDX-License-Identifier: Apache-2.0 */
#include "client/fernet.h"

#include "core/base/constant_time.h"
#include "core/base/reader.h"
#include "core/codec/base64.h"
#include "sys/file.h"

#include <stdlib.h>
#include <string.h>

enum {
    VERSION = 0x80,
    HMAC_BLOCK_LEN = 64,
    READ_MAX = (1 << 20) + 3 * CBC_BLOCK_LEN, /* binary bytes wanted at once */
    TEXT_MAX = READ_MAX / 3 * 4 + 16,         /* their base64, grown to whole groups on both sides */
};

enum status fernet_key_parse(struct fernet_key *key, const char *text, size_t text_len, struct reason *why)
{
    uint8_t bytes[32];
    size_t bytes_len = 0;
    enum status status = STATUS_MALFORMED;
    if (text_len != 0 && text[text_len - 1] == '\n')
        text_len--;
    if (text_len == 44 && text[43] == '=')
        status = base64_parse(BASE64_URL, bytes, sizeof bytes, &bytes_len, text, 43);
    if (status == STATUS_OK && bytes_len == sizeof bytes) {
        memcpy(key->signing, bytes, 16);
        memcpy(key->encryption, bytes + 16, 16);
    } else {
        memset(key, 0, sizeof *key);
        reason_set(why, "a Fernet key is 32 bytes in URL-safe base64 (44 characters) and nothing else", NULL);
        status = STATUS_MALFORMED;
    }
    wipe(bytes, sizeof bytes);
    return status;
}

enum status fernet_head_parse(uint64_t *timestamp_s, uint8_t iv[static CBC_BLOCK_LEN], const uint8_t *bytes,
                              size_t bytes_len, struct reason *why)
{
    struct reader r;
    reader_init(&r, bytes, bytes_len);
    if (reader_u8(&r) != VERSION)
        reader_fail(&r, STATUS_MALFORMED);
    *timestamp_s = reader_u64be(&r);
    reader_copy(&r, iv, CBC_BLOCK_LEN);
    enum status status = reader_end(&r);
    if (status != STATUS_OK)
        reason_set(why, "this is no Fernet file", NULL);
    return status;
}

/* Binary bytes [offset, offset + len) of the token, decoded from the file. */
static enum status read_binary(struct fernet *f, uint64_t offset, uint8_t *out, size_t len, struct reason *why)
{
    uint64_t from = offset / 3 * 4, to = (offset + len + 2) / 3 * 4;
    size_t skip = (size_t)(offset % 3), decoded_len;
    if (to > f->text_len)
        to = f->text_len;
    size_t text_len = (size_t)(to - from);
    enum status status = fd_pread_all(f->fd, f->text, text_len, from, why);
    if (status != STATUS_OK)
        return status;
    for (unsigned i = 0; i < 2 && to == f->text_len && text_len != 0 && f->text[text_len - 1] == '='; i++)
        text_len--; /* the URL-safe kind is parsed without its padding */
    uint8_t *decoded = f->text + f->text_capacity / 2;
    status = base64_parse(BASE64_URL, decoded, f->text_capacity / 2, &decoded_len, (const char *)f->text, text_len);
    if (status != STATUS_OK || decoded_len < skip + len) {
        reason_set(why, "the Fernet file is not base64 near byte ", NULL);
        reason_add_u64(why, from);
        return STATUS_MALFORMED;
    }
    memcpy(out, decoded + skip, len);
    return STATUS_OK;
}

/* How many characters of base64 and how many bytes behind them: a newline at the end is left out. */
static enum status measure(struct fernet *f, uint64_t file_len, struct reason *why)
{
    char end[3] = "";
    uint64_t len = file_len;
    enum status status = file_len < 4 ? STATUS_TRUNCATED : fd_pread_all(f->fd, end, 3, file_len - 3, why);
    if (status == STATUS_OK && end[2] == '\n') {
        len--;
        status = fd_pread_all(f->fd, end, 3, len - 3, why);
    }
    if (status != STATUS_OK || len % 4 != 0) {
        reason_set(why, "this is no Fernet file, or not all of it", NULL);
        return status == STATUS_IO ? status : STATUS_MALFORMED;
    }
    f->text_len = len;
    f->binary_len = len / 4 * 3 - (end[2] == '=') - (end[2] == '=' && end[1] == '=');
    uint64_t least = FERNET_HEAD_LEN + CBC_BLOCK_LEN + FERNET_TAG_LEN;
    if (f->binary_len < least || (f->binary_len - least) % CBC_BLOCK_LEN != 0) {
        reason_set(why, "the Fernet file has a length that none can have; fetch it whole", NULL);
        return STATUS_TRUNCATED;
    }
    f->cipher_len = f->binary_len - FERNET_HEAD_LEN - FERNET_TAG_LEN;
    return STATUS_OK;
}

/* The block before the ciphertext byte at offset, a multiple of 16. */
static enum status read_iv(struct fernet *f, uint64_t offset, uint8_t iv[CBC_BLOCK_LEN], struct reason *why)
{
    if (offset != 0 && !f->authentic && f->hashed_len == FERNET_HEAD_LEN + offset) {
        memcpy(iv, f->last, CBC_BLOCK_LEN); /* the very bytes that were hashed */
        return STATUS_OK;
    }
    if (offset != 0)
        return read_binary(f, FERNET_HEAD_LEN + offset - CBC_BLOCK_LEN, iv, CBC_BLOCK_LEN, why);
    memcpy(iv, f->iv, CBC_BLOCK_LEN);
    return STATUS_OK;
}

static enum status not_genuine(struct reason *why)
{
    reason_set(why, "the Fernet key does not belong to this file, or the file was changed", NULL);
    return STATUS_FORGED;
}

/* PKCS 7: as many bytes, each of that value. */
static enum status check_padding(const uint8_t *bytes, size_t len, struct reason *why)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != len)
            return not_genuine(why);
    return STATUS_OK;
}

/* The padding in the last block.  What it says is confirmed in the first pass, under the tag. */
static enum status read_padding(struct fernet *f, struct reason *why)
{
    uint8_t block[CBC_BLOCK_LEN], iv[CBC_BLOCK_LEN];
    uint64_t last = f->cipher_len - CBC_BLOCK_LEN;
    enum status status = read_iv(f, last, iv, why);
    if (status == STATUS_OK)
        status = read_binary(f, FERNET_HEAD_LEN + last, block, sizeof block, why);
    if (status == STATUS_OK)
        status = cbc_aes128_decrypt(block, f->key.encryption, iv, block, sizeof block);
    size_t padding = block[CBC_BLOCK_LEN - 1];
    if (status == STATUS_OK && (padding == 0 || padding > CBC_BLOCK_LEN))
        status = not_genuine(why);
    else if (status == STATUS_OK)
        status = check_padding(block + CBC_BLOCK_LEN - padding, padding, why);
    if (status == STATUS_OK)
        f->plain_len = f->cipher_len - padding;
    wipe(block, sizeof block);
    return status;
}

/* HMAC (RFC 2104) as two running hashes: the inner one starts here. */
static void start_hmac(struct hash *h, const struct fernet_key *key, uint8_t pad)
{
    uint8_t block[HMAC_BLOCK_LEN];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < sizeof key->signing; i++)
        block[i] = (uint8_t)(key->signing[i] ^ pad);
    hash_init(h, HASH_SHA256);
    hash_add(h, block, sizeof block);
    wipe(block, sizeof block);
}

enum status fernet_open(struct fernet *f, int fd, uint64_t file_len, const struct fernet_key *key, struct reason *why)
{
    uint8_t head[FERNET_HEAD_LEN];
    uint64_t timestamp_s;
    memset(f, 0, sizeof *f);
    f->fd = fd;
    f->key = *key;
    f->text_capacity = 2 * (file_len < TEXT_MAX ? (size_t)file_len + 16 : TEXT_MAX);
    f->text = malloc(f->text_capacity);
    enum status status = f->text == NULL ? STATUS_NO_MEMORY : measure(f, file_len, why);
    if (status == STATUS_OK)
        status = read_binary(f, 0, head, sizeof head, why);
    if (status == STATUS_OK)
        status = fernet_head_parse(&timestamp_s, f->iv, head, sizeof head, why);
    if (status == STATUS_OK)
        status = read_padding(f, why);
    if (status == STATUS_OK) {
        start_hmac(&f->inner, &f->key, 0x36);
        hash_add(&f->inner, head, sizeof head);
        f->hashed_len = sizeof head;
    } else {
        fernet_close(f);
    }
    return status;
}

void fernet_close(struct fernet *f)
{
    if (f->text != NULL)
        wipe(f->text, f->text_capacity);
    free(f->text);
    wipe(f, sizeof *f);
}

enum status fernet_read(struct fernet *f, uint64_t offset, uint8_t *out, size_t len, struct reason *why)
{
    static const size_t mask = CBC_BLOCK_LEN - 1;
    uint8_t iv[CBC_BLOCK_LEN];
    size_t cipher_len = (len + mask) & ~mask;
    uint64_t binary_at = FERNET_HEAD_LEN + offset;
    if ((offset & mask) != 0 || len > (1 << 20) || offset > f->plain_len || len > f->plain_len - offset ||
        (!f->authentic && binary_at != f->hashed_len))
        return STATUS_BROKEN;
    uint8_t *cipher = malloc(cipher_len + 1);
    if (cipher == NULL)
        return STATUS_NO_MEMORY;
    enum status status = read_iv(f, offset, iv, why);
    if (status == STATUS_OK)
        status = read_binary(f, binary_at, cipher, cipher_len, why);
    if (status == STATUS_OK && !f->authentic && cipher_len != 0) {
        hash_add(&f->inner, cipher, cipher_len);
        f->hashed_len += cipher_len;
        memcpy(f->last, cipher + cipher_len - CBC_BLOCK_LEN, CBC_BLOCK_LEN);
    }
    if (status == STATUS_OK)
        status = cbc_aes128_decrypt(cipher, f->key.encryption, iv, cipher, cipher_len);
    if (status == STATUS_OK && offset + len == f->plain_len)
        status = check_padding(cipher + len, cipher_len - len, why);
    if (status == STATUS_OK)
        memcpy(out, cipher, len);
    file_free(cipher, cipher_len);
    return status;
}

/* The last block, when it is all padding, and so was in no read. */
static enum status end_padding(struct fernet *f, struct reason *why)
{
    uint8_t block[CBC_BLOCK_LEN];
    uint64_t left = FERNET_HEAD_LEN + f->cipher_len - f->hashed_len;
    if (left == 0)
        return STATUS_OK;
    if (left != CBC_BLOCK_LEN)
        return STATUS_BROKEN;
    enum status status = read_binary(f, f->hashed_len, block, sizeof block, why);
    if (status != STATUS_OK)
        return status;
    hash_add(&f->inner, block, sizeof block);
    const uint8_t *iv = f->hashed_len == FERNET_HEAD_LEN ? f->iv : f->last;
    status = cbc_aes128_decrypt(block, f->key.encryption, iv, block, sizeof block);
    return status == STATUS_OK ? check_padding(block, sizeof block, why) : status;
}

enum status fernet_end_first_pass(struct fernet *f, struct reason *why)
{
    uint8_t stated[FERNET_TAG_LEN], inner[SHA256_LEN], tag[SHA256_LEN];
    struct hash outer;
    enum status status = end_padding(f, why);
    if (status == STATUS_OK)
        status = read_binary(f, FERNET_HEAD_LEN + f->cipher_len, stated, sizeof stated, why);
    if (status != STATUS_OK)
        return status;
    hash_end(&f->inner, inner);
    start_hmac(&outer, &f->key, 0x5c);
    hash_add(&outer, inner, sizeof inner);
    hash_end(&outer, tag);
    f->authentic = constant_time_equal(tag, stated, sizeof tag);
    return f->authentic ? STATUS_OK : not_genuine(why);
}
