/* SPDX-License-Identifier: Apache-2.0 */
/* The generated Unicode tables (unicode_generate.py says what their numbers are).  Private to unicode.c and unicode_normal.c. */
#ifndef ENGINE_TOKENIZER_UNICODE_TABLES_H
#define ENGINE_TOKENIZER_UNICODE_TABLES_H

#include <stddef.h>
#include <stdint.h>

extern const uint32_t unicode_categories[];
extern const size_t unicode_categories_n;
extern const uint32_t unicode_lower[];
extern const size_t unicode_lower_n;
extern const uint32_t unicode_decompositions[];
extern const size_t unicode_decompositions_n;
extern const uint32_t unicode_compositions[];
extern const size_t unicode_compositions_n;
extern const uint32_t unicode_singles[];
extern const size_t unicode_singles_n;
extern const uint32_t unicode_single_runs[];
extern const size_t unicode_single_runs_n;
extern const uint32_t unicode_classes[];
extern const size_t unicode_classes_n;

#endif
