/* SPDX-License-Identifier: Apache-2.0 */
/* Files: whole reads with a bound, and writes that are there whole or not at all. */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads a whole file of at most limit bytes into memory that the caller frees with file_free (which wipes it); one NUL
 * follows the bytes.  path "-" is standard input.  STATUS_NOT_FOUND, STATUS_LIMIT, STATUS_IO, STATUS_NO_MEMORY. */
must_check enum status file_read(uint8_t **bytes, size_t *bytes_len, const char *path, size_t limit,
                                 struct reason *why);
void file_free(uint8_t *bytes, size_t bytes_len);

/* A file being written beside its final name; nothing is visible at path until file_commit. */
struct file_draft {
    int fd; /* write to it freely, or -1 */
    char path[4096];
    char draft_path[4096]; /* empty when the draft has no name of its own (O_TMPFILE) */
};

/* mode: permission bits of the final file, such as 0600 for secrets. */
must_check enum status file_draft_open(struct file_draft *d, const char *path, mode_t mode, struct reason *why);

/* fsync, then put in place: with replace nonzero by rename over what is there, otherwise STATUS_EXISTS when something
 * is there.  The directory is fsynced too.  Closes the draft in every case. */
must_check enum status file_draft_commit(struct file_draft *d, int replace, struct reason *why);

/* Drops the draft; does nothing after a commit. */
void file_draft_abort(struct file_draft *d);

/* file_draft_open, write, file_draft_commit. */
must_check enum status file_write(const char *path, const void *bytes, size_t bytes_len, mode_t mode, int replace,
                                  struct reason *why);

/* The whole of buf through short writes and EINTR; positions as pread and pwrite. */
must_check enum status fd_write_all(int fd, const void *bytes, size_t len, struct reason *why);
must_check enum status fd_pwrite_all(int fd, const void *bytes, size_t len, uint64_t offset, struct reason *why);

/* STATUS_TRUNCATED when the file ends first. */
must_check enum status fd_pread_all(int fd, void *bytes, size_t len, uint64_t offset, struct reason *why);

/* why = "what path: strerror(errno)"; returns STATUS_NOT_FOUND for ENOENT, STATUS_EXISTS, STATUS_LIMIT for a full disk
 * or quota, STATUS_NO_MEMORY, STATUS_BUSY or STATUS_IO. */
must_check enum status status_from_errno(struct reason *why, const char *what, const char *path);

#endif
