/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/grammar_run.h"

#include <string.h>

enum { EMPTY_STACK = 0 };

size_t grammar_run_len(void)
{
    return GRAMMAR_NODES_MAX * (sizeof(struct grammar_node) + 4 * sizeof(uint32_t)) +
           GRAMMAR_MEMBERS_MAX * sizeof(uint32_t) +
           GRAMMAR_STATES_MAX * (sizeof(struct grammar_state) + 2 * sizeof(uint32_t) + 256 * sizeof(uint16_t));
}

static void place(struct grammar_run *r, uint8_t *memory)
{
    r->nodes = (struct grammar_node *)(void *)memory;
    r->node_slots = (uint32_t *)(r->nodes + GRAMMAR_NODES_MAX);
    r->stamps = r->node_slots + 2 * GRAMMAR_NODES_MAX;
    r->work = r->stamps + GRAMMAR_NODES_MAX;
    r->members = r->work + GRAMMAR_NODES_MAX;
    r->states = (struct grammar_state *)(void *)(r->members + GRAMMAR_MEMBERS_MAX);
    r->state_slots = (uint32_t *)(r->states + GRAMMAR_STATES_MAX);
    r->moves = (uint16_t *)(r->state_slots + 2 * GRAMMAR_STATES_MAX);
}

static uint32_t mix(uint32_t hash, uint32_t value)
{
    hash = (hash ^ value) * 0x9e3779b1U;
    return hash ^ hash >> 15;
}

/* The number of that node, new or known; STATUS_LIMIT when there is no room. */
static enum status intern_node(struct grammar_run *r, uint32_t *node, uint32_t at, uint32_t parent)
{
    uint32_t slot = mix(mix(1, at), parent) % (2 * GRAMMAR_NODES_MAX);
    for (; r->node_slots[slot] != 0; slot = (slot + 1) % (2 * GRAMMAR_NODES_MAX)) {
        const struct grammar_node *n = &r->nodes[r->node_slots[slot]];
        if (n->at == at && n->parent == parent) {
            *node = r->node_slots[slot];
            return STATUS_OK;
        }
    }
    if (r->nodes_n == GRAMMAR_NODES_MAX)
        return STATUS_LIMIT;
    *node = r->nodes_n++;
    r->nodes[*node] = (struct grammar_node){at, parent};
    r->stamps[*node] = 0;
    r->node_slots[slot] = *node;
    return STATUS_OK;
}

/* Puts a node on the list of those to visit, unless it was there. */
static enum status push(struct grammar_run *r, uint32_t at, uint32_t parent)
{
    uint32_t node;
    enum status status = intern_node(r, &node, at, parent);
    if (status == STATUS_OK && r->stamps[node] != r->stamp) {
        r->stamps[node] = r->stamp;
        r->work[r->work_n++] = node; /* each node once: it fits */
    }
    return status;
}

/* False when the work between two tokens is used up. */
static bool spend(struct grammar_run *r, uint32_t work)
{
    bool enough = r->work_left >= work;
    r->work_left -= enough ? work : r->work_left;
    return enough;
}

/* All alternatives of a rule. */
static enum status push_rule(struct grammar_run *r, uint32_t rule, uint32_t parent)
{
    const uint32_t *elements = r->grammar.elements;
    for (uint32_t at = r->grammar.starts[rule];; at++) {
        uint32_t first = at;
        enum status status = push(r, at, parent);
        while (grammar_kind(elements[at]) != GRAMMAR_OR && grammar_kind(elements[at]) != GRAMMAR_END)
            at++;
        if (status == STATUS_OK && !spend(r, at - first + 1))
            status = STATUS_LIMIT;
        if (status != STATUS_OK || grammar_kind(elements[at]) == GRAMMAR_END)
            return status;
    }
}

/* The alternatives of the rule at node; what comes behind the rule waits under it.  Where nothing comes,
 * the parent waits itself, so that a list that ends in itself needs no deeper stack. */
static enum status enter_rule(struct grammar_run *r, struct grammar_node node)
{
    const struct grammar *g = &r->grammar;
    uint32_t parent = node.parent, behind = node.at + 1;
    unsigned kind = grammar_kind(g->elements[behind]);
    enum status status = STATUS_OK;
    if (kind != GRAMMAR_END && kind != GRAMMAR_OR)
        status = intern_node(r, &parent, behind, node.parent);
    return status == STATUS_OK ? push_rule(r, grammar_value(g->elements[node.at]), parent) : status;
}

/* Follows everything that takes no byte; the nodes at terminals become members of a new state. */
static enum status close_over(struct grammar_run *r, struct grammar_state *state)
{
    enum status status = STATUS_OK;
    *state = (struct grammar_state){.first = r->members_n};
    for (uint32_t i = 0; i < r->work_n && status == STATUS_OK; i++) {
        struct grammar_node node = r->nodes[r->work[i]];
        unsigned kind = grammar_kind(r->grammar.elements[node.at]);
        if (kind == GRAMMAR_RULE) {
            status = enter_rule(r, node);
        } else if (kind == GRAMMAR_END || kind == GRAMMAR_OR) {
            if (node.parent == EMPTY_STACK)
                state->may_end = 1;
            else
                status = push(r, r->nodes[node.parent].at, r->nodes[node.parent].parent);
        } else if (state->n == GRAMMAR_STACKS_MAX || r->members_n == GRAMMAR_MEMBERS_MAX) {
            status = STATUS_LIMIT;
        } else {
            r->members[r->members_n++] = r->work[i];
            state->n++;
        }
    }
    return status;
}

/* The same members in another order are the same state. */
static void sort_members(uint32_t *members, uint32_t n)
{
    for (uint32_t gap = n / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < n; i++) {
            uint32_t moving = members[i], at = i;
            for (; at >= gap && members[at - gap] > moving; at -= gap)
                members[at] = members[at - gap];
            members[at] = moving;
        }
    }
}

static bool same_state(const struct grammar_run *r, const struct grammar_state *a, const struct grammar_state *b)
{
    return a->n == b->n && a->may_end == b->may_end &&
           memcmp(r->members + a->first, r->members + b->first, a->n * sizeof r->members[0]) == 0;
}

/* The number of the state, new or known; a known one gives its members back. */
static enum status intern_state(struct grammar_run *r, uint32_t *number, const struct grammar_state *state)
{
    uint32_t hash = mix(2, state->may_end);
    sort_members(r->members + state->first, state->n);
    for (uint32_t i = 0; i < state->n; i++)
        hash = mix(hash, r->members[state->first + i]);
    uint32_t slot = hash % (2 * GRAMMAR_STATES_MAX);
    for (; r->state_slots[slot] != 0; slot = (slot + 1) % (2 * GRAMMAR_STATES_MAX)) {
        if (same_state(r, &r->states[r->state_slots[slot] - 1], state)) {
            *number = r->state_slots[slot] - 1;
            r->members_n = state->first;
            return STATUS_OK;
        }
    }
    if (r->states_n == GRAMMAR_STATES_MAX)
        return STATUS_LIMIT;
    *number = r->states_n++;
    r->states[*number] = *state;
    memset(r->moves + (size_t)*number * 256, 0, 256 * sizeof r->moves[0]);
    r->state_slots[slot] = *number + 1;
    return STATUS_OK;
}

/* A new round of visits.  After 2^32 of them the marks start anew. */
static void begin_visit(struct grammar_run *r)
{
    r->work_n = 0;
    if (++r->stamp == 0) {
        memset(r->stamps, 0, GRAMMAR_NODES_MAX * sizeof r->stamps[0]);
        r->stamp = 1;
    }
}

static void forget(struct grammar_run *r)
{
    memset(r->node_slots, 0, 2 * GRAMMAR_NODES_MAX * sizeof r->node_slots[0]);
    memset(r->state_slots, 0, 2 * GRAMMAR_STATES_MAX * sizeof r->state_slots[0]);
    r->nodes_n = 1;
    r->states_n = r->members_n = 0;
}

enum status grammar_run_init(struct grammar_run *r, const struct grammar *g, void *memory)
{
    struct grammar_state state;
    *r = (struct grammar_run){.grammar = *g};
    place(r, memory);
    forget(r);
    begin_visit(r);
    r->work_left = GRAMMAR_WORK_MAX;
    enum status status = push_rule(r, 0, EMPTY_STACK);
    if (status == STATUS_OK)
        status = close_over(r, &state);
    return status == STATUS_OK ? intern_state(r, &r->state, &state) : status;
}

static enum status find_move(struct grammar_run *r, uint32_t *to, uint32_t from, uint8_t byte)
{
    struct grammar_state next;
    enum status status = STATUS_OK;
    *to = GRAMMAR_NO_STATE;
    begin_visit(r);
    if (!spend(r, r->states[from].n))
        return STATUS_LIMIT;
    for (uint32_t i = 0; i < r->states[from].n && status == STATUS_OK; i++) {
        struct grammar_node node = r->nodes[r->members[r->states[from].first + i]];
        if (grammar_takes(&r->grammar, r->grammar.elements[node.at], byte))
            status = push(r, node.at + 1, node.parent);
    }
    if (status != STATUS_OK || r->work_n == 0)
        return status;
    status = close_over(r, &next);
    if (status == STATUS_OK)
        status = intern_state(r, to, &next);
    return status;
}

enum status grammar_run_move(struct grammar_run *r, uint32_t *to, uint32_t state, uint8_t byte)
{
    if (grammar_run_known(r, to, state, byte))
        return STATUS_OK;
    enum status status = find_move(r, to, state, byte);
    if (status == STATUS_OK)
        r->moves[(size_t)state * 256 + byte] = (uint16_t)(*to == GRAMMAR_NO_STATE ? GRAMMAR_NO_STATE : *to + 1);
    return status;
}

/* Keeps the nodes under the present state's members, with new numbers in the same order: a parent is always older than
 * its child. */
static void keep_nodes(struct grammar_run *r, const struct grammar_state *state)
{
    uint32_t kept_n = 1, nodes_n = r->nodes_n;
    uint32_t *renamed = r->work; /* [nodes_n] */
    memset(renamed, 0, nodes_n * sizeof renamed[0]);
    for (uint32_t i = 0; i < state->n; i++)
        renamed[r->members[state->first + i]] = 1;
    for (uint32_t i = nodes_n; i-- > 1;) {
        if (renamed[i] != 0)
            renamed[r->nodes[i].parent] = 1;
    }
    renamed[EMPTY_STACK] = EMPTY_STACK;
    for (uint32_t i = 1; i < nodes_n; i++) {
        if (renamed[i] == 0)
            continue;
        renamed[i] = kept_n;
        r->nodes[kept_n++] = (struct grammar_node){r->nodes[i].at, renamed[r->nodes[i].parent]};
    }
    for (uint32_t i = 0; i < state->n; i++)
        r->members[i] = renamed[r->members[state->first + i]]; /* first >= 0: read before it is overwritten */
    forget(r);
    for (uint32_t i = 1; i < kept_n; i++) {
        uint32_t slot = mix(mix(1, r->nodes[i].at), r->nodes[i].parent) % (2 * GRAMMAR_NODES_MAX);
        while (r->node_slots[slot] != 0)
            slot = (slot + 1) % (2 * GRAMMAR_NODES_MAX);
        r->node_slots[slot] = i;
        r->stamps[i] = 0;
    }
    r->nodes_n = kept_n;
}

enum status grammar_run_tidy(struct grammar_run *r)
{
    struct grammar_state state = r->states[r->state];
    r->work_left = GRAMMAR_WORK_MAX;
    if (r->nodes_n <= GRAMMAR_NODES_MAX / 2 && r->states_n <= GRAMMAR_STATES_MAX / 2 &&
        r->members_n <= GRAMMAR_MEMBERS_MAX / 2)
        return STATUS_OK;
    keep_nodes(r, &state);
    if (r->nodes_n > GRAMMAR_NODES_MAX / 2)
        return STATUS_LIMIT;
    state.first = 0;
    r->members_n = state.n;
    return intern_state(r, &r->state, &state);
}

enum status grammar_run_look(struct grammar_run *r, uint32_t *to, const uint8_t *bytes, size_t len)
{
    enum status status = STATUS_OK;
    *to = r->state;
    for (size_t i = 0; i < len && status == STATUS_OK && *to != GRAMMAR_NO_STATE; i++)
        status = grammar_run_move(r, to, *to, bytes[i]);
    return status;
}

enum status grammar_run_take(struct grammar_run *r, const uint8_t *bytes, size_t len)
{
    uint32_t state;
    enum status status = grammar_run_look(r, &state, bytes, len);
    if (status == STATUS_OK && state == GRAMMAR_NO_STATE)
        status = STATUS_REFUSED;
    if (status == STATUS_OK)
        r->state = state;
    return status;
}

bool grammar_run_may_end(const struct grammar_run *r)
{
    return r->states[r->state].may_end != 0;
}

bool grammar_run_must_end(const struct grammar_run *r)
{
    return r->states[r->state].may_end != 0 && r->states[r->state].n == 0;
}
