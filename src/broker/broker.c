/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/broker.h"

#include "core/base/constant_time.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { HEAD_LEN = 8 + SHA256_LEN };

enum status broker_path(char out[static BROKER_PATH_MAX], const char *directory, const char *name, struct reason *why)
{
    int len = snprintf(out, BROKER_PATH_MAX, "%s/%s", directory, name);
    if (len >= 0 && len < BROKER_PATH_MAX)
        return STATUS_OK;
    out[0] = '\0';
    reason_set(why, "the directory's name is too long", NULL);
    return STATUS_USAGE;
}

static enum status check_directory(const char *directory, struct reason *why)
{
    struct stat st;
    if (stat(directory, &st) != 0)
        return status_from_errno(why, "cannot open the broker's directory", directory);
    if (!S_ISDIR(st.st_mode)) {
        reason_set(why, directory, " is not a directory", NULL);
        return STATUS_USAGE;
    }
    if ((st.st_mode & 077) != 0) {
        reason_set(why, "others can enter ", directory, ": chmod 700 it", NULL);
        return STATUS_REFUSED;
    }
    return STATUS_OK;
}

enum status broker_load_head(struct audit_head *head, struct store *store, struct reason *why)
{
    uint8_t bytes[HEAD_LEN];
    size_t len;
    memset(head, 0, sizeof *head);
    enum status status = store_get(store, "audit_head", bytes, sizeof bytes, &len, why);
    if (status != STATUS_OK)
        return status;
    if (len != HEAD_LEN) {
        reason_set(why, "the database's record of the audit log is damaged", NULL);
        return STATUS_MALFORMED;
    }
    for (int i = 0; i < 8; i++)
        head->seq = head->seq << 8 | bytes[i];
    memcpy(head->hash, bytes + 8, SHA256_LEN);
    return STATUS_OK;
}

static enum status store_head(struct store *store, const struct audit_head *head, struct reason *why)
{
    uint8_t bytes[HEAD_LEN]; /* the number first and big endian, so that later heads compare greater */
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(head->seq >> (56 - 8 * i));
    memcpy(bytes + 8, head->hash, SHA256_LEN);
    return store_raise(store, "audit_head", bytes, sizeof bytes, why);
}

static enum status unlock(struct broker *b, const struct kek_source *source, struct reason *why)
{
    const struct kek_binding binding = {.purpose = "broker identity"};
    struct kek_source here = *source;
    struct kek_record record;
    char path[BROKER_PATH_MAX];
    uint8_t bytes[KEK_RECORD_LEN], wrapped[KEK_WRAPPED_LEN];
    size_t len, wrapped_len;
    enum status status = broker_path(path, b->directory, "kek", why);
    if (here.file == NULL)
        here.file = path;
    if (status == STATUS_OK)
        status = store_get(b->store, "kek", bytes, sizeof bytes, &len, why);
    if (status == STATUS_OK)
        status = kek_record_parse(&record, bytes, len, why);
    if (status == STATUS_OK)
        status = store_get(b->store, "identity", wrapped, sizeof wrapped, &wrapped_len, why);
    if (status == STATUS_OK)
        status = kek_open(&b->kek, &record, &here, why);
    if (status != STATUS_OK)
        return status;
    if (wrapped_len != KEK_WRAPPED_LEN || kek_unwrap(b->identity.bytes, &b->kek, &binding, wrapped) != STATUS_OK) {
        reason_set(
            why,
            "wrong KEK: it does not open this broker's identity; name the right one with --kek or --passphrase-file",
            NULL);
        return STATUS_REFUSED;
    }
    b->unlocked = true;
    return STATUS_OK;
}

static enum status load_anchors(struct broker *b, struct reason *why)
{
    size_t len;
    enum status status =
        store_get(b->store, "simulator_root", b->anchors.simulator_root, sizeof b->anchors.simulator_root, &len, why);
    b->anchors.simulator_known = status == STATUS_OK && len == sizeof b->anchors.simulator_root;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status open_parts(struct broker *b, const char *directory, enum broker_access access,
                              const struct kek_source *source, struct reason *why)
{
    char path[BROKER_PATH_MAX];
    struct audit_head known;
    int len = snprintf(b->directory, sizeof b->directory, "%s", directory);
    if (len < 0 || (size_t)len >= sizeof b->directory) {
        reason_set(why, "the directory's name is too long", NULL);
        return STATUS_USAGE;
    }
    enum status status = check_directory(directory, why);
    if (status == STATUS_OK)
        status = broker_path(path, directory, "broker.db", why);
    if (status == STATUS_OK)
        status = store_open(&b->store, path, why);
    if (status == STATUS_OK)
        status = broker_load_head(&known, b->store, why);
    if (status == STATUS_OK)
        status = broker_path(path, directory, "audit.log", why);
    if (status == STATUS_OK)
        status = audit_log_open(&b->log, path, true, &known, NULL, NULL, why);
    if (status == STATUS_OK)
        status = load_anchors(b, why);
    return status == STATUS_OK && access == BROKER_UNLOCKED ? unlock(b, source, why) : status;
}

enum status broker_open(struct broker *b, const char *directory, enum broker_access access,
                        const struct kek_source *source, struct reason *why)
{
    memset(b, 0, sizeof *b);
    b->log.fd = -1;
    (void)mlock(b, sizeof *b); /* where the limit allows: its secrets stay out of swap */
    enum status status = open_parts(b, directory, access, source, why);
    if (status != STATUS_OK)
        broker_close(b);
    return status;
}

enum status broker_record(struct broker *b, struct audit_record *record, struct reason *why)
{
    record->time = clock_unix_seconds();
    enum status status = audit_log_append(&b->log, record, why);
    return status == STATUS_OK ? store_head(b->store, &b->log.head, why) : status;
}

enum status broker_set_simulator_root(struct broker *b, const uint8_t root[static 32], struct reason *why)
{
    enum status status = store_set(b->store, "simulator_root", root, 32, why);
    if (status != STATUS_OK)
        return status;
    b->anchors.simulator_known = true;
    memcpy(b->anchors.simulator_root, root, 32);
    return STATUS_OK;
}

void broker_close(struct broker *b)
{
    store_close(b->store);
    b->store = NULL;
    audit_log_close(&b->log);
    wipe(&b->kek, sizeof b->kek);
    wipe(&b->identity, sizeof b->identity);
    b->unlocked = false;
}
