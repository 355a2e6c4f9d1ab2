/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a grammar over bytes: the set of all stacks that the bytes so far allow.  Stacks and sets are kept once each and
 * numbered, and a table remembers where a set goes with a byte, so that asking for a whole vocabulary costs little more
 * than a look-up a byte (spec/grammar.md). */
#ifndef ENGINE_GRAMMAR_RUN_H
#define ENGINE_GRAMMAR_RUN_H

#include "core/base/status.h"
#include "engine/grammar.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GRAMMAR_NODES_MAX = 1 << 15,   /* stack entries */
    GRAMMAR_STATES_MAX = 1 << 11,  /* sets of stacks */
    GRAMMAR_MEMBERS_MAX = 1 << 16, /* stacks of all sets */
    GRAMMAR_STACKS_MAX = 1 << 12,  /* of one set */
    GRAMMAR_NO_STATE = 0xffff,     /* no stack is left: the byte is not allowed */
    GRAMMAR_WORK_MAX = 1 << 22,    /* elements looked at between two calls of grammar_run_tidy */
};

/* Where to go on in the grammar, and behind that in the parent's place. */
struct grammar_node {
    uint32_t at;
    uint32_t parent; /* 0: the root's end */
};

struct grammar_state {
    uint32_t first; /* of its members */
    uint32_t n;
    uint32_t may_end; /* one of the stacks is empty */
};

/* The fields are the run's own. */
struct grammar_run {
    struct grammar grammar;
    struct grammar_node *nodes;   /* [GRAMMAR_NODES_MAX]; 0 is the empty stack */
    uint32_t *node_slots;         /* [2 * GRAMMAR_NODES_MAX]: node or 0 */
    uint32_t *stamps;             /* [GRAMMAR_NODES_MAX]: when a node was last visited */
    uint32_t *work;               /* [GRAMMAR_NODES_MAX]: nodes to visit */
    uint32_t *members;            /* [GRAMMAR_MEMBERS_MAX]: nodes at terminals */
    struct grammar_state *states; /* [GRAMMAR_STATES_MAX] */
    uint32_t *state_slots;        /* [2 * GRAMMAR_STATES_MAX]: state + 1 or 0 */
    uint16_t *moves;              /* [GRAMMAR_STATES_MAX * 256]: state + 1, GRAMMAR_NO_STATE, or 0: not known */
    uint32_t nodes_n, states_n, members_n, work_n, stamp, work_left;
    uint32_t state; /* present */
};

/* Bytes of memory that a run needs. */
size_t grammar_run_len(void);

/* g stays the caller's list of elements; memory: grammar_run_len() bytes, aligned to 8.  STATUS_LIMIT: the grammar
 * allows too many ways at its beginning. */
must_check enum status grammar_run_init(struct grammar_run *r, const struct grammar *g, void *memory);

/* Whether state was asked for this byte before, and where it goes then (GRAMMAR_NO_STATE: nowhere). */
static inline bool grammar_run_known(const struct grammar_run *r, uint32_t *to, uint32_t state, uint8_t byte)
{
    uint32_t move = r->moves[(size_t)state * 256 + byte];
    *to = move == GRAMMAR_NO_STATE ? GRAMMAR_NO_STATE : move - 1;
    return move != 0;
}

/* Where state goes with a byte; GRAMMAR_NO_STATE: nowhere.  STATUS_LIMIT: a bound is passed; the run cannot go on. */
must_check enum status grammar_run_move(struct grammar_run *r, uint32_t *to, uint32_t state, uint8_t byte);

/* Before each token: gives new work, and makes room when more than half of it is used; numbers of states other than the
 * present one are void after it. STATUS_LIMIT: the present state alone needs more (nested too deep). */
must_check enum status grammar_run_tidy(struct grammar_run *r);

/* Where bytes lead from the present state, which stays; GRAMMAR_NO_STATE: the grammar does not allow them.
 * STATUS_LIMIT. */
must_check enum status grammar_run_look(struct grammar_run *r, uint32_t *to, const uint8_t *bytes, size_t len);

/* Takes bytes into the present state.  STATUS_REFUSED: the grammar does not allow them (the state is then as before);
 * STATUS_LIMIT. */
must_check enum status grammar_run_take(struct grammar_run *r, const uint8_t *bytes, size_t len);

/* Whether the text may end here; and whether it must, because nothing can follow. */
bool grammar_run_may_end(const struct grammar_run *r);
bool grammar_run_must_end(const struct grammar_run *r);

#endif
