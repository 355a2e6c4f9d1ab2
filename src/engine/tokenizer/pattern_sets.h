/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of characters that the rules of pattern.c are made of; pattern_sets.c says what each is as a regular expression.
 */
#ifndef ENGINE_TOKENIZER_PATTERN_SETS_H
#define ENGINE_TOKENIZER_PATTERN_SETS_H

#include "engine/tokenizer/pattern.h"

extern const struct character_set set_letters, set_numbers, set_digits, set_spaces, set_newlines, set_not_spaces,
    set_letters_marks, set_marks_symbols, set_punctuation, set_han, set_ascii_letters, set_ascii_marks,
    set_ascii_digits, set_before_letters, set_others, set_others_no_marks, set_before_words, set_upper, set_lower,
    set_upper_no_han, set_lower_no_han, set_space, set_newline, set_not_newline, set_newlines_slash, set_falcon_marks,
    set_default_marks, set_bloom_words, set_deepseek_letters, set_deepseek_marks, set_deepseek_cjk, set_cjk, set_hangul,
    set_youtu_marks, set_bopomofo, set_afmoe_scripts;

#endif
