/* SPDX-License-Identifier: Apache-2.0 */
#include "client/keys.h"

#include "client/keys_file.h"
#include "client/keys_rewrap.h"
#include "core/base/constant_time.h"
#include "core/codec/hex.h"
#include "sys/console.h"
#include "sys/file.h"
#include "sys/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int new_run(const struct command_line *line);
static int show_run(const struct command_line *line);
static int rewrap_run(const struct command_line *line);

static const struct command_option new_options[] = {
    {"identity", NULL, "an X25519 identity in OUT, its public key in OUT.pub (default: a raw 32-byte key)"},
    {"comment", "TEXT", "a word for people, kept with an identity"},
    {NULL, NULL, NULL},
};

static const struct command_option show_options[] = {
    {NULL, NULL, NULL},
};

static const struct command_option rewrap_options[] = {
    {"raw-key", "FILE", "32-byte key in base64, made by `cloister keys new`"},
    {"identity", "FILE", "X25519 identity, made by `cloister keys new --identity`"},
    {"add-for", "BROKER_PUB", "also seal for the holder of this public key; may be repeated"},
    {"add-raw-key", "FILE", "also seal for the holder of this raw key; may be repeated"},
    {"remove", "ID", "no longer for this recipient (as `cloister inspect` names it); may be repeated"},
    {NULL, NULL, NULL},
};

const struct command keys_commands[] = {
    {"keys new", "OUT", 1, 1, "make a raw key or an identity, mode 0600", new_options, new_run},
    {"keys show", "FILE", 1, 1, "show what may be shown of a key file", show_options, show_run},
    {"keys rewrap", "SEALED", 1, 1, "exchange for whom a model is sealed, without encrypting it again", rewrap_options,
     rewrap_run},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};

static enum status write_raw_key(const char *path, struct reason *why)
{
    struct seal_raw_key key;
    char text[SEAL_KEY_LINE_MAX];
    size_t text_len;
    random_bytes(&key, sizeof key);
    seal_raw_key_write(text, &text_len, &key);
    enum status status = file_write(path, text, text_len, 0600, 0, why);
    wipe(&key, sizeof key);
    wipe(text, sizeof text);
    return status;
}

static enum status write_identity(const char *path, const char *comment, struct reason *why)
{
    struct x25519_private identity;
    struct seal_recipient recipient = {.comment = ""};
    char text[SEAL_KEY_LINE_MAX], public_text[SEAL_KEY_LINE_MAX], public_path[4096];
    size_t text_len, public_len;
    random_bytes(&identity, sizeof identity);
    enum status status = seal_identity_write(text, &text_len, &identity, comment);
    if (status == STATUS_OK)
        status = x25519_public(recipient.public_key, &identity);
    if (status == STATUS_OK) {
        snprintf(recipient.comment, sizeof recipient.comment, "%s", comment);
        status = seal_recipient_write(public_text, &public_len, &recipient);
    }
    if (status != STATUS_OK)
        reason_set(why, "a comment is at most 128 printable ASCII characters, without space at either end", NULL);
    if (status == STATUS_OK &&
        (size_t)snprintf(public_path, sizeof public_path, "%s.pub", path) >= sizeof public_path) {
        reason_set(why, "the path of the public key is too long", NULL);
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK)
        status = file_write(path, text, text_len, 0600, 0, why);
    if (status == STATUS_OK) {
        status = file_write(public_path, public_text, public_len, 0644, 0, why);
        if (status != STATUS_OK)
            unlink(path); /* made just above; half a pair is of no use */
    }
    wipe(&identity, sizeof identity);
    wipe(text, sizeof text);
    if (status == STATUS_OK)
        printf("%s", public_text);
    return status;
}

static int new_run(const struct command_line *line)
{
    const char *comment = command_value(line, "comment");
    struct reason why = {""};
    enum status status;
    if (command_flag(line, "identity"))
        status = write_identity(line->arguments[0], comment == NULL ? "" : comment, &why);
    else
        status = write_raw_key(line->arguments[0], &why);
    if (status == STATUS_OK)
        return EXIT_CODE_OK;
    return console_fail(status, &why, status == STATUS_EXISTS ? "a key is never overwritten; take another name" : NULL);
}

static void print_id(const uint8_t id[SEAL_RECIPIENT_ID_LEN])
{
    char text[2 * SEAL_RECIPIENT_ID_LEN + 1];
    hex_write(text, id, SEAL_RECIPIENT_ID_LEN);
    printf("recipient %s\n", text);
}

/* Tells the three kinds of file apart by parsing; never prints a secret. */
static enum status show(const char *path, struct reason *why)
{
    struct seal_recipient recipient = {.comment = ""};
    struct x25519_private identity;
    struct seal_raw_key raw_key;
    uint8_t id[SEAL_RECIPIENT_ID_LEN], *bytes;
    char text[SEAL_KEY_LINE_MAX];
    size_t bytes_len, len;
    enum status status = file_read(&bytes, &bytes_len, path, SEAL_KEY_LINE_MAX, why);
    if (status != STATUS_OK)
        return status;
    bool is_identity = seal_identity_parse(&identity, (const char *)bytes, bytes_len, NULL) == STATUS_OK;
    if (seal_raw_key_parse(&raw_key, (const char *)bytes, bytes_len, NULL) == STATUS_OK) {
        seal_raw_key_id(id, &raw_key);
        printf("raw key\n");
        print_id(id);
        goto out;
    }
    status = is_identity ? x25519_public(recipient.public_key, &identity)
                         : seal_recipient_parse(&recipient, (const char *)bytes, bytes_len, NULL);
    if (status == STATUS_OK)
        status = seal_recipient_write(text, &len, &recipient);
    if (status != STATUS_OK) {
        reason_set(why, path, " is no raw key, no identity and no public key", NULL);
        goto out;
    }
    printf("%s%s", is_identity ? "identity with public key\n" : "", text);
    seal_recipient_id(id, recipient.public_key);
    print_id(id);
out:
    wipe(&identity, sizeof identity);
    wipe(&raw_key, sizeof raw_key);
    file_free(bytes, bytes_len);
    return status;
}

static int show_run(const struct command_line *line)
{
    struct reason why = {""};
    enum status status = show(line->arguments[0], &why);
    return status == STATUS_OK ? EXIT_CODE_OK : console_fail(status, &why, NULL);
}

static enum status add_for(struct seal_wraps *wraps, const struct model_stream *s, const struct seal_dek *dek,
                           const char *path, struct reason *why)
{
    struct seal_recipient recipient;
    struct x25519_private ephemeral;
    struct seal_wrap wrap;
    enum status status = keys_recipient_read(&recipient, path, why);
    if (status != STATUS_OK)
        return status;
    random_bytes(&ephemeral, sizeof ephemeral);
    status = seal_wrap_for_broker(&wrap, &recipient, &ephemeral, s->header_hash, dek);
    wipe(&ephemeral, sizeof ephemeral);
    return status == STATUS_OK ? seal_wraps_add(wraps, &wrap) : status;
}

static enum status add_raw_key(struct seal_wraps *wraps, const struct model_stream *s, const struct seal_dek *dek,
                               const char *path, struct reason *why)
{
    struct seal_raw_key key;
    uint8_t nonce[AEAD_NONCE_LEN];
    struct seal_wrap wrap;
    enum status status = keys_raw_key_read(&key, path, why);
    if (status != STATUS_OK)
        return status;
    random_bytes(nonce, sizeof nonce);
    status = seal_wrap_for_raw_key(&wrap, &key, nonce, s->header_hash, dek);
    wipe(&key, sizeof key);
    return status == STATUS_OK ? seal_wraps_add(wraps, &wrap) : status;
}

static enum status remove_id(struct seal_wraps *wraps, const char *text, struct reason *why)
{
    uint8_t id[SEAL_RECIPIENT_ID_LEN];
    enum status status = hex_parse(id, sizeof id, text, strlen(text));
    if (status != STATUS_OK) {
        reason_set(why, "a recipient is named by 32 hexadecimal digits, as `cloister inspect` prints them", NULL);
        return STATUS_USAGE;
    }
    status = seal_wraps_remove(wraps, id);
    if (status != STATUS_OK)
        reason_set(why, "the model is not sealed for ", text, NULL);
    return status;
}

/* Removes first, so that a key can be exchanged for another when the list is full. */
static enum status change_wraps(struct seal_wraps *wraps, const struct model_stream *s, const struct seal_dek *dek,
                                const struct command_line *line, struct reason *why)
{
    enum status status = STATUS_OK;
    const char *value;
    for (size_t i = 0; status == STATUS_OK && (value = command_value_nth(line, "remove", i)) != NULL; i++)
        status = remove_id(wraps, value, why);
    for (size_t i = 0; status == STATUS_OK && (value = command_value_nth(line, "add-for", i)) != NULL; i++)
        status = add_for(wraps, s, dek, value, why);
    for (size_t i = 0; status == STATUS_OK && (value = command_value_nth(line, "add-raw-key", i)) != NULL; i++)
        status = add_raw_key(wraps, s, dek, value, why);
    if (status == STATUS_OK && wraps->wraps_n == 0) {
        reason_set(why, "then nobody could open the model: add a key as well", NULL);
        status = STATUS_USAGE;
    }
    return status;
}

static enum status rewrap(const struct command_line *line, struct reason *why)
{
    struct seal_dek dek = {{0}};
    int fd = -1;
    enum status status = STATUS_NO_MEMORY;
    struct model_stream *s = malloc(sizeof *s);
    struct seal_wraps *wraps = malloc(sizeof *wraps);
    if (s == NULL || wraps == NULL)
        goto out;
    status = keys_rewrap_open(&fd, s, line->arguments[0], why);
    if (status == STATUS_OK)
        status = keys_open(&dek, s, line, why);
    if (status == STATUS_OK) {
        *wraps = s->wraps;
        status = change_wraps(wraps, s, &dek, line, why);
    }
    if (status == STATUS_OK)
        status = keys_rewrap_write(s, wraps, why);
out:
    wipe(&dek, sizeof dek);
    if (fd >= 0)
        close(fd);
    free(wraps);
    free(s);
    return status;
}

static int rewrap_run(const struct command_line *line)
{
    struct reason why = {""};
    if (command_value(line, "add-for") == NULL && command_value(line, "add-raw-key") == NULL &&
        command_value(line, "remove") == NULL) {
        console_error("nothing to change: give --add-for, --add-raw-key or --remove");
        return EXIT_CODE_USAGE;
    }
    enum status status = rewrap(line, &why);
    return status == STATUS_OK ? EXIT_CODE_OK : console_fail(status, &why, NULL);
}
