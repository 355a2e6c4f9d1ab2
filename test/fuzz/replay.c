/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over files named on the command line, each whole, cut at every length (up to 4096) and with every
 * bit of its first 1024 bytes flipped: what a fuzzer does first, without one. */
#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void run(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = guarded_copy(bytes, len);
    LLVMFuzzerTestOneInput(copy, len);
    guarded_free(copy, len);
}

static void replay(const char *path)
{
    static uint8_t bytes[1 << 22];
    FILE *file = fopen(path, "rb");
    if (!check(file != NULL, "open %s", path))
        return;
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    run(bytes, len);
    for (size_t cut = 0; cut < len && cut < 4096; cut++)
        run(bytes, cut);
    for (size_t bit = 0; bit < len * 8 && bit < 8192; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        run(bytes, len);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check(true, "%s, its prefixes and its bit flips", path);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    return tap_done();
}
