/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/setup.h"

#include "core/base/reader.h"
#include "core/base/writer.h"

enum status vault_setup_write(uint8_t out[static SETUP_LEN_MAX], size_t *len, const struct vault_setup *s)
{
    struct writer w;
    writer_init(&w, out, SETUP_LEN_MAX);
    writer_bytes(&w, s->dek.bytes, sizeof s->dek.bytes);
    writer_u32le(&w, s->threads);
    writer_u32le(&w, s->sequences);
    writer_u32le(&w, s->context);
    writer_u32le(&w, s->batch);
    writer_u32le(&w, s->kv_cache);
    writer_u64le(&w, s->kv_cache_bytes);
    writer_u64le(&w, s->memory_available);
    writer_u64le(&w, s->egress_bits_per_hour);
    writer_u64le(&w, s->exfiltration_floor_s);
    writer_u32le(&w, s->logprobs);
    *len = writer_len(&w);
    return writer_end(&w);
}

enum status vault_setup_read(struct vault_setup *s, const uint8_t *bytes, size_t len)
{
    struct reader r;
    reader_init(&r, bytes, len);
    reader_copy(&r, s->dek.bytes, sizeof s->dek.bytes);
    s->threads = reader_u32le(&r);
    s->sequences = reader_u32le(&r);
    s->context = reader_u32le(&r);
    s->batch = reader_u32le(&r);
    s->kv_cache = reader_u32le(&r);
    s->kv_cache_bytes = reader_u64le(&r);
    s->memory_available = reader_u64le(&r);
    s->egress_bits_per_hour = reader_u64le(&r);
    s->exfiltration_floor_s = reader_u64le(&r);
    s->logprobs = reader_u32le(&r);
    return reader_end(&r);
}

enum status scribe_setup_write(uint8_t out[static SETUP_LEN_MAX], size_t *len, const struct scribe_setup *s)
{
    struct writer w;
    writer_init(&w, out, SETUP_LEN_MAX);
    writer_bytes(&w, s->model_name, sizeof s->model_name);
    writer_bytes(&w, s->tee, sizeof s->tee);
    writer_bytes(&w, s->isa, sizeof s->isa);
    writer_bytes(&w, s->model_root, sizeof s->model_root);
    writer_bytes(&w, s->engine_hash, sizeof s->engine_hash);
    writer_bytes(&w, s->keyset_digest, sizeof s->keyset_digest);
    writer_u32le(&w, s->threads);
    writer_u32le(&w, s->sequences);
    writer_u32le(&w, s->context);
    writer_u32le(&w, s->kv_cache);
    writer_u32le(&w, s->pages_n);
    writer_u32le(&w, s->vocab_n);
    writer_u32le(&w, s->logprobs);
    *len = writer_len(&w);
    return writer_end(&w);
}

enum status scribe_setup_read(struct scribe_setup *s, const uint8_t *bytes, size_t len)
{
    struct reader r;
    reader_init(&r, bytes, len);
    reader_copy(&r, s->model_name, sizeof s->model_name);
    reader_copy(&r, s->tee, sizeof s->tee);
    reader_copy(&r, s->isa, sizeof s->isa);
    reader_copy(&r, s->model_root, sizeof s->model_root);
    reader_copy(&r, s->engine_hash, sizeof s->engine_hash);
    reader_copy(&r, s->keyset_digest, sizeof s->keyset_digest);
    s->threads = reader_u32le(&r);
    s->sequences = reader_u32le(&r);
    s->context = reader_u32le(&r);
    s->kv_cache = reader_u32le(&r);
    s->pages_n = reader_u32le(&r);
    s->vocab_n = reader_u32le(&r);
    s->logprobs = reader_u32le(&r);
    s->model_name[sizeof s->model_name - 1] = '\0';
    s->tee[sizeof s->tee - 1] = '\0';
    s->isa[sizeof s->isa - 1] = '\0';
    return reader_end(&r);
}
