/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says to a person: data on standard output, `cloister: error:` and `cloister: hint:` on standard error,
 * progress only on a terminal, colour never when NO_COLOR is set. */
#ifndef SYS_CONSOLE_H
#define SYS_CONSOLE_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/base/verdict.h"
#include <stdbool.h>
#include <stdint.h>

/* Exit codes of every command; stable. */
enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_USAGE = 1,     /* wrong use, input over a limit, or a file, key or system call that failed */
    EXIT_CODE_EVIDENCE = 2,  /* a signature, tag, hash or proof does not hold */
    EXIT_CODE_NETWORK = 3,   /* a peer could not be reached or broke the protocol */
    EXIT_CODE_POLICY = 4,    /* genuine, but refused by policy */
    EXIT_CODE_MALFORMED = 5, /* input that is not of its format */
    EXIT_CODE_STALE = 6,     /* genuine, but outside its time of validity */
};

/* The exit code that a status maps to. */
int exit_code_of(enum status status);

/* Prints `cloister: error: WHY` (or the status's name when why is empty) and, unless NULL, `cloister: hint: HINT`;
 * returns exit_code_of(status). */
int console_fail(enum status status, const struct reason *why, const char *hint);

/* One line each on standard error. */
void console_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The words that every output about simulated evidence carries; printed to standard output. */
void console_not_a_tee(void);

/* A table of the checks on standard output: "pass", "FAIL" or "not run", name, reason. */
void console_verdict(const struct verdict *v);

/* Escape sequences for standard output, or "" when it is no terminal or NO_COLOR is set. */
const char *console_green(void);
const char *console_red(void);
const char *console_yellow(void);
const char *console_bold(void);
const char *console_plain(void);

/* A progress bar on standard error, when that is a terminal; otherwise nothing.  Redraws at most ten times a second. */
struct progress {
    const char *label;
    uint64_t total;
    uint64_t started_ms;
    uint64_t drawn_ms;
    bool shown;
};
void progress_start(struct progress *p, const char *label, uint64_t total_bytes);
void progress_at(struct progress *p, uint64_t done_bytes);
void progress_end(struct progress *p);

#endif
