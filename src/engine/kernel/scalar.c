/* SPDX-License-Identifier: Apache-2.0 */
/* The reference: spec/numerics.md in plain C. */
#include "engine/kernel/scalar_lanes.h"

#include "engine/kernel/expand.h"

/* NUM-22: lanes 0..15 hold partial sums; the upper half is added to the lower until one is left. */
static float lanes_sum(float lanes[static FORMAT_ROWS])
{
    for (size_t width = FORMAT_ROWS / 2; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++)
            lanes[i] = lanes[i] + lanes[i + width];
    return lanes[0];
}

static float quantise_block(int8_t *q, const float *x)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < FORMAT_BLOCK; i++) {
        uint32_t magnitude = f32_bits(x[i]) & 0x7fffffff;
        largest = magnitude > largest ? magnitude : largest;
    }
    bool finite = largest < QUANTISE_NOT_FINITE;
    bool plain = finite && largest >= QUANTISE_TINY;
    float inverse = plain ? 127.0f / f32_from_bits(largest) : 0.0f;
    for (size_t i = 0; i < FORMAT_BLOCK; i++)
        q[i] = (int8_t)(plain ? (x[i] * inverse + EXP_ROUND) - EXP_ROUND : 0.0f);
    return plain ? f32_from_bits(largest) / 127.0f : finite ? 0.0f : f32_from_bits(QUANTISE_NAN);
}

static void quantise(int8_t *q, struct codes_scales *s, const float *x, size_t n)
{
    for (size_t b = 0; b < n / FORMAT_BLOCK; b++) {
        s->scale[b] = quantise_block(q + b * FORMAT_BLOCK, x + b * FORMAT_BLOCK);
        for (size_t half = 2 * b; half < 2 * b + 2; half++) {
            int32_t sum = 0;
            for (size_t i = 0; i < 16; i++)
                sum += q[half * 16 + i];
            s->half_sum[half] = (float)sum;
        }
        codes_scales_complete(s, b);
    }
}

static void round_bf16(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = f32_round_bf16(x[i]);
}

static void rms_norm(float *y, const float *x, const float *w, size_t n, float epsilon)
{
    float lanes[FORMAT_ROWS] = {0};
    for (size_t i = 0; i < n; i++)
        lanes[i % FORMAT_ROWS] = lanes[i % FORMAT_ROWS] + x[i] * x[i];
    float factor = 1.0f / f32_sqrt(lanes_sum(lanes) / (float)n + epsilon);
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * factor * w[i];
}

static void swiglu(float *y, const float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = gate[i] / (1.0f + f32_exp(0.0f - gate[i])) * up[i];
}

static void geglu(float *y, const float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float z = gate[i] * (1.0f + gate[i] * gate[i] * GELU_CUBE) * GELU_SCALE;
        y[i] = gate[i] / (1.0f + f32_exp(0.0f - z)) * up[i];
    }
}

static void soft_cap(float *x, size_t n, float cap)
{
    for (size_t i = 0; i < n; i++)
        x[i] = cap * (1.0f - 2.0f / (1.0f + f32_exp(x[i] / cap * 2.0f)));
}

static void expand(struct panel *p, enum weight_type type, const struct weight_group *g, size_t column, size_t n)
{
    expand_panel(p, type, g, column, n);
}

/* One row and token: columns of a panel. */
static float dot_codes_row(float sum, const struct panel *p, const struct weight_format *f, const int8_t *q,
                           const struct codes_scales *s, size_t row, size_t n)
{
    for (size_t b = 0; b < n / f->block; b++) {
        int32_t exact = 0;
        size_t first = b * f->block;
        for (size_t i = first; i < first + f->block; i++)
            exact += (p->codes[(i / 4 * FORMAT_ROWS + row) * 4 + i % 4] - f->code_offset) * q[i];
        sum = f32_fma((float)exact, p->scale[b][row] * s->scale[first / FORMAT_BLOCK], sum);
        if (f->has_min)
            sum = f32_fma(-p->min[b][row], f->block == 16 ? s->half_bias[b] : s->bias[b], sum);
    }
    return sum;
}

static void dot_codes(float *y, size_t y_stride, const struct panel *p, const struct weight_format *f,
                      const struct codes_input *in, size_t n, size_t tokens_n)
{
    for (size_t t = 0; t < tokens_n; t++)
        for (size_t row = 0; row < FORMAT_ROWS; row++)
            y[t * y_stride + row] =
                dot_codes_row(y[t * y_stride + row], p, f, in->q + t * FORMAT_SUPER, in->scales + t, row, n);
}

static void gemv_codes(float *y, enum weight_type type, const struct weight_group *g, size_t n,
                       const struct codes_input *in, size_t room)
{
    struct panel panel;
    for (size_t at = 0; at < n; at += FORMAT_SUPER) {
        size_t slot = at / FORMAT_SUPER * room;
        size_t columns_n = n - at < FORMAT_SUPER ? n - at : FORMAT_SUPER;
        struct codes_input chunk = {in->q + slot * FORMAT_SUPER, in->scales + slot};
        expand(&panel, type, g, at, columns_n);
        dot_codes(y, FORMAT_ROWS, &panel, format_of(type), &chunk, columns_n, 1);
    }
}

static void dot_float(float *y, size_t y_stride, const uint8_t *group, bool half, size_t n, const float *x,
                      size_t x_stride, size_t tokens_n)
{
    float w[FORMAT_ROWS];
    for (size_t i = 0; i < n; i++) {
        if (half)
            expand_halves(w, group + i * FORMAT_ROWS * 2);
        else
            memcpy(w, group + i * FORMAT_ROWS * 4, sizeof w);
        for (size_t t = 0; t < tokens_n; t++)
            for (size_t row = 0; row < FORMAT_ROWS; row++)
                y[t * y_stride + row] = f32_fma(w[row], x[t * x_stride + i], y[t * y_stride + row]);
    }
}

/* NUM-24: what the processor's mode without subnormal numbers makes of a number, and of a result that was rounded to 24
 * bits without a bound on the exponent. */
static float flush(float x)
{
    return (f32_bits(x) & 0x7f800000) == 0 ? f32_from_bits(f32_bits(x) & 0x80000000) : x;
}

/* exact: a sum in double that lost nothing which could change its rounding to float. */
static float flush_sum(double exact)
{
    float scaled = (float)(exact * 0x1p64);
    if (scaled > -0x1p-62f && scaled < 0x1p-62f)
        return f32_from_bits(f32_bits(scaled) & 0x80000000);
    return (float)exact;
}

/* a, b: BF16 values, whose product has 16 bits: the sum is as good as exact in double. */
static float fma_flushed(float a, float b, float c)
{
    return flush_sum((double)flush(a) * (double)flush(b) + (double)flush(c));
}

static float add_flushed(float a, float b)
{
    return flush_sum((double)flush(a) + (double)flush(b));
}

static float weight_bf16(const uint8_t *group, size_t row, size_t column)
{
    uint16_t half;
    memcpy(&half, group + ((column / 2 * FORMAT_ROWS + row) * 2 + column % 2) * 2, 2);
    return f32_from_bits((uint32_t)half << 16);
}

static void dot_bf16(float *y, size_t y_stride, const uint8_t *group, size_t n, const float *x, size_t x_stride,
                     size_t tokens_n)
{
    for (size_t t = 0; t < tokens_n; t++)
        for (size_t row = 0; row < FORMAT_ROWS; row++)
            for (size_t first = 0; first < n; first += FORMAT_BLOCK) {
                float even = 0.0f;
                float odd = 0.0f;
                for (size_t i = first; i < n && i < first + FORMAT_BLOCK; i += 2) {
                    even = fma_flushed(weight_bf16(group, row, i), x[t * x_stride + i], even);
                    odd = fma_flushed(weight_bf16(group, row, i + 1), x[t * x_stride + i + 1], odd);
                }
                y[t * y_stride + row] = add_flushed(y[t * y_stride + row], add_flushed(even, odd));
            }
}

static float softmax(float *s, size_t n, bool round)
{
    float lanes[FORMAT_ROWS] = {0};
    float largest = s[0];
    size_t padded = (n + FORMAT_ROWS - 1) / FORMAT_ROWS * FORMAT_ROWS;
    for (size_t p = 1; p < n; p++)
        largest = s[p] > largest ? s[p] : largest;
    for (size_t p = 0; p < padded; p++) {
        s[p] = p < n ? f32_exp(s[p] - largest) : 0.0f;
        if (round)
            s[p] = f32_round_bf16(s[p]);
        lanes[p % FORMAT_ROWS] = lanes[p % FORMAT_ROWS] + s[p];
    }
    return lanes_sum(lanes);
}

const struct kernels kernels_scalar = {
    .name = "scalar",
    .quantise = quantise,
    .round_bf16 = round_bf16,
    .rms_norm = rms_norm,
    .swiglu = swiglu,
    .geglu = geglu,
    .soft_cap = soft_cap,
    .expand = expand,
    .dot_codes = dot_codes,
    .gemv_codes = gemv_codes,
    .dot_float = dot_float,
    .dot_bf16 = dot_bf16,
    .softmax = softmax,
};
