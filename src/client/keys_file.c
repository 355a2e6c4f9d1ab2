/* SPDX-License-Identifier: Apache-2.0 */
#include "client/keys_file.h"

#include "core/base/constant_time.h"
#include "sys/console.h"
#include "sys/file.h"

#include <stdlib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static const char variable[] = "MODEL_KEY_BASE64";

void keys_name_file(struct reason *why, const char *path)
{
    struct reason what = *why;
    reason_set(why, path, ": ", what.text, NULL);
}

/* A secret that everyone may read is none. */
static enum status check_mode(const char *path, struct reason *why)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return status_from_errno(why, "cannot open", path);
    if (!S_ISREG(info.st_mode) || (info.st_mode & 077) == 0)
        return STATUS_OK;
    reason_set(why, path, " is a secret that others may read: `chmod 600` it first", NULL);
    return STATUS_REFUSED;
}

/* The line of a key file; a secret's must be for its owner alone.  Free with file_free. */
static enum status read_line(uint8_t **text, size_t *text_len, const char *path, bool secret, struct reason *why)
{
    enum status status = secret ? check_mode(path, why) : STATUS_OK;
    *text = NULL;
    *text_len = 0;
    return status == STATUS_OK ? file_read(text, text_len, path, SEAL_KEY_LINE_MAX, why) : status;
}

/* After a parse: names the file that did not parse, and wipes the text. */
static enum status end_line(enum status status, uint8_t *text, size_t text_len, const char *path, struct reason *why)
{
    if (status != STATUS_OK)
        keys_name_file(why, path);
    file_free(text, text_len);
    return status;
}

enum status keys_raw_key_read(struct seal_raw_key *key, const char *path, struct reason *why)
{
    uint8_t *text;
    size_t text_len;
    memset(key, 0, sizeof *key);
    enum status status = read_line(&text, &text_len, path, true, why);
    if (status != STATUS_OK)
        return status;
    return end_line(seal_raw_key_parse(key, (const char *)text, text_len, why), text, text_len, path, why);
}

enum status keys_identity_read(struct x25519_private *identity, const char *path, struct reason *why)
{
    uint8_t *text;
    size_t text_len;
    memset(identity, 0, sizeof *identity);
    enum status status = read_line(&text, &text_len, path, true, why);
    if (status != STATUS_OK)
        return status;
    return end_line(seal_identity_parse(identity, (const char *)text, text_len, why), text, text_len, path, why);
}

enum status keys_recipient_read(struct seal_recipient *recipient, const char *path, struct reason *why)
{
    uint8_t *text;
    size_t text_len;
    memset(recipient, 0, sizeof *recipient);
    enum status status = read_line(&text, &text_len, path, false, why);
    if (status != STATUS_OK)
        return status;
    return end_line(seal_recipient_parse(recipient, (const char *)text, text_len, why), text, text_len, path, why);
}

enum status keys_raw_key_from_environment(struct seal_raw_key *key, bool *given, struct reason *why)
{
    char *text = getenv(variable);
    memset(key, 0, sizeof *key);
    *given = text != NULL;
    if (text == NULL)
        return STATUS_OK;
    enum status status = seal_raw_key_parse(key, text, strlen(text), why);
    if (status != STATUS_OK)
        keys_name_file(why, variable);
    wipe(text, strlen(text)); /* the very bytes that /proc/PID/environ shows */
    unsetenv(variable);
    console_warning("%s is weaker than --raw-key FILE: other processes of this user read it in /proc/PID/environ, and "
                    "`docker inspect` shows it; use it for local runs alone",
                    variable);
    return status;
}

static enum status explain(enum status status, const char *what, struct reason *why)
{
    if (status == STATUS_NOT_FOUND)
        reason_set(why, "this file is not sealed for ", what, "; `cloister inspect` lists for whom it is", NULL);
    if (status == STATUS_FORGED)
        reason_set(why, "the wrapped key for ", what, " was changed, or belongs to another file", NULL);
    return status;
}

static enum status open_with_raw_key(struct seal_dek *dek, const struct model_stream *s, const struct seal_raw_key *key,
                                     struct reason *why)
{
    return explain(seal_unwrap_raw_key(dek, &s->wraps, key, s->header_hash), "this raw key", why);
}

static enum status open_with_identity(struct seal_dek *dek, const struct model_stream *s, const char *path,
                                      struct reason *why)
{
    struct x25519_private identity;
    enum status status = keys_identity_read(&identity, path, why);
    if (status == STATUS_OK)
        status = explain(seal_unwrap_private(dek, &s->wraps, &identity, s->header_hash), "this identity", why);
    wipe(&identity, sizeof identity);
    return status;
}

enum status keys_open(struct seal_dek *dek, const struct model_stream *s, const struct command_line *line,
                      struct reason *why)
{
    const char *raw_key_path = command_value(line, "raw-key"), *identity_path = command_value(line, "identity");
    struct seal_raw_key key;
    bool given = false;
    memset(dek, 0, sizeof *dek);
    enum status status = keys_raw_key_from_environment(&key, &given, why);
    if (status == STATUS_OK && raw_key_path != NULL)
        status = keys_raw_key_read(&key, raw_key_path, why);
    if (status != STATUS_OK)
        goto out;
    if (identity_path != NULL) {
        status = open_with_identity(dek, s, identity_path, why);
    } else if (raw_key_path != NULL || given) {
        status = open_with_raw_key(dek, s, &key, why);
    } else {
        reason_set(why, "a key is needed: --raw-key FILE or --identity FILE", NULL);
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK)
        status = model_stream_check_key(s, dek, why);
out:
    wipe(&key, sizeof key);
    if (status != STATUS_OK)
        wipe(dek, sizeof *dek);
    return status;
}

enum status keys_check_output(const char *path, bool force, struct reason *why)
{
    struct stat info;
    if (force || lstat(path, &info) != 0)
        return STATUS_OK;
    reason_set(why, path, " is there already", NULL);
    return STATUS_EXISTS;
}
