/* SPDX-License-Identifier: Apache-2.0 */
/* The sets of characters of the published patterns. */
#include "engine/tokenizer/pattern_sets.h"

#include "engine/tokenizer/unicode.h"

const struct character_set set_letters = {.any = UNICODE_L};
const struct character_set set_numbers = {.any = UNICODE_N};
const struct character_set set_digits = {.any = UNICODE_ND};
const struct character_set set_spaces = {.any = UNICODE_SPACE};
const struct character_set set_newlines = {.any = UNICODE_NEWLINE};
const struct character_set set_not_spaces = {.any = UNICODE_ANY, .none = UNICODE_SPACE};
const struct character_set set_letters_marks = {.any = UNICODE_L | UNICODE_M};
const struct character_set set_marks_symbols = {.any = UNICODE_P | UNICODE_S};
const struct character_set set_punctuation = {.any = UNICODE_P};
const struct character_set set_han = {.any = UNICODE_HAN};
const struct character_set set_ascii_letters = {.any = UNICODE_ASCII_LETTER};
const struct character_set set_ascii_marks = {.any = UNICODE_ASCII_MARK};
const struct character_set set_ascii_digits = {.any = UNICODE_ASCII_DIGIT};

/* [^\r\n\p{L}\p{N}], [^\s\p{L}\p{N}], [^\s\p{L}\p{N}\r\n], [^\s\p{L}\p{M}\p{N}], [^\r\n\p{L}\p{P}\p{S}] */
const struct character_set set_before_letters = {.any = UNICODE_ANY, .none = UNICODE_NEWLINE | UNICODE_L | UNICODE_N};
const struct character_set set_others = {.any = UNICODE_ANY, .none = UNICODE_SPACE | UNICODE_L | UNICODE_N};
const struct character_set set_others_no_marks = {.any = UNICODE_ANY,
                                                  .none = UNICODE_SPACE | UNICODE_L | UNICODE_M | UNICODE_N};
const struct character_set set_before_words = {.any = UNICODE_ANY,
                                               .none = UNICODE_NEWLINE | UNICODE_L | UNICODE_P | UNICODE_S};

/* [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and [\p{Ll}\p{Lm}\p{Lo}\p{M}]; the same without Han */
const struct character_set set_upper = {.any = UNICODE_LU | UNICODE_LT | UNICODE_LM | UNICODE_LO | UNICODE_M};
const struct character_set set_lower = {.any = UNICODE_LL | UNICODE_LM | UNICODE_LO | UNICODE_M};
const struct character_set set_upper_no_han = {.any = UNICODE_LU | UNICODE_LT | UNICODE_LM | UNICODE_LO | UNICODE_M,
                                               .none = UNICODE_HAN};
const struct character_set set_lower_no_han = {.any = UNICODE_LL | UNICODE_LM | UNICODE_LO | UNICODE_M,
                                               .none = UNICODE_HAN};

static const struct range space_range[] = {{0x20, 0x20}};
const struct character_set set_space = {.ranges = space_range, .ranges_n = 1};
static const struct range newline_range[] = {{0x0a, 0x0a}};
const struct character_set set_newline = {.ranges = newline_range, .ranges_n = 1};
const struct character_set set_not_newline = {.ranges = newline_range, .ranges_n = 1, .outside = true};
static const struct range newline_slash_ranges[] = {{0x0a, 0x0a}, {0x0d, 0x0d}, {0x2f, 0x2f}};
const struct character_set set_newlines_slash = {.ranges = newline_slash_ranges, .ranges_n = 3};

/* [\p{P}$+<=>^~|`], and the same without the backtick */
const struct character_set set_falcon_marks = {.any = UNICODE_P | UNICODE_ASCII_MARK};
const struct character_set set_default_marks = {.any = UNICODE_P | UNICODE_ASCII_MARK, .none = UNICODE_BACKTICK};

/* [^(\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)] */
static const struct range bloom_ranges[] = {{0x21, 0x21},   {0x28, 0x29},     {0x2c, 0x2c},     {0x2e, 0x2e},
                                            {0x3f, 0x3f},   {0x7c, 0x7c},     {0x60c, 0x60c},   {0x6d4, 0x6d4},
                                            {0x964, 0x964}, {0x2026, 0x2026}, {0x3001, 0x3002}, {0xff0c, 0xff0c}};
const struct character_set set_bloom_words = {.ranges = bloom_ranges,
                                              .ranges_n = sizeof bloom_ranges / sizeof bloom_ranges[0],
                                              .outside = true,
                                              .none = UNICODE_SPACE};

static const struct range deepseek_letter_ranges[] = {
    {0x41, 0x5a},       {0x61, 0x7a},       {0xb5, 0xb5},       {0xc0, 0xd6},       {0xd8, 0xf6},
    {0xf8, 0x1ba},      {0x1bc, 0x1bf},     {0x1c4, 0x293},     {0x295, 0x2af},     {0x370, 0x373},
    {0x376, 0x377},     {0x37b, 0x37d},     {0x37f, 0x37f},     {0x386, 0x386},     {0x388, 0x38a},
    {0x38c, 0x38c},     {0x38e, 0x3a1},     {0x3a3, 0x3f5},     {0x3f7, 0x481},     {0x48a, 0x52f},
    {0x531, 0x556},     {0x10a0, 0x10c5},   {0x13a0, 0x13f5},   {0x13f8, 0x13fd},   {0x1c90, 0x1cba},
    {0x1cbd, 0x1cbf},   {0x1d00, 0x1d2b},   {0x1d6b, 0x1d77},   {0x1d79, 0x1d9a},   {0x1e00, 0x1f15},
    {0x1f18, 0x1f1d},   {0x1f20, 0x1f45},   {0x1f48, 0x1f4d},   {0x1f50, 0x1f57},   {0x1f59, 0x1f59},
    {0x1f5b, 0x1f5b},   {0x1f5d, 0x1f5d},   {0x1f5f, 0x1f7d},   {0x1f80, 0x1fb4},   {0x1fb6, 0x1fbc},
    {0x1fbe, 0x1fbe},   {0x1fc2, 0x1fc4},   {0x1fc6, 0x1fcc},   {0x1fd0, 0x1fd3},   {0x1fd6, 0x1fdb},
    {0x1fe0, 0x1fec},   {0x1ff2, 0x1ff4},   {0x1ff6, 0x1ffc},   {0x2102, 0x2102},   {0x2107, 0x2107},
    {0x210a, 0x2113},   {0x2115, 0x2115},   {0x2119, 0x211d},   {0x2124, 0x2124},   {0x2126, 0x2126},
    {0x2128, 0x2128},   {0x212a, 0x212d},   {0x212f, 0x2134},   {0x2139, 0x2139},   {0x213c, 0x213f},
    {0x2145, 0x2149},   {0x214e, 0x214e},   {0x2183, 0x2184},   {0x2c00, 0x2c7b},   {0x2c7e, 0x2ce4},
    {0x2ceb, 0x2cee},   {0x2cf2, 0x2cf3},   {0xa640, 0xa66d},   {0xa680, 0xa69b},   {0xa722, 0xa76f},
    {0xa771, 0xa787},   {0xa78b, 0xa78e},   {0xab70, 0xabbf},   {0xfb00, 0xfb06},   {0xfb13, 0xfb17},
    {0xff21, 0xff3a},   {0xff41, 0xff5a},   {0x10400, 0x1044f}, {0x104b0, 0x104d3}, {0x104d8, 0x104fb},
    {0x10c80, 0x10cb2}, {0x10cc0, 0x10cf2}, {0x118a0, 0x118df}, {0x1e900, 0x1e943}};
const struct character_set set_deepseek_letters = {
    .ranges = deepseek_letter_ranges, .ranges_n = sizeof deepseek_letter_ranges / sizeof deepseek_letter_ranges[0]};
static const struct range deepseek_mark_ranges[] = {{0x21, 0x2f},     {0x3a, 0x7e},     {0x2018, 0x201f},
                                                    {0x3000, 0x3002}, {0xff01, 0xff0f}, {0xff1a, 0xff5e}};
const struct character_set set_deepseek_marks = {.ranges = deepseek_mark_ranges, .ranges_n = 6};
static const struct range deepseek_cjk_ranges[] = {{0x800, 0x9fa5}, {0xac00, 0xd7ff}};
const struct character_set set_deepseek_cjk = {.ranges = deepseek_cjk_ranges, .ranges_n = 2};
static const struct range cjk_ranges[] = {{0x3040, 0x30ff}, {0x4e00, 0x9fa5}};
const struct character_set set_cjk = {.ranges = cjk_ranges, .ranges_n = 2};

static const struct range hangul_ranges[] = {{0x3131, 0x318e}, {0xac00, 0xd7a3}};
const struct character_set set_hangul = {.ranges = hangul_ranges, .ranges_n = 2};
static const struct range youtu_mark_ranges[] = {{0x2014, 0x2014}, {0x2018, 0x2019}, {0x201c, 0x201d},
                                                 {0x2026, 0x2026}, {0x3001, 0x303f}, {0xfe30, 0xfe4f},
                                                 {0xff01, 0xff01}, {0xff0c, 0xff0c}, {0xff1a, 0xff1b}};
const struct character_set set_youtu_marks = {.ranges = youtu_mark_ranges, .ranges_n = 9};
static const struct range bopomofo_range[] = {{0x3105, 0x312f}};
const struct character_set set_bopomofo = {.ranges = bopomofo_range, .ranges_n = 1};
static const struct range afmoe_ranges[] = {{0xe40, 0xeff},   {0x1000, 0x109f}, {0x1100, 0x11ff}, {0x1780, 0x17ff},
                                            {0x2f00, 0x2fdf}, {0x3040, 0x30ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff},
                                            {0xa9e0, 0xa9ff}, {0xaa60, 0xaa7f}, {0xac00, 0xd7af}, {0xf900, 0xfaff},
                                            {0xff65, 0xff9f}};
const struct character_set set_afmoe_scripts = {.ranges = afmoe_ranges, .ranges_n = 13};
