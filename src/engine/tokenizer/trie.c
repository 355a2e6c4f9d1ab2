/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/trie.h"

#include "engine/sort.h"

#include <string.h>

struct sorting {
    const struct token *tokens;
    const uint32_t *ids; /* the tokens to enter */
    uint32_t *order;     /* indices of ids */
};

static bool before(const void *context, uint32_t a, uint32_t b)
{
    const struct sorting *s = context;
    const struct token *left = &s->tokens[s->ids[a]];
    const struct token *right = &s->tokens[s->ids[b]];
    uint32_t shorter = left->len < right->len ? left->len : right->len;
    int compared = memcmp(left->text, right->text, shorter);
    if (compared != 0)
        return compared < 0;
    return left->len != right->len ? left->len < right->len : a < b;
}

static const struct token *sorted(const struct sorting *s, uint32_t index)
{
    return &s->tokens[s->ids[s->order[index]]];
}

/* Makes the children of node, whose sorted tokens stand in first and token, depth bytes deep. */
static void grow(struct tokenizer_trie *trie, const struct sorting *s, uint32_t node, uint32_t depth)
{
    uint32_t at = trie->first[node];
    uint32_t end = trie->token[node];
    trie->token[node] = TOKENIZER_NO_TOKEN;
    trie->first[node] = trie->nodes_n;
    if (at < end && sorted(s, at)->len == depth)
        trie->token[node] = s->ids[s->order[at]];
    while (at < end && sorted(s, at)->len == depth)
        at++;
    while (at < end) {
        uint32_t child = trie->nodes_n++;
        trie->byte[child] = sorted(s, at)->text[depth];
        trie->first[child] = at;
        while (at < end && sorted(s, at)->text[depth] == trie->byte[child])
            at++;
        trie->token[child] = at;
    }
}

static void build(struct tokenizer_trie *trie, const struct sorting *s, uint32_t ids_n)
{
    trie->nodes_n = 1;
    trie->first[TRIE_ROOT] = 0;
    trie->token[TRIE_ROOT] = ids_n;
    uint32_t level_end = 1;
    uint32_t depth = 0;
    for (uint32_t node = 0; node < trie->nodes_n; node++) {
        if (node == level_end) {
            level_end = trie->nodes_n;
            depth++;
        }
        grow(trie, s, node, depth);
    }
    trie->first[trie->nodes_n] = trie->nodes_n;
}

enum status trie_build(struct tokenizer_trie *trie, struct arena *a, const struct tokenizer *t, unsigned kinds)
{
    size_t nodes = 2;
    uint32_t ids_n = 0;
    for (uint32_t i = 0; i < t->tokens_n; i++) {
        if ((kinds >> t->tokens[i].kind & 1) == 0 || t->tokens[i].len == 0)
            continue;
        nodes += t->tokens[i].len;
        ids_n++;
    }
    trie->first = arena_take(a, nodes, sizeof *trie->first, _Alignof(uint32_t));
    trie->token = arena_take(a, nodes, sizeof *trie->token, _Alignof(uint32_t));
    trie->byte = arena_take(a, nodes, 1, 1);
    size_t used = arena_used(a);
    uint32_t *ids = arena_take(a, (size_t)ids_n + 1, sizeof *ids, _Alignof(uint32_t));
    uint32_t *order = arena_take(a, (size_t)ids_n + 1, sizeof *order, _Alignof(uint32_t));
    if (trie->first == NULL || trie->token == NULL || trie->byte == NULL || ids == NULL || order == NULL)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0, n = 0; i < t->tokens_n; i++)
        if ((kinds >> t->tokens[i].kind & 1) != 0 && t->tokens[i].len != 0)
            ids[n++] = i;
    struct sorting s = {.tokens = t->tokens, .ids = ids, .order = order};
    sort_indices(order, ids_n, before, &s);
    build(trie, &s, ids_n);
    arena_rewind(a, used);
    return STATUS_OK;
}

uint32_t trie_step(const struct tokenizer_trie *trie, uint32_t node, uint8_t byte)
{
    uint32_t low = trie->first[node];
    uint32_t high = trie->first[node + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (trie->byte[middle] == byte)
            return middle;
        if (trie->byte[middle] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return TRIE_NONE;
}
