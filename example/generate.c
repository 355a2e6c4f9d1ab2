/* SPDX-License-Identifier: Apache-2.0 */
/* Greedy text from a GGUF model with libcloister-engine.a.  usage: generate MODEL.gguf PROMPT */
#include "cloister_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTEXT = 128, HEAD = 1 << 24, PIECE = 1 << 20 };
static char why[CLOISTER_WHY_LEN];

static void must(int failed)
{
    if (failed != 0 && fprintf(stderr, "generate: %s\n", why) > 0)
        exit(1);
}

int main(int argc, char **argv)
{
    struct cloister_engine_options options = {1, CONTEXT, CONTEXT, CONTEXT, CLOISTER_CACHE_BF16, 1, NULL, NULL, false};
    struct cloister_engine *e;
    struct cloister_engine_token step[CONTEXT];
    uint32_t prompt[CONTEXT], sequence;
    uint8_t *head = malloc(HEAD), *buffer = malloc(PIECE), piece[CLOISTER_PIECE_MAX];
    size_t memory_len, n, scratch_len = argc == 3 ? 128 * strlen(argv[2]) + 4096 : 0;
    FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL || head == NULL || buffer == NULL)
        return fprintf(stderr, "usage: generate MODEL.gguf PROMPT\n"), 1;
    size_t meta_len = cloister_engine_meta_len(head, fread(head, 1, HEAD, file), why);
    fseek(file, 0, SEEK_END);
    must(meta_len == 0);
    size_t tables_len = (cloister_engine_tables_len(meta_len) + 63) / 64 * 64;
    must(cloister_engine_open(&e, &memory_len, aligned_alloc(64, tables_len), tables_len, head, meta_len,
                              (uint64_t)ftell(file), &options, why));
    memory_len = (memory_len + 63) / 64 * 64;
    void *memory = aligned_alloc(64, memory_len);
    must(cloister_engine_load(e, memset(memory, 0, memory_len), memory_len, why));
    fseek(file, 0, SEEK_SET);
    for (uint64_t at = 0; (n = fread(buffer, 1, PIECE, file)) != 0; at += n)
        cloister_engine_place(e, at, buffer, n);
    must(cloister_engine_start(e, why) || cloister_engine_add(e, &sequence, CONTEXT, why));
    must(cloister_engine_tokenize(e, prompt, CONTEXT / 2, &n, argv[2], strlen(argv[2]), malloc(scratch_len),
                                  scratch_len, why));
    for (size_t i = 0; i < n; i++)
        step[i] = (struct cloister_engine_token){sequence, prompt[i], i + 1 == n};
    for (size_t total = n; total < CONTEXT; total++, n = 1) {
        must(cloister_engine_step(e, step, n, why));
        const float *logits = cloister_engine_logits(e, 0);
        uint32_t best = 0;
        for (uint32_t i = 1; i < cloister_engine_vocabulary(e); i++)
            best = logits[i] > logits[best] ? i : best;
        if (cloister_engine_ends(e, best))
            break;
        fwrite(piece, 1, cloister_engine_piece(e, best, piece), stdout);
        step[0] = (struct cloister_engine_token){sequence, best, true};
    }
    return cloister_engine_close(e), puts("") < 0;
}
