/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/vault_serve.h"

#include "core/base/constant_time.h"
#include "enclave/egress.h"
#include "enclave/event.h"
#include "enclave/frame.h"
#include "engine/sample.h"
#include "sys/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* spec/enclave.md, section 4: what may come in which state is the table `rules` below. */
enum slot_state {
    SLOT_IDLE,
    SLOT_PROMPT,  /* tokens of the prompt are coming */
    SLOT_RUNNING, /* the engine works on it */
    SLOT_ENDED,   /* MESSAGE_END was sent; the scribe has to free it */
};

struct slot {
    enum slot_state state;
    uint32_t sequence; /* of the engine */
    struct sampler sampler;
    uint32_t max_tokens, end_token;
    uint32_t sampled_n;
    uint32_t tokens_n; /* prompt, then what was sampled */
    uint32_t prompt_n;
    uint32_t done_n;  /* tokens that the engine has seen */
    uint32_t *tokens; /* [context] */
};

struct serving {
    struct vault_model *v;
    struct channel *scribe;
    struct egress egress;
    struct slot *slots;
    uint32_t slots_n, context, batch, vocab_n;
    struct sample_candidate *scratch; /* [vocab] */
    struct engine_token *step;        /* [batch] */
    uint32_t *step_slots;             /* [slots]: whose logits the step computes, in order */
    uint32_t next_slot;               /* whose prompt goes first in the next step */
    struct channel_message message;
};

static enum status send_frame(struct serving *s, enum message type, uint64_t id, const struct frame *f)
{
    uint8_t bytes[FRAME_LEN];
    enum status status = frame_write(bytes, f);
    if (status == STATUS_OK)
        status = channel_send(s->scribe, type, id, bytes, sizeof bytes);
    return status;
}

/* The engine's part is released and wiped; the slot waits for the scribe to free it. */
static enum status end_slot(struct serving *s, struct slot *slot, enum frame_end how)
{
    struct frame f = {.end = (uint32_t)how};
    if (slot->state == SLOT_RUNNING)
        engine_sequence_close(&s->v->engine, slot->sequence);
    wipe(slot->tokens, (size_t)s->context * sizeof slot->tokens[0]);
    slot->state = SLOT_ENDED;
    return send_frame(s, MESSAGE_END, (uint64_t)(slot - s->slots), &f);
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static enum status start(void *context, const struct channel_message *m)
{
    struct serving *s = context;
    struct slot *slot = &s->slots[m->id];
    struct frame f;
    enum status status = frame_read(&f, m);
    if (status != STATUS_OK)
        return status;
    struct sample_options options = {
        .temperature = float_of(f.temperature_bits), .top_k = f.top_k, .top_p = float_of(f.top_p_bits), .seed = f.seed};
    if (f.prompt_n == 0 || f.prompt_n >= s->context || f.max_tokens == 0)
        return STATUS_REFUSED;
    slot->max_tokens = f.max_tokens;
    slot->end_token = f.end_token;
    slot->prompt_n = f.prompt_n;
    slot->tokens_n = slot->done_n = slot->sampled_n = 0;
    slot->state = SLOT_PROMPT;
    return sampler_init(&slot->sampler, &options);
}

static enum status take_prompt(void *context, const struct channel_message *m)
{
    struct serving *s = context;
    struct slot *slot = &s->slots[m->id];
    struct frame f;
    struct reason why;
    enum status status = frame_read(&f, m);
    if (status != STATUS_OK)
        return status;
    if (f.tokens_n == 0 || f.tokens_n > slot->prompt_n - slot->tokens_n)
        return STATUS_REFUSED;
    for (uint32_t i = 0; i < f.tokens_n; i++) {
        if (f.tokens[i] >= s->vocab_n)
            return STATUS_REFUSED;
        slot->tokens[slot->tokens_n++] = f.tokens[i];
    }
    wipe(&f, sizeof f);
    if (slot->tokens_n < slot->prompt_n)
        return STATUS_OK;
    slot->state = SLOT_RUNNING;
    uint32_t room = s->context - slot->prompt_n;
    return engine_sequence_open(&s->v->engine, &slot->sequence,
                                slot->prompt_n + (slot->max_tokens < room ? slot->max_tokens : room), &why);
}

static enum status stop(void *context, const struct channel_message *m)
{
    struct serving *s = context;
    struct frame f;
    enum status status = frame_read(&f, m);
    return status == STATUS_OK ? end_slot(s, &s->slots[m->id], FRAME_END_STOPPED) : status;
}

/* The scribe's stop crossed the vault's end. */
static enum status stop_too_late(void *context, const struct channel_message *m)
{
    struct frame f;
    (void)context;
    return frame_read(&f, m);
}

static enum status free_slot(void *context, const struct channel_message *m)
{
    struct serving *s = context;
    struct frame f;
    enum status status = frame_read(&f, m);
    if (status == STATUS_OK)
        s->slots[m->id].state = SLOT_IDLE;
    return status;
}

static const struct channel_rule rules[] = {
    {SLOT_IDLE, MESSAGE_START, FRAME_LEN, FRAME_LEN, start},
    {SLOT_PROMPT, MESSAGE_PROMPT, FRAME_LEN, FRAME_LEN, take_prompt},
    {SLOT_PROMPT, MESSAGE_STOP, FRAME_LEN, FRAME_LEN, stop},
    {SLOT_RUNNING, MESSAGE_STOP, FRAME_LEN, FRAME_LEN, stop},
    {SLOT_ENDED, MESSAGE_STOP, FRAME_LEN, FRAME_LEN, stop_too_late},
    {SLOT_ENDED, MESSAGE_FREE, FRAME_LEN, FRAME_LEN, free_slot},
};

/* Everything that waits in the channel. */
static enum status hear_scribe(struct serving *s)
{
    for (;;) {
        enum status status = channel_receive(s->scribe, &s->message, false);
        if (status == STATUS_BUSY)
            return STATUS_OK;
        if (status != STATUS_OK)
            return status;
        int state = s->message.id < s->slots_n ? (int)s->slots[s->message.id].state : -1;
        status = channel_dispatch(rules, sizeof rules / sizeof rules[0], state, s, &s->message);
        if (status != STATUS_OK) {
            event_log(ROLE_VAULT, EVENT_PROTOCOL, state, (int64_t)s->message.type);
            return status;
        }
    }
}

/* Puts tokens of one slot into the step: all that fit of its prompt, or its last token. */
static size_t add_to_step(struct serving *s, uint32_t index, size_t step_n, size_t *logits_n)
{
    struct slot *slot = &s->slots[index];
    while (slot->done_n < slot->tokens_n && step_n < s->batch) {
        bool last = slot->done_n + 1 == slot->tokens_n;
        s->step[step_n++] = (struct engine_token){slot->sequence, slot->tokens[slot->done_n++], last};
        if (last)
            s->step_slots[(*logits_n)++] = index;
    }
    return step_n;
}

/* Sequences that only want their next token go first, so that a long prompt does not hold them up. */
static size_t fill_step(struct serving *s, size_t *logits_n)
{
    size_t step_n = 0;
    *logits_n = 0;
    for (uint32_t i = 0; i < s->slots_n; i++) {
        if (s->slots[i].state == SLOT_RUNNING && s->slots[i].sampled_n > 0)
            step_n = add_to_step(s, i, step_n, logits_n);
    }
    for (uint32_t i = 0; i < s->slots_n; i++) {
        uint32_t index = (s->next_slot + i) % s->slots_n;
        if (s->slots[index].state == SLOT_RUNNING && s->slots[index].sampled_n == 0)
            step_n = add_to_step(s, index, step_n, logits_n);
    }
    s->next_slot = (s->next_slot + 1) % s->slots_n;
    return step_n;
}

/* Samples from one slot's logits and sends the token, or ends the sequence. */
static enum status sample(struct serving *s, struct slot *slot, const float *logits)
{
    struct frame f = {.tokens_n = 1};
    enum status status = sampler_next(&f.tokens[0], &slot->sampler, logits, s->vocab_n, s->scratch);
    if (status != STATUS_OK)
        return status;
    if (!egress_spend_token(&s->egress, clock_monotonic_ms())) {
        event_log(ROLE_VAULT, EVENT_BUDGET_SPENT, (int64_t)s->egress.spent, 0);
        return end_slot(s, slot, FRAME_END_BUDGET);
    }
    slot->sampled_n++;
    slot->tokens[slot->tokens_n++] = f.tokens[0];
    status = send_frame(s, MESSAGE_TOKEN, (uint64_t)(slot - s->slots), &f);
    if (status != STATUS_OK)
        return status;
    if (f.tokens[0] == slot->end_token)
        return end_slot(s, slot, FRAME_END_STOP);
    if (slot->sampled_n == slot->max_tokens || slot->tokens_n == s->context)
        return end_slot(s, slot, FRAME_END_LENGTH);
    return STATUS_OK;
}

static enum status step(struct serving *s)
{
    struct reason why;
    size_t logits_n;
    size_t step_n = fill_step(s, &logits_n);
    if (step_n == 0)
        return STATUS_OK;
    enum status status = engine_step(&s->v->engine, s->step, step_n, &why);
    for (size_t i = 0; i < logits_n && status == STATUS_OK; i++)
        status = sample(s, &s->slots[s->step_slots[i]], engine_logits(&s->v->engine, i));
    return status;
}

static bool working(const struct serving *s)
{
    for (uint32_t i = 0; i < s->slots_n; i++) {
        if (s->slots[i].state == SLOT_RUNNING)
            return true;
    }
    return false;
}

static enum status take_buffers(struct serving *s)
{
    s->slots = calloc(s->slots_n, sizeof *s->slots);
    s->scratch = calloc(s->vocab_n, sizeof *s->scratch);
    s->step = calloc(s->batch, sizeof *s->step);
    s->step_slots = calloc(s->slots_n, sizeof *s->step_slots);
    if (s->slots == NULL || s->scratch == NULL || s->step == NULL || s->step_slots == NULL)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < s->slots_n; i++) {
        s->slots[i].tokens = calloc(s->context, sizeof s->slots[i].tokens[0]);
        if (s->slots[i].tokens == NULL)
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

enum status vault_serve(struct vault_model *v, const struct vault_setup *setup, struct channel *warden,
                        struct channel *scribe)
{
    static struct serving s;
    s.v = v;
    s.scribe = scribe;
    s.slots_n = setup->sequences;
    s.context = v->engine.options.context_max;
    s.batch = setup->batch;
    s.vocab_n = v->model.vocab_n;
    egress_init(&s.egress, setup->egress_bits_per_hour, s.vocab_n, clock_monotonic_ms());
    enum status status = take_buffers(&s);
    while (status == STATUS_OK) {
        struct pollfd ready[2] = {{.fd = warden->fd, .events = POLLIN}, {.fd = scribe->fd, .events = POLLIN}};
        if (poll(ready, 2, working(&s) ? 0 : -1) < 0)
            continue;
        if (ready[0].revents != 0) /* the warden has nothing more to say: it closed */
            return STATUS_NOT_FOUND;
        if (ready[1].revents != 0)
            status = hear_scribe(&s);
        if (status == STATUS_OK)
            status = step(&s);
    }
    return status;
}
