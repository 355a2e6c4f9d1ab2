/* SPDX-License-Identifier: Apache-2.0 */
/* A new broker's directory, built beside its name. */
#include "broker/broker.h"

#include "core/base/constant_time.h"
#include "core/seal/recipient.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/random.h"
#include "sys/tls_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TLS_VALID_S = 10 * 365 * 24 * 3600 }; /* peers pin the key; the date says nothing to them */

static enum status write_identity(struct broker *b, struct reason *why)
{
    const struct kek_binding binding = {.purpose = "broker identity"};
    struct seal_recipient recipient = {.comment = "cloister broker"};
    uint8_t wrapped[KEK_WRAPPED_LEN];
    char line[SEAL_KEY_LINE_MAX], path[BROKER_PATH_MAX];
    size_t line_len = 0;
    random_bytes(b->identity.bytes, sizeof b->identity.bytes);
    enum status status = x25519_public(recipient.public_key, &b->identity);
    if (status == STATUS_OK)
        status = kek_wrap(wrapped, &b->kek, &binding, b->identity.bytes);
    if (status == STATUS_OK)
        status = seal_recipient_write(line, &line_len, &recipient);
    if (status != STATUS_OK) {
        reason_set(why, "cannot make the broker's key", NULL);
        return status;
    }
    status = store_set(b->store, "identity", wrapped, sizeof wrapped, why);
    if (status == STATUS_OK)
        status = broker_path(path, b->directory, "broker.pub", why);
    return status == STATUS_OK ? file_write(path, line, line_len, 0644, 0, why) : status;
}

static enum status write_tls(const char *directory, struct reason *why)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", NULL};
    char key_path[BROKER_PATH_MAX], certificate_path[BROKER_PATH_MAX];
    struct tls_identity *identity = NULL;
    enum status status = broker_path(key_path, directory, "tls.key", why);
    if (status == STATUS_OK)
        status = broker_path(certificate_path, directory, "tls.crt", why);
    if (status == STATUS_OK)
        status = tls_identity_new(&identity, names, clock_unix_seconds(), TLS_VALID_S, why);
    if (status == STATUS_OK)
        status = tls_identity_save(identity, key_path, certificate_path, why);
    tls_identity_free(identity);
    return status;
}

static enum status write_kek(struct broker *b, const struct kek_source *source, struct reason *why)
{
    char path[BROKER_PATH_MAX];
    uint8_t bytes[KEK_RECORD_LEN];
    struct kek_source here = *source;
    struct kek_record record;
    enum status status = broker_path(path, b->directory, "kek", why);
    if (here.file == NULL)
        here.file = path;
    if (status == STATUS_OK)
        status = kek_create(&b->kek, &record, &here, why);
    if (status != STATUS_OK)
        return status;
    kek_record_write(bytes, &record);
    return store_set(b->store, "kek", bytes, sizeof bytes, why);
}

static enum status write_log(struct broker *b, struct reason *why)
{
    const struct audit_head none = {0};
    struct audit_record record = {.event = AUDIT_INIT, .detail = "broker made"};
    char path[BROKER_PATH_MAX];
    enum status status = broker_path(path, b->directory, "audit.log", why);
    if (status == STATUS_OK)
        status = audit_log_create(path, why);
    if (status == STATUS_OK)
        status = audit_log_open(&b->log, path, true, &none, NULL, NULL, why);
    return status == STATUS_OK ? broker_record(b, &record, why) : status;
}

static enum status fill(struct broker *b, const struct kek_source *source, const struct trust_anchors *anchors,
                        struct reason *why)
{
    char path[BROKER_PATH_MAX];
    enum status status = broker_path(path, b->directory, "broker.db", why);
    if (status == STATUS_OK)
        status = store_create(&b->store, path, why);
    if (status == STATUS_OK)
        status = write_kek(b, source, why);
    if (status == STATUS_OK)
        status = write_identity(b, why);
    if (status == STATUS_OK)
        status = write_tls(b->directory, why);
    if (status == STATUS_OK)
        status = write_log(b, why);
    if (status == STATUS_OK && anchors->simulator_known)
        status = broker_set_simulator_root(b, anchors->simulator_root, why);
    return status;
}

/* Syncs the directory that holds path, or path itself when it is one. */
static enum status sync_directory(const char *path, struct reason *why)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return status_from_errno(why, "cannot open", path);
    enum status status = fsync(fd) == 0 ? STATUS_OK : status_from_errno(why, "cannot sync", path);
    close(fd);
    return status;
}

static enum status put_in_place(const char *draft, const char *directory, struct reason *why)
{
    char parent[BROKER_PATH_MAX];
    snprintf(parent, sizeof parent, "%s", directory);
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        snprintf(parent, sizeof parent, ".");
    else
        slash[slash == parent ? 1 : 0] = '\0';
    enum status status = sync_directory(draft, why);
    if (status != STATUS_OK)
        return status;
    if (rename(draft, directory) != 0) {
        if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR) {
            reason_set(why, directory, " is there already; nothing was changed", NULL);
            return STATUS_EXISTS;
        }
        return status_from_errno(why, "cannot make", directory);
    }
    return sync_directory(parent, why);
}

static void remove_draft(const char *draft)
{
    static const char *const names[] = {"broker.db",  "broker.db-wal", "broker.db-shm", "audit.log",
                                        "broker.pub", "tls.key",       "tls.crt",       "kek"};
    char path[BROKER_PATH_MAX];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (broker_path(path, draft, names[i], NULL) == STATUS_OK)
            unlink(path);
    rmdir(draft);
}

/* "some/dir/" and "some/dir" are the same. */
static enum status trim(char out[static BROKER_PATH_MAX], const char *directory, struct reason *why)
{
    size_t len = strlen(directory);
    while (len > 1 && directory[len - 1] == '/')
        len--;
    if (len == 0 || len > BROKER_PATH_MAX - 32) { /* room for ".new-XXXXXX" and file names */
        reason_set(why, "the directory's name is empty or too long", NULL);
        return STATUS_USAGE;
    }
    memcpy(out, directory, len);
    out[len] = '\0';
    return STATUS_OK;
}

/* Refuses early, before keys are made; the rename decides. */
static enum status check_free(const char *directory, struct reason *why)
{
    if (access(directory, F_OK) != 0)
        return STATUS_OK;
    if (rmdir(directory) == 0) /* an empty one is replaced */
        return STATUS_OK;
    if (errno == EBUSY || errno == EACCES || errno == EPERM || errno == EROFS)
        return status_from_errno(why, "cannot use", directory);
    reason_set(why, directory, " is there already; nothing was changed", NULL);
    return STATUS_EXISTS;
}

enum status broker_create(const char *directory, const struct kek_source *source, const struct trust_anchors *anchors,
                          struct reason *why)
{
    char final[BROKER_PATH_MAX];
    struct broker b;
    memset(&b, 0, sizeof b);
    b.log.fd = -1;
    enum status status = trim(final, directory, why);
    if (status == STATUS_OK)
        status = check_free(final, why);
    if (status != STATUS_OK)
        return status;
    int len = snprintf(b.directory, sizeof b.directory, "%s.new-XXXXXX", final);
    if (len < 0 || (size_t)len >= sizeof b.directory || mkdtemp(b.directory) == NULL) /* mode 0700 */
        return status_from_errno(why, "cannot make", final);
    status = fill(&b, source, anchors, why);
    broker_close(&b);
    if (status == STATUS_OK)
        status = put_in_place(b.directory, final, why);
    if (status != STATUS_OK)
        remove_draft(b.directory);
    return status;
}
