/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/vault_serve.h"

#include "core/base/constant_time.h"
#include "enclave/egress.h"
#include "enclave/event.h"
#include "enclave/frame.h"
#include "enclave/vault_terms.h"
#include "engine/speculate.h"
#include "sys/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* spec/enclave.md, section 4: what may come in which state is the table `rules` below. */
enum slot_state {
    SLOT_IDLE,
    SLOT_PROMPT,  /* the prompt is coming, and what START announced besides */
    SLOT_RUNNING, /* the engine works on it */
    SLOT_ENDED,   /* MESSAGE_END was sent; the scribe has to free it */
};

enum { GUESS_TOKENS_MAX = 8 }; /* tokens in a step beyond which nothing is guessed: it is busy enough */

struct slot {
    enum slot_state state;
    uint32_t sequence; /* of the engine */
    struct vault_terms terms;
    uint32_t max_tokens;
    uint32_t sampled_n;
    uint32_t tokens_n; /* prompt, then what was sampled */
    uint32_t prompt_n;
    uint32_t done_n;  /* tokens that the engine has seen */
    uint32_t *tokens; /* [context] */
    struct speculation speculation;
    uint32_t guesses[SPECULATE_MAX]; /* guesses_n of them are in the step, right behind the last token */
    size_t guesses_n;
};

struct serving {
    struct vault_model *v;
    struct channel *scribe;
    struct egress egress;
    struct slot *slots;
    uint32_t slots_n, context, batch, vocab_n;
    bool logprobs; /* may leave */
    struct choice_scratch scratch;
    void *sample_memory;
    struct engine_token *step; /* [batch] */
    uint32_t *step_slots;      /* [logits_max]: whose logits the step computes, in order */
    uint32_t next_slot;        /* whose prompt goes first in the next step */
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
    wipe(slot->guesses, sizeof slot->guesses);
    vault_terms_end(&slot->terms);
    slot->state = SLOT_ENDED;
    return send_frame(s, MESSAGE_END, (uint64_t)(slot - s->slots), &f);
}

static enum status start(void *context, const struct channel_message *m)
{
    struct serving *s = context;
    struct slot *slot = &s->slots[m->id];
    struct frame f;
    enum status status = frame_read(&f, m);
    if (status != STATUS_OK)
        return status;
    if (f.prompt_n == 0 || f.prompt_n >= s->context || f.max_tokens == 0)
        return STATUS_REFUSED;
    slot->max_tokens = f.max_tokens;
    slot->prompt_n = f.prompt_n;
    slot->tokens_n = slot->done_n = slot->sampled_n = 0;
    slot->speculation = (struct speculation){0};
    slot->guesses_n = 0;
    slot->state = SLOT_PROMPT;
    return vault_terms_start(&slot->terms, &f, s->vocab_n, s->logprobs);
}

/* Starts the engine's sequence when everything is there. */
static enum status run_when_complete(struct serving *s, struct slot *slot)
{
    struct reason why;
    if (slot->tokens_n < slot->prompt_n || !vault_terms_complete(&slot->terms))
        return STATUS_OK;
    enum status status = vault_terms_ready(&slot->terms, &s->v->vocabulary, s->vocab_n);
    if (status == STATUS_LIMIT)
        return end_slot(s, slot, FRAME_END_GRAMMAR);
    uint32_t room = s->context - slot->prompt_n;
    if (status == STATUS_OK)
        status = engine_sequence_open(&s->v->engine, &slot->sequence,
                                      slot->prompt_n + (slot->max_tokens < room ? slot->max_tokens : room), &why);
    if (status == STATUS_OK)
        slot->state = SLOT_RUNNING;
    return status;
}

static enum status take_prompt(void *context, const struct channel_message *m)
{
    struct serving *s = context;
    struct slot *slot = &s->slots[m->id];
    struct frame f;
    enum status status = frame_read(&f, m);
    if (status != STATUS_OK)
        return status;
    if (f.words_n == 0 || f.words_n > slot->prompt_n - slot->tokens_n)
        return STATUS_REFUSED;
    for (uint32_t i = 0; i < f.words_n; i++) {
        if (f.words[i] >= s->vocab_n)
            return STATUS_REFUSED;
        slot->tokens[slot->tokens_n++] = f.words[i];
    }
    wipe(&f, sizeof f);
    return run_when_complete(s, slot);
}

static enum status take_bias(void *context, const struct channel_message *m)
{
    struct serving *s = context;
    struct slot *slot = &s->slots[m->id];
    struct frame f;
    enum status status = frame_read(&f, m);
    if (status == STATUS_OK)
        status = vault_terms_take_bias(&slot->terms, &f, s->vocab_n);
    wipe(&f, sizeof f);
    return status == STATUS_OK ? run_when_complete(s, slot) : status;
}

static enum status take_grammar(void *context, const struct channel_message *m)
{
    struct serving *s = context;
    struct slot *slot = &s->slots[m->id];
    struct frame f;
    enum status status = frame_read(&f, m);
    if (status == STATUS_OK)
        status = vault_terms_take_grammar(&slot->terms, &f);
    wipe(&f, sizeof f);
    return status == STATUS_OK ? run_when_complete(s, slot) : status;
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
    {SLOT_PROMPT, MESSAGE_BIAS, FRAME_LEN, FRAME_LEN, take_bias},
    {SLOT_PROMPT, MESSAGE_GRAMMAR, FRAME_LEN, FRAME_LEN, take_grammar},
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

/* What may follow the slot's last token, when there are few sequences and room for it. */
static size_t add_guesses(struct serving *s, uint32_t index, size_t step_n, size_t *logits_n)
{
    struct slot *slot = &s->slots[index];
    size_t end = slot->max_tokens < s->context - slot->prompt_n ? slot->prompt_n + slot->max_tokens : s->context;
    size_t room = end - slot->tokens_n;
    size_t logits_room = s->v->engine.options.logits_max - s->slots_n; /* beside one for each slot */
    room = room < s->batch - step_n ? room : s->batch - step_n;
    room = room < logits_room / s->slots_n ? room : logits_room / s->slots_n;
    slot->guesses_n = step_n > GUESS_TOKENS_MAX
                          ? 0
                          : speculate(&slot->speculation, slot->guesses, room, slot->tokens, slot->tokens_n);
    for (size_t i = 0; i < slot->guesses_n; i++) {
        s->step[step_n++] = (struct engine_token){slot->sequence, slot->guesses[i], true};
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
        if (s->slots[i].state != SLOT_RUNNING || s->slots[i].sampled_n == 0)
            continue;
        size_t before = *logits_n;
        step_n = add_to_step(s, i, step_n, logits_n);
        if (*logits_n != before)
            step_n = add_guesses(s, i, step_n, logits_n);
    }
    for (uint32_t i = 0; i < s->slots_n; i++) {
        uint32_t index = (s->next_slot + i) % s->slots_n;
        if (s->slots[index].state == SLOT_RUNNING && s->slots[index].sampled_n == 0)
            step_n = add_to_step(s, index, step_n, logits_n);
    }
    s->next_slot = (s->next_slot + 1) % s->slots_n;
    return step_n;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Puts the log-probabilities behind the token. */
static void add_logprobs(struct serving *s, struct frame *f, const struct slot *slot, const float *logits)
{
    struct sample_logprobs all;
    if (slot->terms.logprobs_n == 0)
        return;
    sample_logprobs(&all, logits, s->vocab_n, f->words[0], slot->terms.logprobs_n - 1, &s->scratch.sample);
    f->words[f->words_n++] = bits_of(all.chosen);
    for (uint32_t i = 0; i < all.top_n; i++) {
        f->words[f->words_n++] = all.top[i].token;
        f->words[f->words_n++] = bits_of(all.top[i].logit);
    }
}

/* Whether the sequence goes on behind this token, and if not, why. */
static bool is_last(enum frame_end *how, const struct serving *s, const struct slot *slot, uint32_t token)
{
    const struct choice_setup *choice = &slot->terms.choice;
    bool stop = choice_stops(choice, token) || choice_is_done(choice);
    *how = stop ? FRAME_END_STOP : FRAME_END_LENGTH;
    return stop || slot->sampled_n == slot->max_tokens || slot->tokens_n == s->context;
}

/* Chooses from one slot's logits and sends the token, or ends the sequence. */
static enum status sample(struct serving *s, struct slot *slot, const float *logits)
{
    struct frame f = {.words_n = 1};
    enum frame_end how;
    const struct sample_input input = {.logits = logits,
                                       .vocab_n = s->vocab_n,
                                       .tokens = slot->tokens,
                                       .tokens_n = slot->tokens_n,
                                       .prompt_n = slot->prompt_n};
    enum status status = choice_next(&f.words[0], &slot->terms.choice, &input, &s->scratch);
    if (status == STATUS_NOT_FOUND || status == STATUS_LIMIT)
        return end_slot(s, slot, FRAME_END_GRAMMAR);
    if (status != STATUS_OK)
        return status;
    if (!egress_spend_token(&s->egress, slot->terms.logprobs_n, clock_monotonic_ms())) {
        event_log(ROLE_VAULT, EVENT_BUDGET_SPENT, (int64_t)s->egress.spent, 0);
        return end_slot(s, slot, FRAME_END_BUDGET);
    }
    slot->sampled_n++;
    slot->tokens[slot->tokens_n++] = f.words[0];
    add_logprobs(s, &f, slot, logits);
    status = send_frame(s, MESSAGE_TOKEN, (uint64_t)(slot - s->slots), &f);
    if (status == STATUS_OK && is_last(&how, s, slot, f.words[0]))
        status = end_slot(s, slot, how);
    return status;
}

/* Draws from the logits of a slot: from those of its last token, and then of each guess that was what was drawn. */
static enum status sample_slot(struct serving *s, struct slot *slot, size_t first)
{
    size_t kept = 0;
    uint32_t seen = slot->tokens_n; /* tokens of the text that the engine has computed */
    enum status status = sample(s, slot, engine_logits(&s->v->engine, first));
    while (status == STATUS_OK && slot->state == SLOT_RUNNING && kept < slot->guesses_n &&
           slot->tokens[slot->tokens_n - 1] == slot->guesses[kept]) {
        kept++;
        seen++;
        status = sample(s, slot, engine_logits(&s->v->engine, first + kept));
    }
    if (status != STATUS_OK || slot->state != SLOT_RUNNING)
        return status;
    slot->done_n = seen;
    if (slot->guesses_n != 0)
        engine_sequence_cut(&s->v->engine, slot->sequence, seen);
    speculation_judge(&slot->speculation, slot->guesses_n, kept);
    slot->guesses_n = 0;
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
    for (size_t i = 0; i < logits_n && status == STATUS_OK;) {
        struct slot *slot = &s->slots[s->step_slots[i]];
        size_t n = 1 + slot->guesses_n;
        status = sample_slot(s, slot, i);
        i += n;
    }
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
    s->sample_memory = calloc(1, sample_scratch_len(s->vocab_n));
    s->scratch.allowed = calloc((s->vocab_n + 63) / 64, sizeof s->scratch.allowed[0]);
    s->step = calloc(s->batch, sizeof *s->step);
    s->step_slots = calloc(s->v->engine.options.logits_max, sizeof *s->step_slots);
    if (s->slots == NULL || s->sample_memory == NULL || s->scratch.allowed == NULL || s->step == NULL ||
        s->step_slots == NULL)
        return STATUS_NO_MEMORY;
    sample_scratch_init(&s->scratch.sample, s->sample_memory, s->vocab_n);
    for (uint32_t i = 0; i < s->slots_n; i++) {
        s->slots[i].tokens = calloc(s->context, sizeof s->slots[i].tokens[0]);
        if (s->slots[i].tokens == NULL || vault_terms_open(&s->slots[i].terms) != STATUS_OK)
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

uint64_t vault_serve_len(const struct engine_options *o, uint32_t vocab_n)
{
    uint64_t slot = sizeof(struct slot) + (uint64_t)o->context_max * sizeof(uint32_t) + vault_terms_len();
    return o->sequences_max * slot + sample_scratch_len(vocab_n) + vocab_n / 8 +
           o->batch_max * sizeof(struct engine_token) + o->logits_max * sizeof(uint32_t);
}

enum status vault_serve_open(struct serving **serving, struct vault_model *v, const struct vault_setup *setup,
                             struct reason *why)
{
    struct serving *s = calloc(1, sizeof *s);
    enum status status = STATUS_NO_MEMORY;
    *serving = s;
    if (s != NULL) {
        s->v = v;
        s->slots_n = setup->sequences;
        s->context = v->engine.options.context_max;
        s->batch = setup->batch;
        s->vocab_n = v->model.vocab_n;
        s->logprobs = setup->logprobs == 1;
        egress_init(&s->egress, setup->egress_bits_per_hour, s->vocab_n, clock_monotonic_ms());
        status = take_buffers(s);
    }
    if (status != STATUS_OK)
        reason_set(why, "no memory for that many \"sequences\" of that \"context\"", NULL);
    return status;
}

enum status vault_serve(struct serving *s, struct channel *warden, struct channel *scribe)
{
    enum status status = STATUS_OK;
    s->scribe = scribe;
    while (status == STATUS_OK) {
        struct pollfd ready[2] = {{.fd = warden->fd, .events = POLLIN}, {.fd = scribe->fd, .events = POLLIN}};
        if (poll(ready, 2, working(s) ? 0 : -1) < 0)
            continue;
        if (ready[0].revents != 0) /* the warden has nothing more to say: it closed */
            return STATUS_NOT_FOUND;
        if (ready[1].revents != 0)
            status = hear_scribe(s);
        if (status == STATUS_OK)
            status = step(s);
    }
    return status;
}
