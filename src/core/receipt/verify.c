/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a receipt (spec/receipt.md, section "Verification"). */
#include "core/base/constant_time.h"
#include "core/receipt/receipt.h"

#include <string.h>

static void verify_signature(struct verdict *v, const struct receipt *r)
{
    uint8_t bytes[RECEIPT_STATEMENT_MAX];
    size_t len;
    enum status status = receipt_statement_write(bytes, sizeof bytes, &len, &r->statement);
    if (status == STATUS_OK)
        status = ed25519_verify(r->key, r->signature, bytes, len);
    if (status == STATUS_OK)
        reason_set(verdict_pass(v, "signature"), "the statement is signed by the receipt's key", NULL);
    else
        reason_set(verdict_fail(v, "signature", STATUS_FORGED), "the statement is not what the key has signed", NULL);
}

static void verify_key(struct verdict *v, const struct receipt *r, const struct receipt_expect *expect)
{
    if (expect->key == NULL)
        reason_set(verdict_not_run(v, "receipt key"), "nobody says whose key this is", NULL);
    else if (constant_time_equal(r->key, expect->key, ED25519_PUBLIC_LEN))
        reason_set(verdict_pass(v, "receipt key"), "the key is the expected one", NULL);
    else
        reason_set(verdict_fail(v, "receipt key", STATUS_FORGED), "another key has signed", NULL);
    if (expect->keyset_digest == NULL)
        return;
    if (constant_time_equal(r->statement.keyset_digest, expect->keyset_digest, SHA256_LEN))
        reason_set(verdict_pass(v, "keyset"), "the statement names the attested keyset", NULL);
    else
        reason_set(verdict_fail(v, "keyset", STATUS_FORGED), "the statement names another keyset", NULL);
}

static bool transcript_is_signed(const struct receipt *r)
{
    const struct receipt_statement *s = &r->statement;
    uint8_t hash[SHA256_LEN];
    receipt_tokens_hash(hash, r->prompt_tokens, (size_t)s->prompt_tokens_n);
    bool same = constant_time_equal(hash, s->prompt_tokens_hash, SHA256_LEN);
    for (uint32_t i = 0; i < s->choices_n; i++) {
        receipt_tokens_hash(hash, r->output_tokens[i], (size_t)s->choices[i].tokens_n);
        same = constant_time_equal(hash, s->choices[i].tokens_hash, SHA256_LEN) && same;
    }
    receipt_bias_hash(hash, r->bias, r->bias_n);
    same = constant_time_equal(hash, s->sampler.bias_hash, SHA256_LEN) && same;
    receipt_grammar_hash(hash, r->grammar, r->grammar_n);
    return constant_time_equal(hash, s->sampler.grammar_hash, SHA256_LEN) && same;
}

static void verify_transcript(struct verdict *v, const struct receipt *r)
{
    if (!r->has_transcript)
        return;
    if (transcript_is_signed(r))
        reason_set(verdict_pass(v, "transcript"), "tokens, bias and grammar are the signed ones", NULL);
    else
        reason_set(verdict_fail(v, "transcript", STATUS_FORGED), "tokens, bias or grammar are not the signed ones",
                   NULL);
}

static void verify_completeness(struct verdict *v, const struct receipt *r)
{
    struct reason *why;
    if (r->statement.final) {
        why = verdict_pass(v, "complete");
        reason_set(why, "the response ended with chunk ", NULL);
        reason_add_u64(why, r->statement.chunks_n);
    } else {
        why = verdict_fail(v, "complete", STATUS_REFUSED);
        reason_set(why, "this is a prefix; more was to come after chunk ", NULL);
        reason_add_u64(why, r->statement.chunks_n);
    }
}

static void verify_tee(struct verdict *v, const struct receipt *r, const struct receipt_expect *expect)
{
    if (strcmp(r->statement.tee, "simulator") != 0)
        reason_set(verdict_pass(v, "tee"), r->statement.tee, NULL);
    else if (expect->allow_simulator)
        reason_set(verdict_pass(v, "tee"), "simulator: NOT A TEE", NULL);
    else
        reason_set(verdict_fail(v, "tee", STATUS_REFUSED), "simulator: NOT A TEE", NULL);
}

void receipt_verify(struct verdict *v, const struct receipt *r, const struct receipt_expect *expect)
{
    verify_signature(v, r);
    verify_key(v, r, expect);
    verify_transcript(v, r);
    verify_completeness(v, r);
    verify_tee(v, r, expect);
}
