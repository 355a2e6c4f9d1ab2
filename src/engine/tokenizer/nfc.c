/* SPDX-License-Identifier: Apache-2.0 */
/* A character is settled when its combining class is 0 and nothing before it can change it.  What stands between is
 * taken apart, put in order and put together again; everything else is copied. */
#include "engine/tokenizer/nfc.h"

#include "engine/tokenizer/unicode.h"

#include <stdbool.h>
#include <string.h>

enum {
    FIRST_UNSETTLED = 0xcc, /* first byte of U+0300 */
    PARTS_PER_BYTE = 2,     /* parts of a character over its bytes, at most: 4 of 3 */
    GROWTH = 3,             /* U+1D160: 4 bytes become 12 */
    SHORT_RUN = 16,
    CLASSES = 256,
    CODE_BITS = 24, /* of a part; above them is its class */
    CODE_MASK = (1 << CODE_BITS) - 1,
};

struct parts {
    uint32_t *parts, *sorted;
    size_t n;
};

size_t nfc_len_max(size_t len)
{
    return len * GROWTH;
}

size_t nfc_scratch_len(size_t len)
{
    return 2 * PARTS_PER_BYTE * (len + 1) * sizeof(uint32_t);
}

static uint32_t class_of(uint32_t code)
{
    uint32_t class = unicode_class_of(code);
    return class == UNICODE_CLASS_CHANGES ? 0 : class;
}

static void take_apart(struct parts *p, const uint8_t *text, size_t len)
{
    p->n = 0;
    for (size_t at = 0; at < len;) {
        uint32_t codes[UNICODE_PARTS_MAX];
        size_t n = unicode_parts_of(codes, unicode_next(text, len, &at));
        for (size_t i = 0; i < n; i++)
            p->parts[p->n++] = codes[i] | class_of(codes[i]) << CODE_BITS;
    }
}

/* Sorts n parts by class; equal classes keep their order. */
static void sort_run(uint32_t *parts, uint32_t *sorted, size_t n)
{
    size_t starts[CLASSES + 1] = {0};
    if (n <= SHORT_RUN) {
        for (size_t i = 1; i < n; i++) {
            uint32_t part = parts[i];
            size_t at = i;
            for (; at > 0 && parts[at - 1] >> CODE_BITS > part >> CODE_BITS; at--)
                parts[at] = parts[at - 1];
            parts[at] = part;
        }
        return;
    }
    for (size_t i = 0; i < n; i++)
        starts[(parts[i] >> CODE_BITS) + 1]++;
    for (size_t class = 0; class < CLASSES; class ++)
        starts[class + 1] += starts[class];
    for (size_t i = 0; i < n; i++)
        sorted[starts[parts[i] >> CODE_BITS]++] = parts[i];
    memcpy(parts, sorted, n * sizeof *parts);
}

static void put_in_order(struct parts *p)
{
    for (size_t at = 0; at < p->n;) {
        size_t end = at;
        while (end < p->n && p->parts[end] >> CODE_BITS != 0)
            end++;
        sort_run(p->parts + at, p->sorted, end - at);
        at = end + 1;
    }
}

/* A part joins the last one of class 0 unless one that is left between has its class or a higher one. */
static void put_together(struct parts *p)
{
    size_t kept = 0, starter = SIZE_MAX;
    for (size_t i = 0; i < p->n; i++) {
        uint32_t code = p->parts[i] & CODE_MASK, class = p->parts[i] >> CODE_BITS;
        bool next_to_it = starter != SIZE_MAX && kept == starter + 1;
        bool blocked = starter == SIZE_MAX || (!next_to_it && p->parts[kept - 1] >> CODE_BITS >= class);
        uint32_t whole = blocked ? 0 : unicode_whole_of(p->parts[starter], code);
        if (whole != 0) {
            p->parts[starter] = whole; /* of class 0 */
            continue;
        }
        if (class == 0)
            starter = kept;
        p->parts[kept++] = p->parts[i];
    }
    p->n = kept;
}

/* Where the next stretch starts that is not settled, with the settled character before it; len: nowhere. */
static size_t find_stretch(const uint8_t *text, size_t at, size_t len)
{
    size_t last = at;
    while (at < len) {
        size_t start = at;
        if (text[at] < FIRST_UNSETTLED) {
            at += text[at] < 0x80 || unicode_char_len(text + at, len - at) == 0 ? 1 : 2;
        } else if (unicode_class_of(unicode_next(text, len, &at)) != 0) {
            return last;
        }
        last = unicode_char_len(text + start, len - start) == 0 ? at : start;
    }
    return len;
}

/* Where the stretch ends: before the next settled character that is not its first, or a byte that forms none. */
static size_t stretch_end(const uint8_t *text, size_t start, size_t len)
{
    size_t at = start;
    unicode_next(text, len, &at);
    while (at < len) {
        size_t next = at;
        if (unicode_class_of(unicode_next(text, len, &next)) == 0)
            return at;
        at = next;
    }
    return len;
}

static bool put(uint8_t *out, size_t capacity, size_t *out_len, const uint8_t *bytes, size_t len)
{
    if (len > capacity - *out_len)
        return false;
    if (len != 0)
        memcpy(out + *out_len, bytes, len);
    *out_len += len;
    return true;
}

enum status nfc_write(uint8_t *out, size_t capacity, size_t *out_len, const uint8_t *text, size_t len, void *scratch)
{
    struct parts p = {.parts = scratch, .sorted = (uint32_t *)scratch + PARTS_PER_BYTE * (len + 1)};
    bool fits = true;
    *out_len = 0;
    for (size_t at = 0; at < len && fits;) {
        size_t start = find_stretch(text, at, len);
        fits = put(out, capacity, out_len, text + at, start - at);
        at = start == len ? len : stretch_end(text, start, len);
        if (start == len)
            break;
        take_apart(&p, text + start, at - start);
        put_in_order(&p);
        put_together(&p);
        for (size_t i = 0; i < p.n && fits; i++) {
            uint8_t bytes[4];
            fits = put(out, capacity, out_len, bytes, unicode_write(bytes, p.parts[i] & CODE_MASK));
        }
    }
    if (!fits)
        *out_len = 0;
    return fits ? STATUS_OK : STATUS_LIMIT;
}
