/* SPDX-License-Identifier: Apache-2.0 */
/* A model in memory and engines on it, for tests.  Any failure here ends the program. */
#ifndef TEST_ENGINE_RIG_H
#define TEST_ENGINE_RIG_H

#include "engine/engine.h"

enum { RIG_KERNELS_MAX = KERNELS_N + 2 };

struct rig {
    struct model model;
    uint8_t *file; /* the whole GGUF file */
    size_t file_len;
    size_t meta_len;
    uint8_t *weights;
    void *tables;
};

struct rig_engine {
    struct engine engine;
    void *memory;
};

/* The bytes of a file, from the heap. */
uint8_t *rig_read(const char *path, size_t *len);

/* Parses and places a GGUF file; takes over file, which is from the heap. */
void rig_open(struct rig *r, uint8_t *file, size_t file_len);
void rig_close(struct rig *r);

void rig_engine_open(struct rig_engine *e, const struct rig *r, const struct kernels *kernels, struct workers workers,
                     struct engine_options options);
void rig_engine_close(struct rig_engine *e);

/* logits: [tokens_n, vocab]: of every token, fed to a new sequence in pieces of piece tokens. */
void rig_logits(float *logits, struct rig_engine *e, const uint32_t *tokens, size_t tokens_n, size_t piece);

/* The tables that this processor can run, scalar first and the fastest last; returns how many. */
size_t rig_kernels(const struct kernels *kernels[static RIG_KERNELS_MAX]);

/* The same, and at the end those of AVX-512 and AMX that the processor lacks, emulated (test/emulated), if it has AVX2.
 * Links with test/engine/emulated.o. */
size_t rig_kernels_emulated(const struct kernels *kernels[static RIG_KERNELS_MAX]);

#endif
