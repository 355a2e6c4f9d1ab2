/* SPDX-License-Identifier: Apache-2.0 */
/* Admission of a batch: everything is checked before anything changes. */
#include "engine/buffers.h"
#include "engine/forward.h"

static enum status refuse(struct reason *why, enum status status, const char *text)
{
    reason_set(why, "engine: ", text, NULL);
    return status;
}

static enum status check_token(const struct engine *e, const struct engine_token *token, struct reason *why)
{
    if (token->sequence >= e->options.sequences_max || !e->sequences[token->sequence].open)
        return refuse(why, STATUS_USAGE, "a token of a sequence that is not open");
    if (token->token >= e->model->vocab_n)
        return refuse(why, STATUS_USAGE, "a token beyond the vocabulary");
    const struct engine_sequence *s = &e->sequences[token->sequence];
    if (s->pending >= s->tokens_max - s->len)
        return refuse(why, STATUS_LIMIT, "the sequence is as long as it was opened for");
    return STATUS_OK;
}

/* Gives every token its place; counts the tokens that want logits. */
static enum status admit(struct engine *e, const struct engine_token *tokens, size_t tokens_n, size_t *logits_n,
                         struct reason *why)
{
    struct engine_buffers *b = e->buffers;
    *logits_n = 0;
    for (uint32_t i = 0; i < e->options.sequences_max; i++)
        e->sequences[i].pending = 0;
    for (size_t i = 0; i < tokens_n; i++) {
        enum status status = check_token(e, &tokens[i], why);
        if (status != STATUS_OK)
            return status;
        struct engine_sequence *s = &e->sequences[tokens[i].sequence];
        b->slots[i] = (struct engine_slot){
            .sequence = tokens[i].sequence, .token = tokens[i].token, .position = s->len + s->pending};
        s->pending++;
        if (!tokens[i].wants_logits)
            continue;
        if (*logits_n == e->options.logits_max)
            return refuse(why, STATUS_LIMIT, "more logits are wanted than a step can give");
        b->wanted[(*logits_n)++] = (uint32_t)i;
    }
    return STATUS_OK;
}

/* Cuts the slots into runs of one sequence, each short enough that all its query heads of one KV head fit a pass. */
static void find_runs(struct engine *e, size_t tokens_n)
{
    struct engine_buffers *b = e->buffers;
    uint32_t sharing = e->model->heads_n / e->model->kv_heads_n;
    uint32_t run_max = sharing >= ATTENTION_ROWS ? 1 : ATTENTION_ROWS / sharing;
    b->runs_n = 0;
    for (uint32_t i = 0; i < tokens_n; i++) {
        struct engine_run *last = b->runs_n == 0 ? NULL : &b->runs[b->runs_n - 1];
        if (last != NULL && last->n < run_max && b->slots[last->first].sequence == b->slots[i].sequence)
            last->n++;
        else
            b->runs[b->runs_n++] = (struct engine_run){.first = i, .n = 1};
    }
}

enum status engine_step(struct engine *e, const struct engine_token *tokens, size_t tokens_n, struct reason *why)
{
    size_t logits_n;
    if (tokens_n == 0)
        return refuse(why, STATUS_USAGE, "a step without tokens");
    if (tokens_n > e->options.batch_max)
        return refuse(why, STATUS_LIMIT, "more tokens than a step can take");
    enum status status = admit(e, tokens, tokens_n, &logits_n, why);
    if (status != STATUS_OK)
        return status;
    e->buffers->tokens_n = tokens_n;
    e->buffers->logits_n = logits_n;
    find_runs(e, tokens_n);
    forward(e);
    for (uint32_t i = 0; i < e->options.sequences_max; i++)
        e->sequences[i].len += e->sequences[i].pending;
    return STATUS_OK;
}
