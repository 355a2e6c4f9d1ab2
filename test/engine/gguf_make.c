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

static void fill(struct maker *m, enum weight_type type, bool vector, uint64_t columns, uint64_t rows)
{
    uint64_t units = columns * rows / (type == WEIGHT_Q8_0 || type == WEIGHT_Q4_0 ? LAYOUT_BLOCK : 1);
    for (uint64_t i = 0; i < units; i++) {
        if (type == WEIGHT_F32) {
            random_float(m, vector);
        } else if (type == WEIGHT_F16) {
            writer_u16le(&m->out, half(m, -5));
        } else {
            writer_u16le(&m->out, half(m, type == WEIGHT_Q8_0 ? -11 : -7));
            for (int k = 0; k < (type == WEIGHT_Q8_0 ? 4 : 2); k++)
                writer_u64le(&m->out, next(m));
        }
    }
}

static void tensor(struct maker *m, const char *name, uint32_t rows, uint32_t columns)
{
    static const uint32_t ggml_types[WEIGHT_TYPES_N] = {0, 1, 8, 2};
    bool vector = rows == 0;
    enum weight_type type = m->options->type;
    if (type == WEIGHT_TYPES_N)
        type = (enum weight_type)(m->made_n % WEIGHT_TYPES_N);
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
    writer_u32le(&m->out, ggml_types[type]);
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
