/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/console.h"

#include "sys/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int exit_code_of(enum status status)
{
    switch (status) {
    case STATUS_OK: return EXIT_CODE_OK;
    case STATUS_FORGED: return EXIT_CODE_EVIDENCE;
    case STATUS_NETWORK: return EXIT_CODE_NETWORK;
    case STATUS_REFUSED: return EXIT_CODE_POLICY;
    case STATUS_MALFORMED:
    case STATUS_TRUNCATED:
    case STATUS_UNSUPPORTED: return EXIT_CODE_MALFORMED;
    case STATUS_STALE: return EXIT_CODE_STALE;
    case STATUS_LIMIT:
    case STATUS_NO_MEMORY:
    case STATUS_NOT_FOUND:
    case STATUS_EXISTS:
    case STATUS_IO:
    case STATUS_BUSY:
    case STATUS_USAGE:
    case STATUS_BROKEN: return EXIT_CODE_USAGE;
    }
    return EXIT_CODE_USAGE;
}

static bool coloured(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(fd) && (no_color == NULL || no_color[0] == '\0');
}

static const char *escape(const char *sequence)
{
    return coloured(STDOUT_FILENO) ? sequence : "";
}

const char *console_green(void)
{
    return escape("\033[32m");
}

const char *console_red(void)
{
    return escape("\033[31m");
}

const char *console_yellow(void)
{
    return escape("\033[33m");
}

const char *console_bold(void)
{
    return escape("\033[1m");
}

const char *console_plain(void)
{
    return escape("\033[0m");
}

__attribute__((format(printf, 3, 0))) static void say(const char *kind, const char *colour, const char *format,
                                                      va_list arguments)
{
    bool colours = coloured(STDERR_FILENO);
    fflush(stdout);
    fprintf(stderr, "cloister: %s%s:%s ", colours ? colour : "", kind, colours ? "\033[0m" : "");
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void console_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("error", "\033[31m", format, arguments);
    va_end(arguments);
}

void console_hint(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("hint", "\033[1m", format, arguments);
    va_end(arguments);
}

void console_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("warning", "\033[33m", format, arguments);
    va_end(arguments);
}

int console_fail(enum status status, const struct reason *why, const char *hint)
{
    bool explained = why != NULL && why->text[0] != '\0';
    console_error("%s", explained ? why->text : status_name(status));
    if (hint != NULL)
        console_hint("%s", hint);
    return exit_code_of(status);
}

void console_not_a_tee(void)
{
    printf("%sNOT A TEE: this evidence comes from the simulator; it proves nothing about the machine.%s\n",
           console_yellow(), console_plain());
}

void console_verdict(const struct verdict *v)
{
    for (size_t i = 0; i < v->checks_n; i++) {
        const struct check *c = &v->checks[i];
        const char *colour = console_yellow();
        if (c->outcome == OUTCOME_PASS)
            colour = console_green();
        if (c->outcome == OUTCOME_FAIL)
            colour = console_red();
        printf("  %s%-7s%s  %-24s %s\n", colour, outcome_name(c->outcome), console_plain(), c->name, c->reason.text);
    }
}

void progress_start(struct progress *p, const char *label, uint64_t total_bytes)
{
    p->label = label;
    p->total = total_bytes;
    p->started_ms = clock_monotonic_ms();
    p->drawn_ms = p->started_ms;
    p->shown = isatty(STDERR_FILENO);
}

static void draw(const struct progress *p, uint64_t done, uint64_t now_ms)
{
    enum { WIDTH = 30 };
    double share = p->total == 0 ? 1.0 : (double)done / (double)p->total;
    double seconds = (double)(now_ms - p->started_ms + 1) / 1000.0;
    int filled = (int)(share * (double)WIDTH);
    fprintf(stderr, "\r%s [", p->label);
    for (int i = 0; i < WIDTH; i++)
        fputc(i < filled ? '#' : '.', stderr);
    fprintf(stderr, "] %3.0f %%  %.2f GB/s ", share * 100, (double)done / 1e9 / seconds);
}

void progress_at(struct progress *p, uint64_t done_bytes)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (!p->shown || now_ms - p->drawn_ms < 100)
        return;
    p->drawn_ms = now_ms;
    draw(p, done_bytes, now_ms);
}

void progress_end(struct progress *p)
{
    if (!p->shown)
        return;
    draw(p, p->total, clock_monotonic_ms());
    fputc('\n', stderr);
    p->shown = false;
}
