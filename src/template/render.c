/* SPDX-License-Identifier: Apache-2.0 */
/* Limits and failures, and template_render: from variables to spans. */
#include "template/render.h"

#include <string.h>

void render_fail(struct render *r, enum status status, const char *what, const struct value *about)
{
    if (r->status != STATUS_OK)
        return;
    r->status = status;
    reason_set(r->why, "chat template, line ", NULL);
    reason_add_u64(r->why, r->line);
    reason_add(r->why, ": ");
    reason_add(r->why, what);
    if (about != NULL && about->len > 0 && about->as.text != NULL) {
        reason_add(r->why, " ");
        reason_add_quoted(r->why, about->as.text, about->len < 60 ? about->len : 60);
    }
}

bool render_charge(struct render *r, uint64_t steps)
{
    if (r->status != STATUS_OK)
        return false;
    if (steps > r->steps) {
        r->steps = 0;
        render_fail(r, STATUS_LIMIT, "the limit of steps is reached", NULL);
        return false;
    }
    r->steps -= steps;
    return true;
}

void *render_take(struct render *r, size_t count, size_t size)
{
    if (!render_charge(r, count / 16))
        return NULL;
    void *memory = arena_take(r->values, count, size, _Alignof(struct value));
    if (memory == NULL)
        render_fail(r, STATUS_LIMIT, "the limit of memory is reached", NULL);
    return memory;
}

bool render_enter(struct render *r)
{
    if (r->status != STATUS_OK)
        return false;
    if (r->depth == 0) {
        render_fail(r, STATUS_LIMIT, "the limit of nesting is reached", NULL);
        return false;
    }
    r->depth--;
    return true;
}

void render_leave(struct render *r)
{
    r->depth++;
}

/* Templates write control tokens around a role, as in '<|' + role + '|>'; a known word can do no harm there. */
static void trust_roles(struct value messages)
{
    static const char *const roles[] = {"system", "developer", "user", "assistant", "tool"};
    for (uint32_t i = 0; messages.kind == VALUE_LIST && i < messages.as.list->n; i++) {
        struct value message = messages.as.list->items[i];
        struct entry *role = message.kind == VALUE_DICT ? dict_find_text(message.as.dict, "role") : NULL;
        for (size_t j = 0; role != NULL && j < sizeof roles / sizeof roles[0]; j++) {
            if (text_is(role->value, roles[j]))
                role->value.origin = FROM_TEMPLATE;
        }
    }
}

static void set_variables(struct render *r)
{
    const struct template_input *in = r->input;
    for (size_t i = in->variables_n; i-- > 0;) {
        const struct template_variable *v = &in->variables[i];
        struct value value = value_from_json(r, v->value, v->from_input ? FROM_INPUT : FROM_TEMPLATE);
        if (v->has_roles && r->status == STATUS_OK)
            trust_roles(value);
        scope_set_name(r, r->scope, v->name, value);
    }
}

/* Where the run of equal marks that begins at start ends. */
static size_t run_end(const struct area *a, size_t start)
{
    const uint8_t *end = memchr(a->marks + start, !a->marks[start], a->used - start);
    return end == NULL ? a->used : (size_t)(end - a->marks);
}

static void cut_spans(struct template_output *out, struct render *r)
{
    size_t n = 0;
    for (size_t at = 0; at < r->output.used; at = run_end(&r->output, at))
        n++;
    if (r->status != STATUS_OK || n == 0)
        return;
    out->spans = arena_take(r->values, n, sizeof out->spans[0], _Alignof(struct template_span));
    if (out->spans == NULL) {
        render_fail(r, STATUS_LIMIT, "the limit of memory is reached", NULL);
        return;
    }
    for (size_t at = 0, end; at < r->output.used; at = end) {
        end = run_end(&r->output, at);
        out->spans[out->spans_n++] = (struct template_span){r->output.text + at, end - at, r->output.marks[at] != 0};
    }
}

/* Memory for texts is taken without being cleared: only what is written is read. */
static bool take_area(struct area *a, struct arena *from, size_t capacity, const char *limit)
{
    if (capacity > (size_t)1 << 30 || capacity > arena_left(from) / 2)
        return false;
    *a = (struct area){.text = from->start + from->used, .capacity = capacity, .limit = limit};
    a->marks = a->text + capacity;
    from->used += 2 * capacity;
    return true;
}

size_t template_scratch_len(const struct template_limits *limits, size_t json_len)
{
    enum { BASE = 1 << 21, PER_BYTE = 48 }; /* a value takes 16 bytes and at least 2 of JSON */
    size_t most = (SIZE_MAX >> 10) - limits->output_len;
    if (json_len > most)
        return SIZE_MAX;
    return 2 * limits->output_len + BASE + json_len * PER_BYTE;
}

static bool prepare(struct render *r, struct arena *scratch)
{
    bool taken = take_area(&r->output, scratch, r->input->limits.output_len, "the limit of output is reached") &&
                 take_area(&r->texts, scratch, arena_left(scratch) / 6, "the limit of memory for texts is reached");
    if (!taken)
        render_fail(r, STATUS_LIMIT, "the limit of memory is reached", NULL);
    r->scope = scope_open(r, NULL);
    return r->status == STATUS_OK;
}

enum status template_render(struct template_output *out, const struct template *t, struct arena *scratch,
                            const struct template_input *input, struct reason *why)
{
    struct render r = {.template = t,
                       .input = input,
                       .values = scratch,
                       .steps = input->limits.steps,
                       .depth = input->limits.depth,
                       .line = 1,
                       .status = STATUS_OK,
                       .why = why};
    *out = (struct template_output){NULL, 0};
    if (prepare(&r, scratch)) {
        set_variables(&r);
        render_body(&r, t->body);
        cut_spans(out, &r);
    }
    if (r.status != STATUS_OK)
        *out = (struct template_output){NULL, 0};
    return r.status;
}
