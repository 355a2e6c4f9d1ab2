/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: signed when an answer is complete, kept for a while to be asked for by id. */
#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "enclave/scribe.h"
#include "engine/cache.h"

#include <stdlib.h>
#include <string.h>

enum { RECEIPT_FIXED_MAX = 16384, NUMBER_TEXT_MAX = 12, BIAS_TEXT_MAX = 26 };

static void fill_statement(struct receipt_statement *st, const struct scribe *s, struct job *job)
{
    memset(st, 0, sizeof *st);
    memcpy(st->tee, s->setup.tee, sizeof s->setup.tee); /* both end in NUL and are shorter */
    memcpy(st->isa, s->setup.isa, sizeof s->setup.isa);
    st->threads = s->setup.threads;
    st->time_s = job->created_s;
    memcpy(st->model_root, s->setup.model_root, sizeof st->model_root);
    memcpy(st->engine_hash, s->setup.engine_hash, sizeof st->engine_hash);
    memcpy(st->tokenizer_hash, s->tokenizer_hash, sizeof st->tokenizer_hash);
    memcpy(st->template_hash, s->template_hash, sizeof st->template_hash);
    memcpy(st->keyset_digest, s->setup.keyset_digest, sizeof st->keyset_digest);
    memcpy(st->request_hash, job->request_hash, sizeof st->request_hash);
    st->chunks_n = job->chain.chunks_n;
    receipt_chain_end(&job->chain, 1, st->chain, st->response_hash);
    st->final = true;
    _Static_assert((int)RECEIPT_CACHE_BF16 == (int)CACHE_BF16 && (int)RECEIPT_CACHE_Q8 == (int)CACHE_Q8 &&
                       (int)RECEIPT_CACHE_F32 == (int)CACHE_F32,
                   "the same types of cache");
    st->kv_cache = (enum receipt_cache)s->setup.kv_cache;
    st->sampler = job->sampler;
    receipt_bias_hash(st->sampler.bias_hash, job->bias, job->bias_n);
    receipt_grammar_hash(st->sampler.grammar_hash, job->grammar, job->grammar_n);
    st->prompt_tokens_n = job->prompt_n;
    receipt_tokens_hash(st->prompt_tokens_hash, job->prompt, job->prompt_n);
    st->choices_n = job->choices_n;
    for (uint32_t i = 0; i < job->choices_n; i++) {
        const struct choice *c = &job->choices[i];
        st->choices[i] = (struct receipt_choice){.finish = c->finish, .tokens_n = c->output_n};
        receipt_tokens_hash(st->choices[i].tokens_hash, c->output, c->output_n);
    }
}

static void forget(struct kept_receipt *kept)
{
    if (kept->bytes != NULL)
        wipe(kept->bytes, kept->len);
    free(kept->bytes);
    memset(kept, 0, sizeof *kept);
}

enum status receipt_make(struct scribe *s, struct job *job, const struct kept_receipt **made)
{
    struct receipt receipt = {.prompt_tokens = job->prompt,
                              .bias = job->bias,
                              .bias_n = job->bias_n,
                              .grammar = job->grammar,
                              .grammar_n = job->grammar_n,
                              .has_transcript = true};
    struct kept_receipt *kept = &s->receipts[s->next_receipt];
    size_t numbers_n = job->prompt_n + job->grammar_n;
    struct writer w;
    for (uint32_t i = 0; i < job->choices_n; i++) {
        receipt.output_tokens[i] = job->choices[i].output;
        numbers_n += job->choices[i].output_n;
    }
    size_t capacity = RECEIPT_FIXED_MAX + NUMBER_TEXT_MAX * numbers_n + BIAS_TEXT_MAX * job->bias_n;
    forget(kept);
    kept->bytes = malloc(capacity);
    if (kept->bytes == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, kept->bytes, capacity);
    fill_statement(&receipt.statement, s, job);
    enum status status = receipt_sign(&receipt, &s->receipt_key);
    if (status == STATUS_OK)
        status = receipt_write(&w, &receipt);
    if (status != STATUS_OK) {
        forget(kept);
        return status;
    }
    kept->len = writer_len(&w);
    if (kept->len > 0 && kept->bytes[kept->len - 1] == '\n')
        kept->len--;
    memcpy(kept->id, job->id, sizeof kept->id);
    s->next_receipt = (s->next_receipt + 1) % RECEIPTS_KEPT;
    *made = kept;
    return STATUS_OK;
}

const struct kept_receipt *receipt_find(const struct scribe *s, const char *id, size_t id_len)
{
    for (size_t i = 0; i < RECEIPTS_KEPT; i++) {
        const struct kept_receipt *kept = &s->receipts[i];
        if (kept->bytes != NULL && id_len == sizeof kept->id - 1 && constant_time_equal(kept->id, id, id_len))
            return kept;
    }
    return NULL;
}
