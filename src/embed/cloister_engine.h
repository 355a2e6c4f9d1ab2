/* SPDX-License-Identifier: Apache-2.0 */
/* The engine for other programs: this header and libcloister-engine.a are all that is needed.  A model is opened from
 * the bytes of a GGUF file in any order and size of pieces, and runs in the caller's memory, which is sized before
 * anything starts; no memory is taken afterwards.  The same tokens give the same logits, byte for byte, on every
 * x86-64, with any number of threads, in any batch and any split of the prompt (spec/numerics.md).
 *
 * Functions that can fail return 0 for success and otherwise write one line into why. */
#ifndef CLOISTER_ENGINE_H
#define CLOISTER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CLOISTER_WHY_LEN = 256,   /* bytes of why, the NUL included */
    CLOISTER_PIECE_MAX = 1024 /* bytes of one token's text */
};

struct cloister_engine;

/* How the engine asks for parallel work: calls task(argument, worker, piece) once for each piece below pieces_n, each
 * on some worker below workers_n, never two at once on one worker, and returns when all have returned. */
typedef void cloister_run(void *context, void (*task)(void *argument, unsigned worker, size_t piece), void *argument,
                          size_t pieces_n);

/* How the KV cache keeps its numbers; the logits depend on it. */
enum cloister_engine_cache {
    CLOISTER_CACHE_BF16,
    CLOISTER_CACHE_Q8,  /* about half the memory, coarser */
    CLOISTER_CACHE_F32, /* twice the memory, as computed */
};

/* Every field is mandatory, but run. */
struct cloister_engine_options {
    uint32_t sequences_max; /* open at once */
    uint32_t context_max;   /* tokens of one sequence; at most the model's context */
    uint32_t batch_max;     /* tokens in one step */
    uint32_t cache_tokens;  /* of all sequences together, up to a multiple of 64 for each */
    enum cloister_engine_cache cache;
    unsigned workers_n; /* 1 when run is NULL */
    cloister_run *run;  /* NULL: everything on the calling thread */
    void *run_context;
    bool amx_permitted; /* Linux allowed AMX to this process: arch_prctl(ARCH_REQ_XCOMP_PERM, 18) gave 0; false: AMX is
                           not used */
};

struct cloister_engine_token {
    uint32_t sequence;
    uint32_t token;
    bool wants_logits;
};

/* How many leading bytes of a model's file the functions below need as meta; 0 when more than these len bytes are
 * needed to tell, or they are no GGUF file (then why says so). */
size_t cloister_engine_meta_len(const void *start, size_t len, char why[CLOISTER_WHY_LEN]);

/* Bytes for what is told by the metadata. */
size_t cloister_engine_tables_len(size_t meta_len);

/* Reads the metadata of a file of file_len bytes into tables (tables_len bytes, aligned to 64), which with meta must
 * stay as long as the engine is used; *memory_len becomes the bytes that cloister_engine_load needs. */
int cloister_engine_open(struct cloister_engine **e, size_t *memory_len, void *tables, size_t tables_len,
                         const void *meta, size_t meta_len, uint64_t file_len,
                         const struct cloister_engine_options *options, char why[CLOISTER_WHY_LEN]);

/* memory: memory_len bytes, zeroed, aligned to 64, for weights and caches; it will hold prompts. */
int cloister_engine_load(struct cloister_engine *e, void *memory, size_t memory_len, char why[CLOISTER_WHY_LEN]);

/* Bytes [offset, offset + len) of the file: all of them, once each, in any order. */
void cloister_engine_place(struct cloister_engine *e, uint64_t offset, const void *bytes, size_t len);

/* When everything is placed.  Fails when a weight is infinite or NaN. */
int cloister_engine_start(struct cloister_engine *e, char why[CLOISTER_WHY_LEN]);

/* A sequence of at most tokens_max tokens; room for them is reserved. */
int cloister_engine_add(struct cloister_engine *e, uint32_t *sequence, uint32_t tokens_max, char why[CLOISTER_WHY_LEN]);
void cloister_engine_drop(struct cloister_engine *e, uint32_t sequence);

/* Pieces of prompts and single tokens of many sequences, mixed.  Nothing changes on failure. */
int cloister_engine_step(struct cloister_engine *e, const struct cloister_engine_token *tokens, size_t tokens_n,
                         char why[CLOISTER_WHY_LEN]);

/* logits: [vocabulary] of the i-th token of the last step that wanted them; valid until the next step. */
const float *cloister_engine_logits(const struct cloister_engine *e, size_t i);
uint32_t cloister_engine_vocabulary(const struct cloister_engine *e);

/* Text to tokens, the model's first token in front where it has one; scratch: 128 bytes for each of text and 4096.
 * Fails for a model without a vocabulary. */
int cloister_engine_tokenize(const struct cloister_engine *e, uint32_t *tokens, size_t capacity, size_t *tokens_n,
                             const char *text, size_t len, void *scratch, size_t scratch_len,
                             char why[CLOISTER_WHY_LEN]);

/* The bytes that a token adds to a text; 0 for a control token. */
size_t cloister_engine_piece(const struct cloister_engine *e, uint32_t token, uint8_t piece[CLOISTER_PIECE_MAX]);
bool cloister_engine_ends(const struct cloister_engine *e, uint32_t token);

/* Zeroes the memory. */
void cloister_engine_close(struct cloister_engine *e);

#endif
