/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister broker add`: takes the data key of a sealed model, which was wrapped for this broker. */
#include "broker/run.h"

#include "broker/broker.h"
#include "core/base/constant_time.h"
#include "core/codec/hex.h"
#include "sys/console.h"
#include "sys/file.h"
#include "sys/model_stream.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The key is genuine when the header's tag verifies under it: the header holds the root. */
static enum status read_key(struct seal_dek *dek, struct seal_header *header, const struct broker *b, const char *path,
                            struct reason *why)
{
    struct model_stream s; /* 27 KB, public */
    struct reason wrong = {{0}};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return status_from_errno(why, "cannot open", path);
    enum status status = model_stream_open(&s, fd, &wrong);
    if (status != STATUS_OK)
        goto out;
    status = seal_unwrap_private(dek, &s.wraps, &b->identity, s.header_hash);
    if (status == STATUS_NOT_FOUND)
        reason_set(&wrong, "not sealed for this broker: cloister seal --for ", b->directory, "/broker.pub", NULL);
    else if (status != STATUS_OK)
        reason_set(&wrong, "the key for this broker does not open: the file was altered", NULL);
    if (status == STATUS_OK)
        status = model_stream_check_key(&s, dek, &wrong);
    *header = s.header;
out:
    close(fd);
    if (status != STATUS_OK)
        reason_set(why, path, ": ", wrong.text, NULL);
    return status;
}

static enum status add_key(struct broker *b, const struct seal_dek *dek, const struct seal_header *header,
                           struct reason *why)
{
    struct kek_binding binding = {.purpose = RELEASE_PURPOSE};
    struct audit_record record = {.event = AUDIT_ADD, .has_model = true, .detail = "data key registered"};
    uint8_t wrapped[KEK_WRAPPED_LEN];
    _Static_assert((int)SEAL_ROOT_LEN == (int)MODEL_ROOT_LEN && (int)SEAL_FILE_ID_LEN == (int)RELEASE_KEY_ID_LEN &&
                       (int)SEAL_DEK_LEN == (int)KEK_SECRET_LEN,
                   "the sealed model's names are the broker's");
    memcpy(binding.model_root, header->root, sizeof binding.model_root);
    memcpy(binding.key_id, header->file_id, sizeof binding.key_id);
    memcpy(record.model_root, header->root, sizeof record.model_root);
    memcpy(record.key_id, header->file_id, sizeof record.key_id);
    if (store_get_key(b->store, wrapped, header->root, header->file_id, why) == STATUS_OK)
        return STATUS_OK; /* it is there: adding again is no error, so an add that was killed can be repeated */
    enum status status = kek_wrap(wrapped, &b->kek, &binding, dek->bytes);
    if (status != STATUS_OK) {
        reason_set(why, "cannot encrypt the key", NULL);
        return status;
    }
    status = broker_record(b, &record, why);
    return status == STATUS_OK ? store_add_key(b->store, header->root, header->file_id, wrapped, why) : status;
}

int broker_run_add(const struct command_line *line)
{
    const struct kek_source source = broker_kek_source(line);
    struct reason why = {{0}};
    struct seal_dek dek;
    struct seal_header header;
    struct broker b;
    char digits[2 * SEAL_ROOT_LEN + 1];
    broker_harden();
    enum status status = broker_open(&b, line->arguments[0], BROKER_UNLOCKED, &source, &why);
    if (status != STATUS_OK)
        return broker_fail_open(status, &why, line->arguments[0]);
    status = read_key(&dek, &header, &b, line->arguments[1], &why);
    if (status == STATUS_OK)
        status = add_key(&b, &dek, &header, &why);
    wipe(&dek, sizeof dek);
    broker_close(&b);
    if (status != STATUS_OK)
        return console_fail(status, &why, NULL);
    hex_write(digits, header.root, sizeof header.root);
    printf("model root %s\n", digits);
    hex_write(digits, header.file_id, sizeof header.file_id);
    printf("key id     %s\n", digits);
    return EXIT_CODE_OK;
}
