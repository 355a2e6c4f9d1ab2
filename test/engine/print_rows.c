/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a model's embedding as floats on standard output: what each weight type stands for (NUM-10).
 * usage: print_rows MODEL.gguf */
#include "engine/rig.h"
#include "engine/row.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct rig rig;
    size_t len;
    if (argc != 2) {
        fprintf(stderr, "usage: print_rows MODEL.gguf\n");
        return 1;
    }
    uint8_t *file = rig_read(argv[1], &len);
    rig_open(&rig, file, len);
    float *row = calloc(rig.model.dim, sizeof *row);
    for (uint32_t i = 0; i < rig.model.vocab_n && row != NULL; i++) {
        row_read(&kernels_scalar, row, &rig.model.embedding, rig.weights, i);
        fwrite(row, sizeof *row, rig.model.dim, stdout);
    }
    free(row);
    rig_close(&rig);
    return 0;
}
