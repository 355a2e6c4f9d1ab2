/* SPDX-License-Identifier: Apache-2.0 */
/* TAP output for test programs: call check() for each fact, end main with `return tap_done();`. */
#ifndef TEST_TAP_H
#define TEST_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int tap_count, tap_failed;

/* One test point: "ok N - name" or "not ok N - name". */
__attribute__((format(printf, 2, 3))) static inline bool check(bool passed, const char *format, ...)
{
    va_list arguments;
    tap_count++;
    tap_failed += !passed;
    printf("%sok %d - ", passed ? "" : "not ", tap_count);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    return passed;
}

/* A comment line that explains a failure. */
__attribute__((format(printf, 1, 2))) static inline void note(const char *format, ...)
{
    va_list arguments;
    printf("# ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

static inline int tap_done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed != 0;
}

/* A copy of len bytes that ends right before a page that cannot be touched: reading one byte too far ends the test.
 * Free with guarded_free and the same len. */
static inline uint8_t *guarded_copy(const void *bytes, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (len + page - 1) / page * page;
    uint8_t *start = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start + room, page, PROT_NONE) != 0) {
        printf("Bail out! no memory for a guard page\n");
        exit(1);
    }
    uint8_t *copy = start + room - len;
    if (len != 0)
        memcpy(copy, bytes, len);
    return copy;
}

static inline void guarded_free(uint8_t *copy, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (len + page - 1) / page * page;
    munmap(copy + len - room, room + page);
}

/* Hex digits into out (bytes are written until the text ends); for literal vectors. */
static inline size_t unhex(uint8_t *out, const char *text)
{
    size_t len = 0;
    for (; text[0] != '\0' && text[1] != '\0'; text += 2) {
        char pair[3] = {text[0], text[1], '\0'};
        out[len++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return len;
}

#endif
