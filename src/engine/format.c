/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/format.h"

/* clang-format off */
static const struct weight_format formats[WEIGHT_TYPES_N] = {
    [WEIGHT_F32] = {"F32", 0, CLASS_FLOAT, 1, 4, 0, 0, 0, false, 1, {{FIELD_F32, 0, 4, 4, 4}}},
    [WEIGHT_F16] = {"F16", 1, CLASS_FLOAT, 1, 2, 0, 0, 0, false, 1, {{FIELD_F16, 0, 2, 2, 2}}},
    [WEIGHT_BF16] = {"BF16", 30, CLASS_BF16, 2, 4, 0, 0, 0, false, 1, {{FIELD_BF16, 0, 4, 4, 4}}},
    [WEIGHT_Q4_0] = {"Q4_0", 2, CLASS_CODES, 32, 18, 32, 15, 8, false, 2,
        {{FIELD_BITS, 2, 16, 4, 16}, {FIELD_F16, 0, 2, 2, 2}}},
    [WEIGHT_Q4_1] = {"Q4_1", 3, CLASS_CODES, 32, 20, 32, 15, 0, true, 3,
        {{FIELD_BITS, 4, 16, 4, 16}, {FIELD_F16, 0, 2, 2, 2}, {FIELD_F16, 2, 2, 2, 2}}},
    [WEIGHT_Q5_0] = {"Q5_0", 6, CLASS_CODES, 32, 22, 32, 31, 16, false, 3,
        {{FIELD_BITS, 6, 16, 4, 16}, {FIELD_F16, 0, 2, 2, 2}, {FIELD_HIGH, 2, 4, 4, 4}}},
    [WEIGHT_Q5_1] = {"Q5_1", 7, CLASS_CODES, 32, 24, 32, 31, 0, true, 4,
        {{FIELD_BITS, 8, 16, 4, 16}, {FIELD_F16, 0, 2, 2, 2}, {FIELD_HIGH, 4, 4, 4, 4}, {FIELD_F16, 2, 2, 2, 2}}},
    [WEIGHT_Q8_0] = {"Q8_0", 8, CLASS_CODES, 32, 34, 32, 255, 128, false, 2,
        {{FIELD_SIGNED, 2, 32, 4, 32}, {FIELD_F16, 0, 2, 2, 2}}},
    [WEIGHT_Q2_K] = {"Q2_K", 10, CLASS_CODES, 256, 84, 16, 3, 0, true, 4,
        {{FIELD_BITS, 16, 64, 4, 64}, {FIELD_F16, 80, 2, 2, 2}, {FIELD_F16, 82, 2, 2, 2}, {FIELD_BITS, 0, 16, 1, 16}}},
    [WEIGHT_Q3_K] = {"Q3_K", 11, CLASS_CODES, 256, 110, 16, 7, 4, false, 4,
        {{FIELD_BITS, 32, 64, 4, 64}, {FIELD_F16, 108, 2, 2, 2}, {FIELD_BITS, 0, 32, 4, 32},
         {FIELD_PACKED3, 96, 12, 12, 16}}},
    [WEIGHT_Q4_K] = {"Q4_K", 12, CLASS_CODES, 256, 144, 32, 15, 0, true, 4,
        {{FIELD_BITS, 16, 128, 4, 128}, {FIELD_F16, 0, 2, 2, 2}, {FIELD_F16, 2, 2, 2, 2},
         {FIELD_PACKED4, 4, 12, 12, 16}}},
    [WEIGHT_Q5_K] = {"Q5_K", 13, CLASS_CODES, 256, 176, 32, 31, 0, true, 5,
        {{FIELD_BITS, 48, 128, 4, 128}, {FIELD_F16, 0, 2, 2, 2}, {FIELD_F16, 2, 2, 2, 2},
         {FIELD_PACKED4, 4, 12, 12, 16}, {FIELD_BITS, 16, 32, 4, 32}}},
    [WEIGHT_Q6_K] = {"Q6_K", 14, CLASS_CODES, 256, 210, 16, 63, 32, false, 4,
        {{FIELD_BITS, 0, 128, 4, 128}, {FIELD_F16, 208, 2, 2, 2}, {FIELD_BITS, 128, 64, 4, 64},
         {FIELD_BITS, 192, 16, 1, 16}}},
    [WEIGHT_Q8_K] = {"Q8_K", 15, CLASS_CODES, 256, 292, 32, 255, 128, false, 2,
        {{FIELD_SIGNED, 4, 256, 4, 256}, {FIELD_F32, 0, 4, 4, 4}}},
    [WEIGHT_IQ4_NL] = {"IQ4_NL", 20, CLASS_CODES, 32, 18, 32, 255, 128, false, 2,
        {{FIELD_BITS, 2, 16, 4, 16}, {FIELD_F16, 0, 2, 2, 2}}},
    [WEIGHT_IQ4_XS] = {"IQ4_XS", 23, CLASS_CODES, 256, 136, 32, 255, 128, false, 3,
        {{FIELD_BITS, 8, 128, 4, 128}, {FIELD_F16, 0, 2, 2, 2}, {FIELD_PACKEDX, 2, 6, 6, 8}}},
    [WEIGHT_MXFP4] = {"MXFP4", 39, CLASS_CODES, 32, 17, 32, 24, 12, false, 2,
        {{FIELD_BITS, 1, 16, 4, 16}, {FIELD_E8M0, 0, 1, 1, 1}}},
};
/* clang-format on */

const struct weight_format *format_of(enum weight_type type)
{
    return &formats[type];
}

enum weight_type format_find(uint32_t number)
{
    int type = 0;
    while (type < WEIGHT_TYPES_N && formats[type].number != number)
        type++;
    return (enum weight_type)type;
}

const char *format_number_name(uint32_t number)
{
    static const char *const names[] = {"F32",
                                        "F16",
                                        "Q4_0",
                                        "Q4_1",
                                        "Q4_2 (withdrawn)",
                                        "Q4_3 (withdrawn)",
                                        "Q5_0",
                                        "Q5_1",
                                        "Q8_0",
                                        "Q8_1",
                                        "Q2_K",
                                        "Q3_K",
                                        "Q4_K",
                                        "Q5_K",
                                        "Q6_K",
                                        "Q8_K",
                                        "IQ2_XXS",
                                        "IQ2_XS",
                                        "IQ3_XXS",
                                        "IQ1_S",
                                        "IQ4_NL",
                                        "IQ3_S",
                                        "IQ2_S",
                                        "IQ4_XS",
                                        "I8",
                                        "I16",
                                        "I32",
                                        "I64",
                                        "F64",
                                        "IQ1_M",
                                        "BF16",
                                        "Q4_0_4_4 (withdrawn)",
                                        "Q4_0_4_8 (withdrawn)",
                                        "Q4_0_8_8 (withdrawn)",
                                        "TQ1_0",
                                        "TQ2_0",
                                        "IQ4_NL_4_4 (withdrawn)",
                                        "IQ4_NL_4_8 (withdrawn)",
                                        "IQ4_NL_8_8 (withdrawn)",
                                        "MXFP4",
                                        "NVFP4",
                                        "Q1_0",
                                        "Q2_0"};
    return number < sizeof names / sizeof names[0] ? names[number] : "unknown";
}
