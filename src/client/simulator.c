/* SPDX-License-Identifier: Apache-2.0 */
#include "client/simulator.h"

#include "core/base/constant_time.h"
#include "core/codec/hex.h"
#include "core/crypto/hash.h"
#include "core/crypto/signature.h"
#include "core/evidence/sim.h"
#include "sys/console.h"
#include "sys/file.h"
#include "sys/random.h"

#include <stdio.h>
#include <string.h>

enum { KEY_TEXT_LEN = 65 }; /* 64 hexadecimal digits and a newline */

static enum status write_key(const char *path, const uint8_t key[static 32], mode_t mode, struct reason *why)
{
    char text[KEY_TEXT_LEN + 1];
    hex_write(text, key, 32);
    text[KEY_TEXT_LEN - 1] = '\n';
    enum status status = file_write(path, text, KEY_TEXT_LEN, mode, 0, why);
    wipe(text, sizeof text);
    return status;
}

/* simulator new OUT: OUT (secret) and OUT.pub */
static int run_new(const struct command_line *line)
{
    struct ed25519_private root;
    uint8_t public_key[ED25519_PUBLIC_LEN];
    char public_path[4096];
    struct reason why = {{0}};
    const char *path = line->arguments[0];
    if ((size_t)snprintf(public_path, sizeof public_path, "%s.pub", path) >= sizeof public_path)
        return console_fail(STATUS_USAGE, NULL, "choose a shorter path");
    random_bytes(root.seed, sizeof root.seed);
    enum status status = ed25519_public(public_key, &root);
    if (status == STATUS_OK)
        status = write_key(public_path, public_key, 0644, &why);
    if (status == STATUS_OK)
        status = write_key(path, root.seed, 0600, &why);
    wipe(&root, sizeof root);
    if (status != STATUS_OK)
        return console_fail(status, &why, status == STATUS_EXISTS ? "choose another name; keys are never replaced" : NULL);
    printf("simulator root: %s (secret, for the enclave), %s (for brokers and clients)\n", path, public_path);
    console_not_a_tee();
    return EXIT_CODE_OK;
}

/* simulator measure BINARY: what the simulator will state of it */
static int run_measure(const struct command_line *line)
{
    enum { BINARY_MAX = 256 << 20 };
    uint8_t *binary;
    size_t binary_len;
    uint8_t measurement[SIM_MEASUREMENT_LEN];
    char text[2 * SIM_MEASUREMENT_LEN + 1];
    struct reason why = {{0}};
    enum status status = file_read(&binary, &binary_len, line->arguments[0], BINARY_MAX, &why);
    if (status != STATUS_OK)
        return console_fail(status, &why, NULL);
    hash_bytes(HASH_SHA384, measurement, binary, binary_len);
    file_free(binary, binary_len);
    hex_write(text, measurement, sizeof measurement);
    printf("%s\n", text);
    return EXIT_CODE_OK;
}

static const struct command_option no_options[] = {{NULL, NULL, NULL}};

const struct command simulator_commands[] = {
    {"simulator new", "OUT", 1, 1, "Make a root key for simulated evidence (NOT A TEE): OUT and OUT.pub", no_options,
     run_new},
    {"simulator measure", "BINARY", 1, 1, "Print the measurement that the simulator states of a binary", no_options,
     run_measure},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};
