/* SPDX-License-Identifier: Apache-2.0 */
/* The process that reads prompts: start and message loop.  It opens requests, applies template and tokenizer, turns
 * tokens into text and signs receipts; it has no network and no weights. */
#include "enclave/scribe.h"

#include "core/base/constant_time.h"
#include "core/base/reader.h"
#include "core/base/writer.h"
#include "enclave/event.h"
#include "enclave/prompt.h"
#include "enclave/role.h"
#include "enclave/sandbox.h"
#include "engine/cache.h"
#include "sys/random.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { META_MAX = 256 << 20 };

/* ---- from the gate ---- */

static enum status take_request(void *context, const struct channel_message *m)
{
    struct scribe *s = context;
    struct reader r;
    reader_init(&r, m->payload, m->len);
    uint32_t kind = reader_u32le(&r);
    if (reader_end(&r) != STATUS_OK || kind > REQUEST_RECEIPT)
        return STATUS_MALFORMED;
    struct job *job = job_add(s, m->id);
    if (job == NULL)
        return STATUS_LIMIT; /* the gate's own bound is lower */
    job->kind = (enum request_kind)kind;
    return STATUS_OK;
}

static enum status take_part(void *context, const struct channel_message *m)
{
    struct scribe *s = context;
    struct bytes *body = &job_find(s, m->id)->body;
    return m->len <= JOB_BODY_MAX - body->len ? bytes_append(body, m->payload, m->len) : STATUS_LIMIT;
}

static enum status take_end(void *context, const struct channel_message *m)
{
    struct scribe *s = context;
    return request_begin(s, job_find(s, m->id));
}

static enum status cancel_waiting(void *context, const struct channel_message *m)
{
    struct scribe *s = context;
    struct job *job = job_find(s, m->id);
    enum status status = transport_abort(&job->transport, &s->gate);
    job_end(s, job);
    return status == STATUS_OK ? request_start_waiting(s) : status; /* it may have stood in the way of a shorter one */
}

static enum status cancel_running(void *context, const struct channel_message *m)
{
    struct scribe *s = context;
    struct job *job = job_find(s, m->id);
    job->cancelled = true;
    return tokens_stop_all(s, job);
}

static enum status cancel_stopping(void *context, const struct channel_message *m)
{
    struct scribe *s = context;
    job_find(s, m->id)->cancelled = true;
    return STATUS_OK;
}

/* The answer's end crossed the cancel. */
static enum status cancel_too_late(void *context, const struct channel_message *m)
{
    (void)context;
    (void)m;
    return STATUS_OK;
}

/* spec/enclave.md, section 3 */
static const struct channel_rule gate_rules[] = {
    {JOB_NONE, MESSAGE_REQUEST, 4, 4, take_request},
    {JOB_RECEIVING, MESSAGE_REQUEST_PART, 1, CHANNEL_PAYLOAD_MAX, take_part},
    {JOB_RECEIVING, MESSAGE_REQUEST_END, 0, 0, take_end},
    {JOB_RECEIVING, MESSAGE_CANCEL, 0, 0, cancel_waiting},
    {JOB_WAITING, MESSAGE_CANCEL, 0, 0, cancel_waiting},
    {JOB_RUNNING, MESSAGE_CANCEL, 0, 0, cancel_running},
    {JOB_STOPPING, MESSAGE_CANCEL, 0, 0, cancel_stopping},
    {JOB_NONE, MESSAGE_CANCEL, 0, 0, cancel_too_late},
};

/* ---- from the vault ---- */

static enum status take_token(void *context, const struct channel_message *m)
{
    struct scribe *s = context;
    struct frame f;
    enum status status = frame_read(&f, m);
    return status == STATUS_OK ? tokens_take(s, s->slots[m->id], &f) : status;
}

static enum status take_token_end(void *context, const struct channel_message *m)
{
    struct scribe *s = context;
    struct frame f;
    enum status status = frame_read(&f, m);
    return status == STATUS_OK ? tokens_end(s, s->slots[m->id], (enum frame_end)f.end) : status;
}

static const struct channel_rule vault_rules[] = {
    {CHOICE_RUNNING, MESSAGE_TOKEN, FRAME_LEN, FRAME_LEN, take_token},
    {CHOICE_RUNNING, MESSAGE_END, FRAME_LEN, FRAME_LEN, take_token_end},
    {CHOICE_STOPPING, MESSAGE_TOKEN, FRAME_LEN, FRAME_LEN, take_token},
    {CHOICE_STOPPING, MESSAGE_END, FRAME_LEN, FRAME_LEN, take_token_end},
};

/* ---- the loop ---- */

static enum status hear_gate(struct scribe *s)
{
    struct job *job = job_find(s, s->message.id);
    int state = job == NULL ? JOB_NONE : (int)job->state;
    enum status status = channel_dispatch(gate_rules, sizeof gate_rules / sizeof gate_rules[0], state, s, &s->message);
    if (status == STATUS_REFUSED)
        event_log(ROLE_SCRIBE, EVENT_PROTOCOL, state, (int64_t)s->message.type);
    return status;
}

static enum status hear_vault(struct scribe *s)
{
    const struct choice *choice = s->message.id < s->setup.sequences ? s->slots[s->message.id].choice : NULL;
    int state = choice == NULL ? -1 : (int)choice->state;
    enum status status =
        channel_dispatch(vault_rules, sizeof vault_rules / sizeof vault_rules[0], state, s, &s->message);
    if (status == STATUS_REFUSED)
        event_log(ROLE_SCRIBE, EVENT_PROTOCOL, state, (int64_t)s->message.type);
    return status;
}

/* A gate that lags behind holds up what would make more for it. */
static bool may_hear(const struct scribe *s)
{
    return s->gate.queued <= GATE_QUEUE_MAX;
}

static enum status hear(struct scribe *s, struct channel *from, enum status (*handle)(struct scribe *s))
{
    enum status status = channel_flush(from);
    bool more = true;
    while (status == STATUS_OK && more && may_hear(s)) {
        status = channel_receive(from, &s->message, false);
        if (status == STATUS_OK)
            status = handle(s);
        more = s->message.type != MESSAGE_REQUEST_END; /* after the work of a whole request the vault has its turn */
    }
    wipe(s->message.payload, sizeof s->message.payload);
    return status == STATUS_BUSY ? STATUS_OK : status;
}

static short wanted(const struct scribe *s, const struct channel *c)
{
    return (short)((may_hear(s) ? POLLIN : 0) | (channel_has_queued(c) ? POLLOUT : 0));
}

static enum status serve(struct scribe *s)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        struct pollfd ready[3] = {{.fd = s->warden.fd, .events = POLLIN},
                                  {.fd = s->gate.fd, .events = wanted(s, &s->gate)},
                                  {.fd = s->vault.fd, .events = wanted(s, &s->vault)}};
        if (poll(ready, 3, -1) < 0)
            continue;
        if (ready[0].revents != 0) /* the warden has nothing more to say: it closed */
            return STATUS_NOT_FOUND;
        if (ready[2].revents != 0)
            status = hear(s, &s->vault, hear_vault);
        if (status == STATUS_OK && ready[1].revents != 0)
            status = hear(s, &s->gate, hear_gate);
        if (status == STATUS_OK && s->starts_held)
            status = request_start_waiting(s);
    }
    return status;
}

/* ---- start ---- */

static enum status say_hello(struct scribe *s, bool locked)
{
    uint8_t bytes[4 + ED25519_PUBLIC_LEN + sizeof s->hpke_config];
    uint8_t receipt_public[ED25519_PUBLIC_LEN];
    struct writer w;
    random_bytes(s->hpke_key.bytes, sizeof s->hpke_key.bytes);
    random_bytes(s->receipt_key.seed, sizeof s->receipt_key.seed);
    random_bytes(s->id_key, sizeof s->id_key);
    enum status status = ed25519_public(receipt_public, &s->receipt_key);
    if (status == STATUS_OK)
        status = transport_key_config(s->hpke_config, sizeof s->hpke_config, &s->hpke_config_len, &s->hpke_key);
    writer_init(&w, bytes, sizeof bytes);
    writer_u32le(&w, locked);
    writer_bytes(&w, receipt_public, sizeof receipt_public);
    writer_bytes(&w, s->hpke_config, s->hpke_config_len);
    if (status == STATUS_OK)
        status = writer_end(&w);
    if (status == STATUS_OK)
        status = channel_send(&s->warden, MESSAGE_SCRIBE_HELLO, 0, bytes, writer_len(&w));
    return status;
}

static enum status receive_meta(struct scribe *s)
{
    struct bytes meta = {NULL, 0, 0};
    for (;;) {
        enum status status = channel_receive(&s->warden, &s->message, true);
        if (status == STATUS_OK && s->message.type == MESSAGE_META_END) {
            s->meta = meta.at;
            s->meta_len = meta.len;
            return STATUS_OK;
        }
        if (status == STATUS_OK && (s->message.type != MESSAGE_META || meta.len > META_MAX))
            status = STATUS_REFUSED;
        if (status == STATUS_OK)
            status = bytes_append(&meta, s->message.payload, s->message.len);
        if (status != STATUS_OK) {
            bytes_free(&meta);
            return status;
        }
    }
}

/* Tells the warden that the vocabulary is open, or why it cannot be. */
static enum status open_tokenizer(struct scribe *s)
{
    uint8_t hashes[2 * SHA256_LEN];
    struct reason why = {{0}};
    struct arena arena;
    size_t arena_len = tokenizer_arena_len(s->meta_len);
    void *memory = malloc(arena_len); /* lives as long as the process */
    enum status status = STATUS_NO_MEMORY;
    arena_init(&arena, memory, memory == NULL ? 0 : arena_len);
    if (memory != NULL)
        status = tokenizer_open(&s->tokenizer, &arena, s->meta, s->meta_len, &why);
    if (status != STATUS_OK) {
        enum status sent = channel_refuse(&s->warden, status, &why);
        return sent == STATUS_OK ? STATUS_NOT_FOUND : sent; /* the warden ends the enclave and says why */
    }
    for (uint32_t i = 0; i < s->tokenizer.tokens_n && s->ends_n < ENDS_MAX; i++)
        if (tokenizer_ends(&s->tokenizer, i))
            s->ends[s->ends_n++] = i;
    sha256(s->tokenizer_hash, s->meta, s->meta_len);
    status = prompt_open(&s->prompt, &s->tokenizer);
    if (status != STATUS_OK)
        return status;
    prompt_template_hash(s->template_hash, &s->tokenizer);
    memcpy(hashes, s->tokenizer_hash, SHA256_LEN);
    memcpy(hashes + SHA256_LEN, s->template_hash, SHA256_LEN);
    return channel_send(&s->warden, MESSAGE_SCRIBE_READY, 0, hashes, sizeof hashes);
}

static enum status receive_setup(struct scribe *s)
{
    enum status status = channel_receive(&s->warden, &s->message, true);
    if (status == STATUS_OK && s->message.type != MESSAGE_SCRIBE_SETUP)
        status = STATUS_REFUSED;
    if (status == STATUS_OK)
        status = scribe_setup_read(&s->setup, s->message.payload, s->message.len);
    if (status == STATUS_OK && (s->setup.sequences == 0 || s->setup.sequences > 256 || s->setup.context < 2 ||
                                s->setup.kv_cache > CACHE_F32 || s->setup.vocab_n != s->tokenizer.tokens_n ||
                                s->setup.pages_n < (s->setup.context + CACHE_PAGE - 1) / CACHE_PAGE))
        status = STATUS_BROKEN;
    s->pages_free = s->setup.pages_n;
    return status;
}

static enum status start(struct scribe *s)
{
    bool landlocked;
    bool locked = sandbox_lock_memory();
    enum status status = channel_init(&s->warden, FD_WARDEN);
    if (status == STATUS_OK)
        status = channel_init(&s->gate, FD_GATE);
    if (status == STATUS_OK)
        status = channel_init(&s->vault, FD_VAULT);
    if (status == STATUS_OK)
        status = say_hello(s, locked);
    if (status == STATUS_OK)
        status = sandbox_enter(ROLE_SCRIBE, SANDBOX_SERVING, &landlocked);
    if (status == STATUS_OK)
        status = receive_meta(s);
    if (status == STATUS_OK)
        status = open_tokenizer(s);
    if (status == STATUS_OK)
        status = receive_setup(s);
    return status;
}

int scribe_main(void)
{
    static struct scribe s;
    signal(SIGPIPE, SIG_IGN);
    enum status status = sandbox_harden();
    if (status == STATUS_OK)
        status = start(&s);
    if (status == STATUS_OK)
        status = serve(&s);
    for (size_t i = 0; i < JOBS_MAX; i++)
        job_end(&s, &s.jobs[i]);
    prompt_close(&s.prompt);
    wipe(&s, sizeof s);
    if (status == STATUS_NOT_FOUND)
        return 0; /* the others ended first */
    event_log(ROLE_SCRIBE, EVENT_FAILED, (int64_t)status, __LINE__);
    return 1;
}
