/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/audit_log.h"

#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_LEN = 64 * 1024 };

static enum status wrong_line(enum status status, uint64_t line, struct reason *why)
{
    struct reason inner = *why;
    reason_set(why, "the audit log is damaged at line ", NULL);
    reason_add_u64(why, line);
    reason_add(why, ": ");
    reason_add(why, inner.text);
    return status;
}

/* Checks one line against the chain and moves the head. */
static enum status take_line(struct audit_log *log, const char *line, size_t line_len, audit_visit *visit,
                             void *context, struct reason *why)
{
    struct audit_record r;
    enum status status = audit_record_parse(&r, line, line_len, why);
    if (status != STATUS_OK)
        return wrong_line(status, log->head.seq + 1, why);
    if (r.seq != log->head.seq + 1 || memcmp(r.previous, log->head.hash, sizeof r.previous) != 0) {
        reason_set(why, "it does not follow from the record before", NULL);
        return wrong_line(STATUS_FORGED, log->head.seq + 1, why);
    }
    if (r.seq == log->known.seq && memcmp(r.hash, log->known.hash, sizeof r.hash) != 0) {
        reason_set(why, "it is not the record that the database knows", NULL);
        return wrong_line(STATUS_FORGED, r.seq, why);
    }
    log->head.seq = r.seq;
    memcpy(log->head.hash, r.hash, sizeof r.hash);
    log->end += line_len;
    if (visit != NULL)
        visit(context, &r, line, line_len);
    return STATUS_OK;
}

/* Takes every whole line of the block; *left counts the bytes after the last newline. */
static enum status take_lines(struct audit_log *log, const char *block, size_t len, size_t *left, audit_visit *visit,
                              void *context, struct reason *why)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        const char *newline = memchr(block, '\n', len);
        if (newline == NULL)
            break;
        size_t line_len = (size_t)(newline - block) + 1;
        status = take_line(log, block, line_len, visit, context, why);
        block += line_len;
        len -= line_len;
    }
    *left = len;
    return status;
}

/* Reads on from log->end to the end of the file. */
static enum status catch_up(struct audit_log *log, audit_visit *visit, void *context, struct reason *why)
{
    char block[BLOCK_LEN];
    for (;;) {
        size_t left = 0;
        ssize_t got = pread(log->fd, block, sizeof block, (off_t)log->end);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_from_errno(why, "cannot read", "the audit log");
        uint64_t start = log->end;
        enum status status = take_lines(log, block, (size_t)got, &left, visit, context, why);
        if (status != STATUS_OK)
            return status;
        if (log->end != start)
            continue;
        if (left >= AUDIT_LINE_MAX) {
            reason_set(why, "the line is longer than any record", NULL);
            return wrong_line(STATUS_MALFORMED, log->head.seq + 1, why);
        }
        log->torn = left;
        return STATUS_OK;
    }
}

enum status audit_log_create(const char *path, struct reason *why)
{
    return file_write(path, "", 0, 0600, 0, why);
}

enum status audit_log_open(struct audit_log *log, const char *path, bool writable, const struct audit_head *known,
                           audit_visit *visit, void *context, struct reason *why)
{
    memset(log, 0, sizeof *log);
    log->known = *known;
    log->fd = open(path, (writable ? O_RDWR | O_APPEND : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
    if (log->fd < 0)
        return status_from_errno(why, "cannot open", path);
    enum status status = catch_up(log, visit, context, why);
    if (status == STATUS_OK && log->head.seq < known->seq) {
        reason_set(why, "the audit log was cut short: it ends at record ", NULL);
        reason_add_u64(why, log->head.seq);
        reason_add(why, ", the database knows of ");
        reason_add_u64(why, known->seq);
        status = STATUS_FORGED;
    }
    if (status != STATUS_OK)
        audit_log_close(log);
    return status;
}

/* Writes one line at the end and syncs it; takes it back when that fails. */
static enum status write_record(struct audit_log *log, struct audit_record *r, struct reason *why)
{
    char line[AUDIT_LINE_MAX];
    struct writer w;
    r->seq = log->head.seq + 1;
    memcpy(r->previous, log->head.hash, sizeof r->previous);
    writer_init(&w, line, sizeof line);
    enum status status = audit_record_write(&w, r);
    if (status != STATUS_OK) {
        reason_set(why, "the audit record cannot be written in its form", NULL);
        return status;
    }
    status = fd_write_all(log->fd, line, writer_len(&w), why);
    if (status == STATUS_OK && fsync(log->fd) != 0)
        status = status_from_errno(why, "cannot sync", "the audit log");
    if (status != STATUS_OK) {
        (void)!ftruncate(log->fd, (off_t)log->end); /* else it is an incomplete line, which the next append cuts off */
        return status;
    }
    log->head.seq = r->seq;
    memcpy(log->head.hash, r->hash, sizeof r->hash);
    log->end += writer_len(&w);
    return STATUS_OK;
}

static enum status repair(struct audit_log *log, uint64_t time, struct reason *why)
{
    struct audit_record r = {.time = time, .event = AUDIT_REPAIR};
    struct reason detail = {{0}};
    reason_set(&detail, "cut off an incomplete last record of ", NULL);
    reason_add_u64(&detail, log->torn);
    reason_add(&detail, " bytes");
    memcpy(r.detail, detail.text, sizeof r.detail);
    if (ftruncate(log->fd, (off_t)log->end) != 0 || fsync(log->fd) != 0)
        return status_from_errno(why, "cannot repair", "the audit log");
    log->torn = 0;
    return write_record(log, &r, why);
}

static enum status append_locked(struct audit_log *log, struct audit_record *record, struct reason *why)
{
    struct stat st;
    if (fstat(log->fd, &st) != 0)
        return status_from_errno(why, "cannot read", "the audit log");
    if ((uint64_t)st.st_size < log->end) {
        reason_set(why, "the audit log was cut short while it was in use", NULL);
        return STATUS_FORGED;
    }
    enum status status = catch_up(log, NULL, NULL, why);
    if (status == STATUS_OK && log->torn != 0)
        status = repair(log, record->time, why);
    return status == STATUS_OK ? write_record(log, record, why) : status;
}

enum status audit_log_append(struct audit_log *log, struct audit_record *record, struct reason *why)
{
    while (flock(log->fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return status_from_errno(why, "cannot lock", "the audit log");
    enum status status = append_locked(log, record, why);
    (void)flock(log->fd, LOCK_UN);
    return status;
}

void audit_log_close(struct audit_log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}
