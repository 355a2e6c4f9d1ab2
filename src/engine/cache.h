/* SPDX-License-Identifier: Apache-2.0 */
/* The KV cache: pages of 64 positions, each with all layers and KV heads.  A page's keys are a matrix of the layout
 * with positions as rows, its values one with positions as columns, so that attention is made of the same products as
 * everything else.  Private to the engine but for the types. */
#ifndef ENGINE_CACHE_H
#define ENGINE_CACHE_H

#include "core/base/status.h"
#include "engine/model.h"

enum {
    CACHE_PAGE = 64, /* positions */
};

enum cache_type {
    CACHE_BF16 = 0,
    CACHE_Q8,  /* int8 with a scale for each position and 32 columns; read as BF16 */
    CACHE_F32, /* as computed: twice the memory of BF16, and slower; for comparing */
};

/* "bf16", "q8" or "f32", as configurations, receipts and options spell it; and back, STATUS_NOT_FOUND for another. */
const char *cache_type_name(enum cache_type type);
must_check enum status cache_type_find(enum cache_type *type, const char *name);

struct cache {
    enum cache_type type;
    uint32_t layers_n, heads_n, head_dim;
    uint32_t head_room; /* head_dim up to a multiple of 16 */
    size_t head_len;    /* bytes of one layer and KV head in a page */
    size_t values_at;   /* of the values in them, and of the scales (CACHE_Q8) */
    size_t scales_at;
    size_t page_len;
    size_t scratch_len; /* bytes that reading takes, for each worker; a multiple of 64 */
    uint8_t *pages;     /* [pages_n, page_len] */
    uint32_t pages_n;
    uint32_t *free; /* [pages_n]: pages that no sequence has, free_n of them */
    uint32_t free_n;
};

/* Sets everything but the memory. */
void cache_shape(struct cache *c, const struct model *m, enum cache_type type, uint32_t pages_n);

/* Stores a position's key and value ([head_dim] each) in a page. */
void cache_write(const struct cache *c, uint32_t page, uint32_t layer, uint32_t head, uint32_t position,
                 const float *key, const float *value);

/* Zeroes a position in all layers and heads of a page. */
void cache_erase(const struct cache *c, uint32_t page, uint32_t position);

/* The keys of a page as 4 groups of 16 positions (BF16 or F32), of len bytes each; scratch_len bytes of scratch. */
const uint8_t *cache_keys(const struct cache *c, uint32_t page, uint32_t layer, uint32_t head, uint8_t *scratch,
                          size_t *len);

/* The values of a page as head_room / 16 groups of 16 columns of a head. */
const uint8_t *cache_values(const struct cache *c, uint32_t page, uint32_t layer, uint32_t head, uint8_t *scratch,
                            size_t *len);

#endif
