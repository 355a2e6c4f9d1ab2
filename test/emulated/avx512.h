/* SPDX-License-Identifier: Apache-2.0 */
/* Included before the AVX-512 kernels when a test computes them on a processor without AVX-512: SIMDe
 * (libsimde-dev) gives each intrinsic the meaning of the instruction, in plain code.  Slow, and only as right as SIMDe;
 * a test that uses it says "emulated" in its output. */
#ifndef TEST_EMULATED_AVX512_H
#define TEST_EMULATED_AVX512_H

#include <immintrin.h>
#define SIMDE_ENABLE_NATIVE_ALIASES
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>
#pragma GCC diagnostic pop
#include <string.h>

/* What SIMDe lacks, by halves. */
static inline simde__m512 emulated_cvtepi32_ps(simde__m512i v)
{
    __m256i in[2];
    __m256 out[2];
    simde__m512 result;
    memcpy(in, &v, sizeof in);
    out[0] = _mm256_cvtepi32_ps(in[0]);
    out[1] = _mm256_cvtepi32_ps(in[1]);
    memcpy(&result, out, sizeof result);
    return result;
}

static inline simde__m512i emulated_cvtps_epi32(simde__m512 v)
{
    __m256 in[2];
    __m256i out[2];
    simde__m512i result;
    memcpy(in, &v, sizeof in);
    out[0] = _mm256_cvtps_epi32(in[0]);
    out[1] = _mm256_cvtps_epi32(in[1]);
    memcpy(&result, out, sizeof result);
    return result;
}

static inline __m256 emulated_extractf32x8_ps(simde__m512 v, int half)
{
    __m256 in[2];
    memcpy(in, &v, sizeof in);
    return in[half];
}

static inline simde__m512 emulated_cvtph_ps(__m256i v)
{
    simde__m512 result;
    __m256 out[2] = {_mm256_cvtph_ps(_mm256_castsi256_si128(v)), _mm256_cvtph_ps(_mm256_extracti128_si256(v, 1))};
    memcpy(&result, out, sizeof result);
    return result;
}

static inline float emulated_reduce_max_ps(simde__m512 v)
{
    float lanes[16];
    memcpy(lanes, &v, sizeof lanes);
    for (int i = 1; i < 16; i++)
        lanes[0] = lanes[i] > lanes[0] ? lanes[i] : lanes[0];
    return lanes[0];
}

static inline int emulated_reduce_max_epi32(simde__m512i v)
{
    int lanes[16];
    memcpy(lanes, &v, sizeof lanes);
    for (int i = 1; i < 16; i++)
        lanes[0] = lanes[i] > lanes[0] ? lanes[i] : lanes[0];
    return lanes[0];
}

static inline int emulated_reduce_add_epi32(simde__m512i v)
{
    int lanes[16];
    memcpy(lanes, &v, sizeof lanes);
    for (int i = 1; i < 16; i++)
        lanes[0] += lanes[i];
    return lanes[0];
}

/* Lanes whose bit is not set are zero, and their memory is not touched. */
static inline simde__m512i emulated_maskz_loadu_epi32(unsigned mask, const void *memory)
{
    int lanes[16] = {0};
    simde__m512i result;
    for (int i = 0; i < 16; i++)
        if ((mask >> i & 1) != 0)
            memcpy(lanes + i, (const char *)memory + i * 4, 4);
    memcpy(&result, lanes, sizeof result);
    return result;
}

/* Truncates, as the instruction does. */
static inline __m128i emulated_cvtepi32_epi8(simde__m512i v)
{
    int lanes[16];
    signed char bytes[16];
    __m128i result;
    memcpy(lanes, &v, sizeof lanes);
    for (int i = 0; i < 16; i++)
        bytes[i] = (signed char)lanes[i];
    memcpy(&result, bytes, sizeof result);
    return result;
}

#undef _mm512_cvtepi32_epi8
#define _mm512_cvtepi32_epi8 emulated_cvtepi32_epi8
#undef _mm512_maskz_loadu_epi32
#define _mm512_maskz_loadu_epi32 emulated_maskz_loadu_epi32
#undef _mm512_reduce_max_ps
#undef _mm512_reduce_max_epi32
#undef _mm512_reduce_add_epi32
#define _mm512_reduce_max_ps    emulated_reduce_max_ps
#define _mm512_reduce_max_epi32 emulated_reduce_max_epi32
#define _mm512_reduce_add_epi32 emulated_reduce_add_epi32
#undef _mm512_cvtepi32_ps
#undef _mm512_cvtps_epi32
#undef _mm512_extractf32x8_ps
#undef _mm512_cvtph_ps
#define _mm512_cvtepi32_ps     emulated_cvtepi32_ps
#define _mm512_cvtps_epi32     emulated_cvtps_epi32
#define _mm512_extractf32x8_ps emulated_extractf32x8_ps
#define _mm512_cvtph_ps        emulated_cvtph_ps

#endif
