/* SPDX-License-Identifier: Apache-2.0 */
/* One short line for a person: what was wrong, where, and how to mend it.  Bytes from outside are escaped, so a reason
 * can be printed to a terminal.  A reason never holds a secret.  Every function accepts NULL and does nothing. */
#ifndef CORE_BASE_REASON_H
#define CORE_BASE_REASON_H

#include <stddef.h>
#include <stdint.h>

enum { REASON_SIZE = 256 };

struct reason {
    char text[REASON_SIZE]; /* always ends in NUL; cut with "..." when too long */
};

/* Sets the text to the pieces joined: a NULL-terminated list of strings of our own. */
void reason_set(struct reason *why, const char *piece, ...) __attribute__((sentinel));

/* Appends a string of our own, a number, or bytes from outside, with anything but printable ASCII as \xNN: quoted as a
 * value, or shown as they are when they are a sentence. */
void reason_add(struct reason *why, const char *text);
void reason_add_u64(struct reason *why, uint64_t value);
void reason_add_quoted(struct reason *why, const void *bytes, size_t len);
void reason_add_shown(struct reason *why, const void *bytes, size_t len);
void reason_add_hex(struct reason *why, const void *bytes, size_t len);

#endif
