/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: signed when an answer is complete, kept for a while to be asked for by id. */
#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "enclave/scribe.h"

#include <stdlib.h>
#include <string.h>

enum { RECEIPT_FIXED_MAX = 8192, TOKEN_TEXT_MAX = 12 };

static enum status fill_statement(struct receipt_statement *st, const struct scribe *s, struct job *job)
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
    st->finish = job->finish;
    st->sampler = (struct receipt_sampler){.temperature_bits = job->sampling.temperature_bits,
                                           .top_p_bits = job->sampling.top_p_bits,
                                           .top_k = job->sampling.top_k,
                                           .max_tokens = job->max_tokens,
                                           .seed = job->sampling.seed};
    st->prompt_tokens_n = job->prompt_n;
    st->output_tokens_n = job->output_n;
    receipt_tokens_hash(st->prompt_tokens_hash, job->prompt, job->prompt_n);
    receipt_tokens_hash(st->output_tokens_hash, job->output, job->output_n);
    return STATUS_OK;
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
    struct receipt receipt = {.prompt_tokens = job->prompt, .output_tokens = job->output, .has_transcript = true};
    struct kept_receipt *kept = &s->receipts[s->next_receipt];
    size_t capacity = RECEIPT_FIXED_MAX + TOKEN_TEXT_MAX * (job->prompt_n + job->output_n);
    struct writer w;
    forget(kept);
    kept->bytes = malloc(capacity);
    if (kept->bytes == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, kept->bytes, capacity);
    enum status status = fill_statement(&receipt.statement, s, job);
    if (status == STATUS_OK)
        status = receipt_sign(&receipt, &s->receipt_key);
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
