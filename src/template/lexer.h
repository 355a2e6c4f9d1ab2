/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a template into text and the lexemes of its tags, and applies the rules of whitespace. */
#ifndef TEMPLATE_LEXER_H
#define TEMPLATE_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lexeme_kind {
    LEXEME_END,
    LEXEME_TEXT,
    LEXEME_OUTPUT_BEGIN,
    LEXEME_OUTPUT_END,
    LEXEME_BLOCK_BEGIN,
    LEXEME_BLOCK_END,
    LEXEME_NAME,
    LEXEME_INTEGER,
    LEXEME_FLOAT,
    LEXEME_STRING, /* with its quotes */
    LEXEME_OPERATOR,
    LEXEME_WRONG, /* text: why, a literal */
};

struct lexeme {
    enum lexeme_kind kind;
    const uint8_t *text;
    size_t len;
    uint32_t line;
    uint32_t op; /* of an operator: its characters */
};

struct lexer {
    const uint8_t *at, *end;
    uint32_t line;
    enum { LEXER_DATA, LEXER_OUTPUT, LEXER_BLOCK } mode;
    uint32_t open;      /* brackets in this tag */
    bool line_starting; /* the last tag took the newline after it */
};

/* Starts at text, in which newlines are '\n'; the caller keeps it alive. */
void lexer_init(struct lexer *l, const uint8_t *text, size_t len);

/* The next lexeme; LEXEME_END again and again at the end. */
struct lexeme lexer_next(struct lexer *l);

#endif
