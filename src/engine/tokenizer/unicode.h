/* SPDX-License-Identifier: Apache-2.0 */
/* What tokenizers ask of Unicode (15.1.0): characters of UTF-8 that may be wrong, their traits, lower case, canonical
 * decomposition and composition. */
#ifndef ENGINE_TOKENIZER_UNICODE_H
#define ENGINE_TOKENIZER_UNICODE_H

#include <stddef.h>
#include <stdint.h>

/* Traits of a character as bits; the general categories exclude each other, the others are added to them. */
enum {
    UNICODE_LU = 1 << 0,
    UNICODE_LL = 1 << 1,
    UNICODE_LT = 1 << 2,
    UNICODE_LM = 1 << 3,
    UNICODE_LO = 1 << 4,
    UNICODE_MN = 1 << 5,
    UNICODE_MC_ME = 1 << 6,
    UNICODE_ND = 1 << 7,
    UNICODE_NL_NO = 1 << 8,
    UNICODE_PC = 1 << 9,
    UNICODE_P_OTHER = 1 << 10,
    UNICODE_S = 1 << 11,
    UNICODE_CONTROL = 1 << 12, /* Cc, Cf, Cs, Co */
    UNICODE_REST = 1 << 13,    /* Z, Cn */
    UNICODE_SPACE = 1 << 14,   /* the property White_Space, \s */
    UNICODE_NEWLINE = 1 << 15, /* \r and \n */
    UNICODE_HAN = 1 << 16,     /* Script=Han */
    UNICODE_ASCII_LETTER = 1 << 17,
    UNICODE_ASCII_DIGIT = 1 << 18,
    UNICODE_ASCII_MARK = 1 << 19, /* the 32 printable ones that are neither letter, digit nor space */
    UNICODE_BACKTICK = 1 << 20,
    UNICODE_L = UNICODE_LU | UNICODE_LL | UNICODE_LT | UNICODE_LM | UNICODE_LO,
    UNICODE_M = UNICODE_MN | UNICODE_MC_ME,
    UNICODE_N = UNICODE_ND | UNICODE_NL_NO,
    UNICODE_P = UNICODE_PC | UNICODE_P_OTHER,
    UNICODE_ANY = (1 << 14) - 1,
};

enum {
    UNICODE_REPLACEMENT = 0xfffd,
    UNICODE_PARTS_MAX = 4,
    UNICODE_CLASS_CHANGES = 255, /* no combining class: see unicode_class_of */
};

/* Bytes of the well-formed character (RFC 3629) at the start of the len bytes, 1 to 4; 0 when there is none. */
size_t unicode_char_len(const uint8_t *bytes, size_t len);

/* The character at text[*at], *at < end, and moves *at behind it.  A byte that begins no well-formed character is
 * U+FFFD, one byte long. */
uint32_t unicode_next(const uint8_t *text, size_t end, size_t *at);

/* Writes a code point (not a surrogate, at most 0x10ffff) as 1 to 4 bytes and returns how many. */
size_t unicode_write(uint8_t out[static 4], uint32_t code);

uint32_t unicode_traits(uint32_t code);

/* The simple lower case; code itself where it has none. */
uint32_t unicode_lower_of(uint32_t code);

/* The canonical decomposition of code, not reordered: returns how many code points, 1 for one that has none. */
size_t unicode_parts_of(uint32_t out[static UNICODE_PARTS_MAX], uint32_t code);

/* The same without nonspacing marks (Mn): 0 to UNICODE_PARTS_MAX. */
size_t unicode_bases_of(uint32_t out[static UNICODE_PARTS_MAX], uint32_t code);

/* What first and second compose to canonically, or 0. */
uint32_t unicode_whole_of(uint32_t first, uint32_t second);

/* The canonical combining class, or UNICODE_CLASS_CHANGES where it is 0 and normalization to NFC may change code or
 * join it to what precedes; so 0 means that it stays and begins anew. */
uint32_t unicode_class_of(uint32_t code);

#endif
