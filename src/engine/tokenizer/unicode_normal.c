/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical decomposition and composition of single characters (the Unicode standard, 3.7, 3.11 and 3.12). */
#include "engine/tokenizer/unicode.h"

#include "engine/tokenizer/unicode_tables.h"

#include <stdbool.h>

enum { ROW = 3 }; /* numbers of a decomposition */

/* Hangul is computed: a syllable is a leading consonant, a vowel and, if not 0, a trailing consonant. */
enum {
    SYLLABLES = 0xac00,
    LEADERS = 0x1100,
    VOWELS = 0x1161,
    TRAILERS = 0x11a7, /* one before the first */
    LEADERS_N = 19,
    VOWELS_N = 21,
    TRAILERS_N = 28,
    SYLLABLES_N = LEADERS_N * VOWELS_N * TRAILERS_N,
};

static size_t hangul_parts(uint32_t out[static UNICODE_PARTS_MAX], uint32_t index)
{
    out[0] = LEADERS + index / (VOWELS_N * TRAILERS_N);
    out[1] = VOWELS + index / TRAILERS_N % VOWELS_N;
    out[2] = TRAILERS + index % TRAILERS_N;
    return index % TRAILERS_N == 0 ? 2 : 3;
}

/* The row of code, or NULL. */
static const uint32_t *row_of(uint32_t code)
{
    size_t low = 0;
    size_t high = unicode_decompositions_n / ROW;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const uint32_t *row = unicode_decompositions + ROW * middle;
        if (row[0] == code)
            return row;
        if (row[0] < code)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The one code point that code becomes, or code. */
static uint32_t single_of(uint32_t code)
{
    for (size_t run = unicode_single_runs_n / 2; run-- > 0;) {
        if (code < unicode_single_runs[2 * run])
            continue;
        bool last = 2 * run + 2 == unicode_single_runs_n;
        size_t end = last ? unicode_singles_n : unicode_single_runs[2 * run + 3];
        size_t place = unicode_single_runs[2 * run + 1] + (code - unicode_single_runs[2 * run]);
        return place < end ? unicode_singles[place] : code;
    }
    return code;
}

size_t unicode_parts_of(uint32_t out[static UNICODE_PARTS_MAX], uint32_t code)
{
    uint32_t seconds[UNICODE_PARTS_MAX];
    size_t seconds_n = 0, n = 0;
    if (code >= SYLLABLES && code < SYLLABLES + SYLLABLES_N)
        return hangul_parts(out, code - SYLLABLES);
    /* only the first part has parts again, and there are three steps at most; what becomes one other is that first */
    code = code < 0xc0 ? code : single_of(code);
    const uint32_t *row = code < 0xc0 ? NULL : row_of(code);
    for (; row != NULL && seconds_n < UNICODE_PARTS_MAX - 1; row = row_of(code)) {
        seconds[seconds_n++] = row[2];
        code = row[1];
    }
    out[n++] = code;
    while (seconds_n > 0)
        out[n++] = seconds[--seconds_n];
    return n;
}

uint32_t unicode_whole_of(uint32_t first, uint32_t second)
{
    size_t low = 0;
    size_t high = unicode_compositions_n;
    if (first >= LEADERS && first < LEADERS + LEADERS_N && second >= VOWELS && second < VOWELS + VOWELS_N)
        return SYLLABLES + ((first - LEADERS) * VOWELS_N + (second - VOWELS)) * TRAILERS_N;
    if (first >= SYLLABLES && first < SYLLABLES + SYLLABLES_N && (first - SYLLABLES) % TRAILERS_N == 0 &&
        second > TRAILERS && second < TRAILERS + TRAILERS_N)
        return first + second - TRAILERS;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const uint32_t *row = unicode_decompositions + ROW * (size_t)unicode_compositions[middle];
        if (row[1] == first && row[2] == second)
            return row[0];
        if (row[1] < first || (row[1] == first && row[2] < second))
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

uint32_t unicode_class_of(uint32_t code)
{
    size_t low = 0;
    size_t high = unicode_classes_n;
    if (code < 0x300)
        return 0;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (unicode_classes[middle] >> 8 <= code)
            low = middle;
        else
            high = middle;
    }
    return unicode_classes[low] & 0xff;
}

size_t unicode_bases_of(uint32_t out[static UNICODE_PARTS_MAX], uint32_t code)
{
    size_t kept = 0, n = unicode_parts_of(out, code);
    for (size_t i = 0; i < n; i++)
        if ((unicode_traits(out[i]) & UNICODE_MN) == 0)
            out[kept++] = out[i];
    return kept;
}
