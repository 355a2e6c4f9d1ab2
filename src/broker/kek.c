/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/kek.h"

#include "core/base/constant_time.h"
#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/codec/hex.h"
#include "core/crypto/kdf.h"
#include "sys/file.h"
#include "sys/random.h"

#include <string.h>
#include <sys/stat.h>

#define BINDING_DOMAIN "cloister broker v1"

enum {
    BINDING_MAX = 256,
    KEK_TEXT_LEN = 2 * KEK_LEN,
};

static enum status file_create(struct kek *kek, const char *path, struct reason *why)
{
    char text[KEK_TEXT_LEN + 2];
    random_bytes(kek->bytes, sizeof kek->bytes);
    hex_write(text, kek->bytes, sizeof kek->bytes);
    text[KEK_TEXT_LEN] = '\n';
    enum status status = file_write(path, text, KEK_TEXT_LEN + 1, 0600, 0, why);
    wipe(text, sizeof text);
    return status;
}

/* Only the owner may have any access. */
static enum status check_private(const char *path, struct reason *why)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return status_from_errno(why, "cannot read the KEK file", path);
    if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0) {
        reason_set(why, "others can read the key file ", path, ": chmod 600 it", NULL);
        return STATUS_REFUSED;
    }
    return STATUS_OK;
}

static enum status file_open(struct kek *kek, const char *path, struct reason *why)
{
    uint8_t *text = NULL;
    size_t text_len = 0;
    enum status status = check_private(path, why);
    if (status == STATUS_OK)
        status = file_read(&text, &text_len, path, KEK_TEXT_LEN + 1, why);
    if (status != STATUS_OK)
        return status;
    size_t digits = text_len == KEK_TEXT_LEN + 1 && text[KEK_TEXT_LEN] == '\n' ? KEK_TEXT_LEN : text_len;
    status = hex_parse(kek->bytes, sizeof kek->bytes, (const char *)text, digits);
    if (status != STATUS_OK)
        reason_set(why, "the KEK file ", path, " does not hold 64 hexadecimal digits", NULL);
    file_free(text, text_len);
    return status;
}

static enum status passphrase_open(struct kek *kek, const struct kek_record *record, const char *path,
                                   struct reason *why)
{
    uint8_t *text = NULL;
    size_t text_len = 0;
    enum status status = check_private(path, why);
    if (status == STATUS_OK)
        status = file_read(&text, &text_len, path, KEK_PASSPHRASE_MAX, why);
    if (status != STATUS_OK)
        return status;
    size_t len = text_len != 0 && text[text_len - 1] == '\n' ? text_len - 1 : text_len;
    if (len < KEK_PASSPHRASE_MIN) {
        reason_set(why, "the passphrase in ", path, " is shorter than 8 characters", NULL);
        status = STATUS_USAGE;
    } else {
        status = scrypt_derive(kek->bytes, sizeof kek->bytes, text, len, record->salt, sizeof record->salt,
                               record->log2_n, record->r, record->p);
        if (status != STATUS_OK)
            reason_set(why, "scrypt failed: is there 128 MiB of memory?", NULL);
    }
    file_free(text, text_len);
    return status;
}

enum status kek_create(struct kek *kek, struct kek_record *record, const struct kek_source *source, struct reason *why)
{
    memset(record, 0, sizeof *record);
    if (source->passphrase_file == NULL) {
        record->kind = KEK_FILE;
        enum status status = file_create(kek, source->file, why);
        return status == STATUS_EXISTS ? file_open(kek, source->file, why) : status;
    }
    record->kind = KEK_PASSPHRASE;
    random_bytes(record->salt, sizeof record->salt);
    record->log2_n = 17; /* 128 MiB, well under a second: RFC 7914 section 2 */
    record->r = 8;
    record->p = 1;
    return passphrase_open(kek, record, source->passphrase_file, why);
}

enum status kek_open(struct kek *kek, const struct kek_record *record, const struct kek_source *source,
                     struct reason *why)
{
    switch (record->kind) {
    case KEK_FILE:
        if (source->passphrase_file == NULL)
            return file_open(kek, source->file, why);
        reason_set(why, "this broker's KEK is a file, not a passphrase", NULL);
        return STATUS_USAGE;
    case KEK_PASSPHRASE:
        if (source->passphrase_file != NULL)
            return passphrase_open(kek, record, source->passphrase_file, why);
        reason_set(why, "this broker's KEK is a passphrase: name it with --passphrase-file", NULL);
        return STATUS_USAGE;
    }
    reason_set(why, "the KEK is of a kind that this build does not know", NULL);
    return STATUS_UNSUPPORTED;
}

void kek_record_write(uint8_t out[static KEK_RECORD_LEN], const struct kek_record *record)
{
    struct writer w;
    writer_init(&w, out, KEK_RECORD_LEN);
    writer_u8(&w, (uint8_t)record->kind);
    writer_bytes(&w, record->salt, sizeof record->salt);
    writer_u8(&w, record->log2_n);
    writer_u32be(&w, record->r);
    writer_u32be(&w, record->p);
}

enum status kek_record_parse(struct kek_record *record, const uint8_t *bytes, size_t bytes_len, struct reason *why)
{
    struct reader r;
    reader_init(&r, bytes, bytes_len);
    uint8_t kind = reader_u8(&r);
    memset(record, 0, sizeof *record);
    reader_copy(&r, record->salt, sizeof record->salt);
    record->log2_n = reader_u8(&r);
    record->r = reader_u32be(&r);
    record->p = reader_u32be(&r);
    record->kind = kind == KEK_PASSPHRASE ? KEK_PASSPHRASE : KEK_FILE;
    if (reader_end(&r) == STATUS_OK && (kind == KEK_FILE || kind == KEK_PASSPHRASE))
        return STATUS_OK;
    memset(record, 0, sizeof *record);
    reason_set(why, "the database's record of the KEK is damaged", NULL);
    return STATUS_MALFORMED;
}

/* AAD = label 00 | purpose 00 | model root | key id */
static enum status write_binding(struct writer *w, const struct kek_binding *binding)
{
    writer_bytes(w, BINDING_DOMAIN, sizeof BINDING_DOMAIN);
    writer_bytes(w, binding->purpose, strlen(binding->purpose) + 1);
    writer_bytes(w, binding->model_root, sizeof binding->model_root);
    writer_bytes(w, binding->key_id, sizeof binding->key_id);
    return writer_end(w);
}

enum status kek_wrap(uint8_t wrapped[static KEK_WRAPPED_LEN], const struct kek *kek, const struct kek_binding *binding,
                     const uint8_t secret[static KEK_SECRET_LEN])
{
    uint8_t aad[BINDING_MAX];
    struct writer w;
    writer_init(&w, aad, sizeof aad);
    enum status status = write_binding(&w, binding);
    if (status != STATUS_OK)
        return status;
    random_bytes(wrapped, AEAD_NONCE_LEN);
    return aead_seal(AEAD_AES_256_GCM, wrapped + AEAD_NONCE_LEN, kek->bytes, wrapped, aad, writer_len(&w), secret,
                     KEK_SECRET_LEN);
}

enum status kek_unwrap(uint8_t secret[static KEK_SECRET_LEN], const struct kek *kek, const struct kek_binding *binding,
                       const uint8_t wrapped[static KEK_WRAPPED_LEN])
{
    uint8_t aad[BINDING_MAX];
    struct writer w;
    writer_init(&w, aad, sizeof aad);
    wipe(secret, KEK_SECRET_LEN);
    enum status status = write_binding(&w, binding);
    if (status != STATUS_OK)
        return status;
    return aead_open(AEAD_AES_256_GCM, secret, kek->bytes, wrapped, aad, writer_len(&w), wrapped + AEAD_NONCE_LEN,
                     KEK_SECRET_LEN + AEAD_TAG_LEN);
}
