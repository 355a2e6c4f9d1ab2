/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/decide.h"

#include "core/base/constant_time.h"
#include "core/evidence/evidence.h"
#include "core/evidence/keyset.h"
#include "sys/random.h"

#include <string.h>

static void refuse(struct answer *answer, unsigned http_status, const char *code, const char *message)
{
    answer->http_status = http_status;
    answer->code = code;
    answer->body_len = 0;
    wipe(answer->body, sizeof answer->body);
    reason_set(&answer->message, message, NULL);
}

void decide_nonce(struct answer *answer, struct nonces *nonces, uint64_t now_ms)
{
    uint8_t nonce[EVIDENCE_NONCE_LEN];
    struct writer w;
    random_bytes(nonce, sizeof nonce);
    writer_init(&w, answer->body, sizeof answer->body);
    if (nonces_add(nonces, nonce, now_ms) != STATUS_OK)
        refuse(answer, 503, "busy", "too many nonces are out: try again in a minute");
    else if (release_nonce_write(&w, nonce) != STATUS_OK)
        refuse(answer, 500, "broken", "cannot write the answer");
    else {
        answer->http_status = 200;
        answer->body_len = writer_len(&w);
    }
}

/* "CHECK: reason" of what decided against. */
static void refuse_by_verdict(struct answer *answer, const char *code, const struct verdict *v)
{
    const struct check *failure = verdict_first_failure(v);
    refuse(answer, 403, code, failure == NULL ? "no check was made" : failure->name);
    if (failure == NULL)
        return;
    reason_add(&answer->message, ": ");
    reason_add(&answer->message, failure->reason.text);
}

/* recorded: whether the refusal goes into the log. */
static bool check_nonce(struct answer *answer, bool *recorded, struct nonces *nonces,
                        const struct release_request *request, uint64_t now_ms)
{
    *recorded = true;
    enum status status = nonces_use(nonces, request->nonce, now_ms);
    if (status == STATUS_OK)
        return true;
    if (status == STATUS_STALE)
        refuse(answer, 403, "stale", "nonce: issued over 60 s ago: ask for a new one");
    else if (!(*recorded = nonces_count_refusal(nonces, now_ms)))
        refuse(answer, 503, "busy", "nonce: too many requests with unknown nonces: try again in a minute");
    else
        refuse(answer, 403, "nonce", "nonce: never issued here, or used before (a replay): ask for a new one");
    return false;
}

static bool check_evidence(struct answer *answer, struct claims *claims, const struct broker *b,
                           const struct release_request *request, uint64_t now_s)
{
    uint8_t expected[REPORT_DATA_LEN];
    struct verdict v;
    verdict_init(&v);
    claims_init(claims);
    if (report_data_for_release(expected, request->nonce, request->public_key, request->model_root, RELEASE_PURPOSE) !=
        STATUS_OK) {
        refuse(answer, 500, "broken", "cannot derive the report data");
        return false;
    }
    enum status status = evidence_verify(claims, &v, request->kind, request->evidence, request->evidence_len, expected,
                                         &b->anchors, now_s);
    if (status == STATUS_OK)
        return true;
    const struct check *failure = verdict_first_failure(&v);
    bool stale = failure != NULL && failure->outcome == OUTCOME_FAIL && failure->status == STATUS_STALE;
    refuse_by_verdict(answer, stale ? "stale" : "evidence", &v);
    return false;
}

struct evaluation {
    const struct claims *claims;
    const uint8_t *model_root;
    struct arena *arena;
    struct answer *answer;
    bool named;    /* by some policy */
    bool accepted; /* by one of them */
    char policy[STORE_NAME_MAX + 1];
};

static bool evaluate(void *context, const char *name, const char *text, size_t text_len)
{
    struct evaluation *e = context;
    size_t mark = arena_used(e->arena);
    struct policy policy;
    struct verdict v;
    verdict_init(&v);
    enum status status = policy_parse(&policy, e->arena, text, text_len, NULL);
    if (status == STATUS_OK && policy_names_model(&policy, e->model_root)) {
        if (policy_check(&v, &policy, e->claims, e->model_root) == STATUS_OK) {
            e->accepted = true;
            strncpy(e->policy, name, STORE_NAME_MAX);
        } else if (!e->named) { /* the first one's refusal is told */
            refuse_by_verdict(e->answer, "policy", &v);
        }
        e->named = true;
    }
    arena_rewind(e->arena, mark);
    return !e->accepted;
}

static bool check_policies(struct answer *answer, char policy[static STORE_NAME_MAX + 1], struct broker *b,
                           const struct claims *claims, const struct release_request *request, struct arena *arena)
{
    struct evaluation e = {.claims = claims, .model_root = request->model_root, .arena = arena, .answer = answer};
    struct reason why = {{0}};
    enum status status = store_each_policy(b->store, evaluate, &e, &why);
    memcpy(policy, e.policy, sizeof e.policy);
    if (status != STATUS_OK)
        refuse(answer, 503, "unavailable", "the policies cannot be read");
    else if (!e.named)
        refuse(answer, 403, "policy", "policy: none of this broker's policies names this model");
    return status == STATUS_OK && e.accepted;
}

static bool seal_key(struct answer *answer, struct broker *b, const struct release_request *request)
{
    struct kek_binding binding = {.purpose = RELEASE_PURPOSE};
    uint8_t wrapped[KEK_WRAPPED_LEN];
    struct release_key key;
    struct release_response response;
    struct x25519_private ephemeral;
    struct reason why = {{0}};
    struct writer w;
    bool sealed = false;
    memcpy(binding.model_root, request->model_root, sizeof binding.model_root);
    memcpy(binding.key_id, request->key_id, sizeof binding.key_id);
    random_bytes(ephemeral.bytes, sizeof ephemeral.bytes);
    writer_init(&w, answer->body, sizeof answer->body);
    enum status status = store_get_key(b->store, wrapped, request->model_root, request->key_id, &why);
    if (status == STATUS_NOT_FOUND)
        refuse(answer, 404, "not_found", "no key of this sealed file is registered here: `cloister broker add` it");
    else if (status != STATUS_OK)
        refuse(answer, 503, "unavailable", "the key cannot be read");
    else if (kek_unwrap(key.bytes, &b->kek, &binding, wrapped) != STATUS_OK)
        refuse(answer, 503, "unavailable", "the stored key does not open under the KEK");
    else if (release_response_seal(&response, request, &key, &ephemeral) != STATUS_OK)
        refuse(answer, 400, "malformed", "nothing can be sealed to this public key");
    else if (release_response_write(&w, &response) != STATUS_OK)
        refuse(answer, 500, "broken", "cannot write the answer");
    else
        sealed = true;
    if (sealed) {
        answer->http_status = 200;
        answer->body_len = writer_len(&w);
    }
    wipe(&key, sizeof key);
    wipe(&ephemeral, sizeof ephemeral);
    return sealed;
}

/* RL-4: what cannot be recorded does not happen. */
static void record(struct answer *answer, struct broker *b, const struct release_request *request,
                   const struct claims *claims, const char *policy)
{
    struct audit_record r = {.event = AUDIT_RELEASE, .refused = answer->http_status != 200, .has_model = true};
    struct reason detail = {{0}}, why = {{0}};
    memcpy(r.model_root, request->model_root, sizeof r.model_root);
    memcpy(r.key_id, request->key_id, sizeof r.key_id);
    r.kind = request->kind;
    r.measurement_len = claims->measurement.len;
    memcpy(r.measurement, claims->measurement.bytes, sizeof r.measurement);
    if (r.refused)
        reason_set(&detail, answer->message.text, NULL);
    else
        reason_set(&detail, "policy ", policy, NULL);
    memcpy(r.detail, detail.text, sizeof r.detail);
    if (broker_record(b, &r, &why) != STATUS_OK) {
        refuse(answer, 503, "unavailable", "the audit log cannot be written: ");
        reason_add(&answer->message, why.text);
    }
}

void decide_release(struct answer *answer, struct broker *b, struct nonces *nonces, struct arena *arena,
                    const void *text, size_t text_len, uint64_t now_ms, uint64_t now_s)
{
    struct release_request request;
    struct claims claims;
    struct reason why = {{0}};
    char policy[STORE_NAME_MAX + 1] = "";
    size_t mark = arena_used(arena);
    bool recorded = false;
    memset(answer, 0, sizeof *answer);
    claims_init(&claims);
    if (release_request_parse(&request, arena, text, text_len, &why) != STATUS_OK) {
        refuse(answer, 400, "malformed", why.text);
    } else {
        if (check_nonce(answer, &recorded, nonces, &request, now_ms) &&
            check_evidence(answer, &claims, b, &request, now_s) &&
            check_policies(answer, policy, b, &claims, &request, arena))
            (void)seal_key(answer, b, &request);
        if (recorded)
            record(answer, b, &request, &claims, policy);
    }
    arena_rewind(arena, mark);
}
