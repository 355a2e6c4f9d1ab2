/* SPDX-License-Identifier: Apache-2.0 */
/* The reference: spec/numerics.md in plain C. */
#include "engine/kernel/kernels.h"
#include "engine/numerics.h"

/* NUM-22: lanes 0..15 hold partial sums; the upper half is added to the lower until one is left. */
static float lanes_sum(float lanes[static LAYOUT_ROWS])
{
    for (size_t width = LAYOUT_ROWS / 2; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++)
            lanes[i] = lanes[i] + lanes[i + width];
    return lanes[0];
}

static void quantise_block(int8_t *q, float *scale, int32_t *sum, const float *x)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < LAYOUT_BLOCK; i++) {
        uint32_t magnitude = f32_bits(x[i]) & 0x7fffffff;
        largest = magnitude > largest ? magnitude : largest;
    }
    bool finite = largest < QUANTISE_NOT_FINITE;
    bool plain = finite && largest >= QUANTISE_TINY;
    float inverse = plain ? 127.0f / f32_from_bits(largest) : 0.0f;
    *scale = plain ? f32_from_bits(largest) / 127.0f : finite ? 0.0f : f32_from_bits(QUANTISE_NAN);
    *sum = 0;
    for (size_t i = 0; i < LAYOUT_BLOCK; i++) {
        float rounded = plain ? (x[i] * inverse + EXP_ROUND) - EXP_ROUND : 0.0f;
        q[i] = (int8_t)rounded;
        *sum += q[i];
    }
}

static void quantise(int8_t *q, float *scale, int32_t *sum, const float *x, size_t n)
{
    for (size_t block = 0; block < n / LAYOUT_BLOCK; block++)
        quantise_block(q + block * LAYOUT_BLOCK, scale + block, sum + block, x + block * LAYOUT_BLOCK);
}

static void rms_norm(float *y, const float *x, const float *w, size_t n, float epsilon)
{
    float lanes[LAYOUT_ROWS] = {0};
    for (size_t i = 0; i < n; i++)
        lanes[i % LAYOUT_ROWS] = lanes[i % LAYOUT_ROWS] + x[i] * x[i];
    float factor = 1.0f / f32_sqrt(lanes_sum(lanes) / (float)n + epsilon);
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * factor * w[i];
}

static void swiglu(float *y, const float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = gate[i] / (1.0f + f32_exp(0.0f - gate[i])) * up[i];
}

static void matmul_f32(float *y, size_t y_stride, const uint8_t *groups, size_t groups_n, size_t columns_n,
                       const struct activations *a, size_t tokens_n)
{
    size_t group_len = (size_t)layout_group_len(WEIGHT_F32, columns_n);
    for (size_t t = 0; t < tokens_n; t++)
        for (size_t row = 0; row < groups_n * LAYOUT_ROWS; row++) {
            const uint8_t *w = groups + row / LAYOUT_ROWS * group_len + row % LAYOUT_ROWS * 4;
            const float *x = a->x + t * a->stride;
            float sum = 0.0f;
            for (size_t i = 0; i < columns_n; i++, w += LAYOUT_ROWS * 4) {
                float weight;
                memcpy(&weight, w, 4);
                sum = sum + weight * x[i];
            }
            y[t * y_stride + row] = sum;
        }
}

static void matmul_f16(float *y, size_t y_stride, const uint8_t *groups, size_t groups_n, size_t columns_n,
                       const struct activations *a, size_t tokens_n)
{
    size_t group_len = (size_t)layout_group_len(WEIGHT_F16, columns_n);
    for (size_t t = 0; t < tokens_n; t++)
        for (size_t row = 0; row < groups_n * LAYOUT_ROWS; row++) {
            const uint8_t *w = groups + row / LAYOUT_ROWS * group_len + row % LAYOUT_ROWS * 2;
            const float *x = a->x + t * a->stride;
            float sum = 0.0f;
            for (size_t i = 0; i < columns_n; i++, w += LAYOUT_ROWS * 2)
                sum = sum + f32_from_f16(w) * x[i];
            y[t * y_stride + row] = sum;
        }
}

/* The exact integer sum over a block of value * q. */
static int32_t block_q8_0(const uint8_t *values, const int8_t *q)
{
    int32_t sum = 0;
    for (size_t i = 0; i < LAYOUT_BLOCK; i++)
        sum += (values[i / 4 * 64 + i % 4] - 128) * q[i];
    return sum;
}

static int32_t block_q4_0(const uint8_t *values, const int8_t *q)
{
    int32_t sum = 0;
    for (size_t i = 0; i < LAYOUT_BLOCK / 2; i++) {
        int byte = values[i / 4 * 64 + i % 4];
        sum += ((byte & 15) - 8) * q[i] + ((byte >> 4) - 8) * q[i + 16];
    }
    return sum;
}

/* One row of 32-column blocks: values at values_at of each group, value_len bytes for a block of 16 rows. */
static float row_quantised(const uint8_t *group, size_t row, size_t blocks_n, size_t value_len,
                           int32_t (*block_sum)(const uint8_t *, const int8_t *), const struct activations *a, size_t t)
{
    const uint8_t *scales = group + blocks_n * value_len + row * 2;
    size_t first = t * a->stride / LAYOUT_BLOCK;
    float sum = 0.0f;
    for (size_t b = 0; b < blocks_n; b++) {
        int32_t exact = block_sum(group + b * value_len + row * 4, a->q + (first + b) * LAYOUT_BLOCK);
        float scale = f32_from_f16(scales + b * LAYOUT_ROWS * 2) * a->scale[first + b];
        sum = sum + (float)exact * scale;
    }
    return sum;
}

static void matmul_q8_0(float *y, size_t y_stride, const uint8_t *groups, size_t groups_n, size_t columns_n,
                        const struct activations *a, size_t tokens_n)
{
    size_t group_len = (size_t)layout_group_len(WEIGHT_Q8_0, columns_n);
    for (size_t t = 0; t < tokens_n; t++)
        for (size_t row = 0; row < groups_n * LAYOUT_ROWS; row++)
            y[t * y_stride + row] = row_quantised(groups + row / LAYOUT_ROWS * group_len, row % LAYOUT_ROWS,
                                                  columns_n / LAYOUT_BLOCK, 512, block_q8_0, a, t);
}

static void matmul_q4_0(float *y, size_t y_stride, const uint8_t *groups, size_t groups_n, size_t columns_n,
                        const struct activations *a, size_t tokens_n)
{
    size_t group_len = (size_t)layout_group_len(WEIGHT_Q4_0, columns_n);
    for (size_t t = 0; t < tokens_n; t++)
        for (size_t row = 0; row < groups_n * LAYOUT_ROWS; row++)
            y[t * y_stride + row] = row_quantised(groups + row / LAYOUT_ROWS * group_len, row % LAYOUT_ROWS,
                                                  columns_n / LAYOUT_BLOCK, 256, block_q4_0, a, t);
}

static void scores(float *s, const float *q, const float *k, size_t head_dim, size_t n, float scale)
{
    for (size_t p = 0; p < n; p++) {
        const float *key = k + p / LAYOUT_ROWS * head_dim * LAYOUT_ROWS + p % LAYOUT_ROWS;
        float sum = 0.0f;
        for (size_t d = 0; d < head_dim; d++)
            sum = sum + q[d] * key[d * LAYOUT_ROWS];
        s[p] = sum * scale;
    }
}

static float softmax(float *s, size_t n)
{
    float lanes[LAYOUT_ROWS] = {0};
    float largest = s[0];
    size_t padded = (n + LAYOUT_ROWS - 1) / LAYOUT_ROWS * LAYOUT_ROWS;
    for (size_t p = 1; p < n; p++)
        largest = s[p] > largest ? s[p] : largest;
    for (size_t p = 0; p < padded; p++) {
        s[p] = p < n ? f32_exp(s[p] - largest) : 0.0f;
        lanes[p % LAYOUT_ROWS] = lanes[p % LAYOUT_ROWS] + s[p];
    }
    return lanes_sum(lanes);
}

static void mix(float *y, const float *s, const float *v, size_t v_stride, size_t width, size_t n, float factor)
{
    for (size_t d = 0; d < width; d++) {
        float sum = 0.0f;
        for (size_t p = 0; p < n; p++)
            sum = sum + s[p] * v[p * v_stride + d];
        y[d] = sum * factor;
    }
}

const struct kernels kernels_scalar = {
    .name = "scalar",
    .quantise = quantise,
    .rms_norm = rms_norm,
    .swiglu = swiglu,
    .matmul = {matmul_f32, matmul_f16, matmul_q8_0, matmul_q4_0},
    .scores = scores,
    .softmax = softmax,
    .mix = mix,
};
