/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/gguf_make.h"

#include "core/base/writer.h"
#include "engine/gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct maker {
    struct writer out;
    const struct gguf_make_options *options;
    uint64_t random;
    uint64_t offset; /* of the next tensor's data */
    uint32_t made_n; /* tensors so far */
    bool data;       /* the second pass: tensor data instead of tensor infos */
};

static uint64_t next(struct maker *m)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random;
}

static void text(struct maker *m, const char *value)
{
    writer_u64le(&m->out, strlen(value));
    writer_text(&m->out, value);
}

static void value_u32(struct maker *m, const char *key, uint32_t value)
{
    text(m, key);
    writer_u32le(&m->out, GGUF_U32);
    writer_u32le(&m->out, value);
}

static void value_f32(struct maker *m, const char *key, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    text(m, key);
    writer_u32le(&m->out, GGUF_F32);
    writer_u32le(&m->out, bits);
}

static void value_text(struct maker *m, const char *key, const char *value)
{
    text(m, key);
    writer_u32le(&m->out, GGUF_STRING);
    text(m, value);
}

static void pad(struct maker *m)
{
    while (m->out.needed % 32 != 0)
        writer_u8(&m->out, 0);
}

/* A half around 2^exponent, never infinite. */
static uint16_t half(struct maker *m, int exponent)
{
    uint64_t r = next(m);
    return (uint16_t)((r & 0x83ff) | ((uint64_t)(15 + exponent + (int)(r >> 20 & 1)) << 10));
}

static void random_float(struct maker *m, bool vector)
{
    float value = (float)(int32_t)(next(m) >> 32) / 2147483648.0f;
    uint32_t bits;
    value = vector ? 1.0f + value * 0.2f : value * 0.15f;
    memcpy(&bits, &value, sizeof bits);
    writer_u32le(&m->out, bits);
}

/* The numbers of a unit that must be finite and of a sane size; codes stay any bits. */
static void fill_field(struct maker *m, const struct weight_format *f, const struct weight_field *field, uint8_t *unit)
{
    /* so that codes times scales lie around 0.1; K-quants multiply by a scale of 6 bits as well */
    int exponent =
        f->class == CLASS_FLOAT ? -5 : -(int)(f->code_max >= 128 ? 10 : 6) - (f->unit_columns == 256 ? 5 : 0);
    uint8_t *at = unit + field->at;
    for (size_t k = 0; k + 1 < field->len && field->kind == FIELD_F16; k += 2) {
        uint16_t bits = half(m, exponent);
        at[k] = (uint8_t)bits;
        at[k + 1] = (uint8_t)(bits >> 8);
    }
    for (size_t k = 0; k + 1 < field->len && field->kind == FIELD_BF16; k += 2)
        at[k + 1] = (uint8_t)((at[k + 1] & 0x80) | 0x3d); /* around 0.1 */
    if (field->kind == FIELD_F32) {                       /* the scale of Q8_K */
        at[3] = 0x3a;
        at[2] &= 0x7f;
    }
    if (field->kind == FIELD_E8M0)
        *at = (uint8_t)(122 + *at % 3);
}

static void fill(struct maker *m, enum weight_type type, bool vector, uint64_t columns, uint64_t rows)
{
    const struct weight_format *f = format_of(type);
    for (uint64_t i = 0; i < columns * rows / f->unit_columns; i++) {
        uint8_t unit[512];
        if (type == WEIGHT_F32) {
            random_float(m, vector);
            continue;
        }
        for (size_t k = 0; k < f->unit_len; k++)
            unit[k] = (uint8_t)next(m);
        for (size_t k = 0; k < f->fields_n; k++)
            fill_field(m, f, &f->fields[k], unit);
        writer_bytes(&m->out, unit, f->unit_len);
    }
}

static void tensor(struct maker *m, const char *name, uint32_t rows, uint32_t columns)
{
    bool vector = rows == 0;
    enum weight_type type = m->options->type;
    if (type == WEIGHT_TYPES_N)
        type = (enum weight_type)(m->made_n % WEIGHT_TYPES_N);
    if (type != WEIGHT_TYPES_N && columns % format_of(type)->unit_columns != 0)
        type = WEIGHT_F16;
    type = vector ? WEIGHT_F32 : type;
    m->made_n++;
    if (m->data) {
        pad(m);
        fill(m, type, vector, columns, vector ? 1 : rows);
        return;
    }
    text(m, name);
    writer_u32le(&m->out, vector ? 1 : 2);
    writer_u64le(&m->out, columns);
    if (!vector)
        writer_u64le(&m->out, rows);
    writer_u32le(&m->out, format_of(type)->number);
    writer_u64le(&m->out, m->offset);
    m->offset += (layout_row_len(type, columns) * (vector ? 1 : rows) + 31) / 32 * 32;
}

static void layer_tensor(struct maker *m, uint32_t layer, const char *suffix, uint32_t rows, uint32_t columns)
{
    char name[64];
    snprintf(name, sizeof name, "blk.%u.%s.weight", layer, suffix);
    tensor(m, name, rows, columns);
}

static void tensors(struct maker *m)
{
    const struct gguf_make_options *o = m->options;
    uint32_t kv = o->dim / o->heads_n * o->kv_heads_n;
    m->made_n = 0;
    tensor(m, "token_embd.weight", o->vocab_n, o->dim);
    for (uint32_t i = 0; i < o->layers_n; i++) {
        layer_tensor(m, i, "attn_norm", 0, o->dim);
        layer_tensor(m, i, "attn_q", o->dim, o->dim);
        layer_tensor(m, i, "attn_k", kv, o->dim);
        layer_tensor(m, i, "attn_v", kv, o->dim);
        layer_tensor(m, i, "attn_output", o->dim, o->dim);
        layer_tensor(m, i, "ffn_norm", 0, o->dim);
        layer_tensor(m, i, "ffn_gate", o->hidden, o->dim);
        layer_tensor(m, i, "ffn_up", o->hidden, o->dim);
        layer_tensor(m, i, "ffn_down", o->dim, o->hidden);
    }
    tensor(m, "output_norm.weight", 0, o->dim);
    if (!o->tied)
        tensor(m, "output.weight", o->vocab_n, o->dim);
}

static void write_all(struct maker *m)
{
    const struct gguf_make_options *o = m->options;
    m->random = o->seed * 2 + 1;
    m->offset = 0;
    m->data = false;
    writer_text(&m->out, "GGUF");
    writer_u32le(&m->out, 3);
    writer_u64le(&m->out, o->layers_n * 9 + (o->tied ? 2U : 3U));
    writer_u64le(&m->out, 9);
    value_text(m, "general.architecture", "llama");
    value_u32(m, "llama.embedding_length", o->dim);
    value_u32(m, "llama.feed_forward_length", o->hidden);
    value_u32(m, "llama.block_count", o->layers_n);
    value_u32(m, "llama.context_length", o->context_n);
    value_u32(m, "llama.attention.head_count", o->heads_n);
    value_u32(m, "llama.attention.head_count_kv", o->kv_heads_n);
    value_f32(m, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
    value_f32(m, "llama.rope.freq_base", 10000.0f);
    tensors(m);
    pad(m);
    m->data = true;
    if (o->weights)
        tensors(m);
}

uint8_t *gguf_make(size_t *len, const struct gguf_make_options *options)
{
    struct maker m = {.options = options};
    writer_init(&m.out, NULL, 0);
    write_all(&m);
    *len = m.out.needed;
    uint8_t *file = malloc(*len);
    if (file == NULL) {
        printf("Bail out! no memory\n");
        exit(1);
    }
    writer_init(&m.out, file, *len);
    write_all(&m);
    return file;
}
