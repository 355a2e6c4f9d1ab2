/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences and the pages of the KV cache that they hold. */
#include "core/base/constant_time.h"
#include "engine/buffers.h"

enum status engine_sequence_open(struct engine *e, uint32_t *sequence, uint32_t tokens_max, struct reason *why)
{
    struct cache *c = &e->cache;
    uint32_t pages_n = tokens_max / CACHE_PAGE + (tokens_max % CACHE_PAGE != 0 ? 1 : 0);
    uint32_t index = 0;
    *sequence = 0;
    if (tokens_max == 0) {
        reason_set(why, "engine: a sequence for no tokens", NULL);
        return STATUS_USAGE;
    }
    if (tokens_max > e->options.context_max || pages_n > c->pages_n) {
        reason_set(why,
                   "engine: the sequence is longer than the context or the KV cache allow; tokens at most: ", NULL);
        uint64_t room = (uint64_t)c->pages_n * CACHE_PAGE;
        reason_add_u64(why, room < e->options.context_max ? room : e->options.context_max);
        return STATUS_LIMIT;
    }
    while (index < e->options.sequences_max && e->sequences[index].open)
        index++;
    if (index == e->options.sequences_max || pages_n > c->free_n) {
        reason_set(why, "engine: all sequences or too many pages of the KV cache are in use; try again later", NULL);
        return STATUS_BUSY;
    }
    struct engine_sequence *s = &e->sequences[index];
    for (s->pages_n = 0; s->pages_n < pages_n; s->pages_n++)
        s->pages[s->pages_n] = c->free[--c->free_n];
    s->open = true;
    s->len = 0;
    s->tokens_max = tokens_max;
    s->long_rope = e->model->rope_long_after != 0 && tokens_max > e->model->rope_long_after;
    *sequence = index;
    return STATUS_OK;
}

static struct engine_sequence *find(const struct engine *e, uint32_t sequence)
{
    return sequence < e->options.sequences_max && e->sequences[sequence].open ? &e->sequences[sequence] : NULL;
}

void engine_sequence_cut(struct engine *e, uint32_t sequence, uint32_t len)
{
    struct cache *c = &e->cache;
    struct engine_sequence *s = find(e, sequence);
    if (s == NULL || len >= s->len)
        return;
    uint32_t first = (len + CACHE_PAGE - 1) / CACHE_PAGE; /* page that is emptied whole */
    uint32_t used = (s->len + CACHE_PAGE - 1) / CACHE_PAGE;
    for (uint32_t i = first; i < used; i++)
        wipe(c->pages + s->pages[i] * c->page_len, c->page_len);
    for (uint32_t p = len; p < first * CACHE_PAGE && p < s->len; p++)
        cache_erase(c, s->pages[p / CACHE_PAGE], p % CACHE_PAGE);
    s->len = len;
}

void engine_sequence_close(struct engine *e, uint32_t sequence)
{
    struct cache *c = &e->cache;
    struct engine_sequence *s = find(e, sequence);
    if (s == NULL)
        return;
    engine_sequence_cut(e, sequence, 0);
    while (s->pages_n != 0)
        c->free[c->free_n++] = s->pages[--s->pages_n];
    s->open = false;
}

uint32_t engine_sequence_len(const struct engine *e, uint32_t sequence)
{
    const struct engine_sequence *s = find(e, sequence);
    return s == NULL ? 0 : s->len;
}
