/* SPDX-License-Identifier: Apache-2.0 */
#include "client/simulator.h"

#include "core/base/constant_time.h"
#include "core/codec/hex.h"
#include "core/crypto/hash.h"
#include "core/crypto/signature.h"
#include "core/evidence/release.h"
#include "core/evidence/sim.h"
#include "sys/clock.h"
#include "sys/console.h"
#include "sys/file.h"
#include "sys/https_client.h"
#include "sys/random.h"
#include "sys/release_client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    if ((size_t)snprintf(public_path, sizeof public_path, "%s.pub", path) >= sizeof public_path) {
        console_error("the path %.40s... is too long", path);
        return EXIT_CODE_USAGE;
    }
    random_bytes(root.seed, sizeof root.seed);
    enum status status = ed25519_public(public_key, &root);
    if (status == STATUS_OK)
        status = write_key(path, root.seed, 0600, &why);
    if (status == STATUS_OK) {
        status = write_key(public_path, public_key, 0644, &why);
        if (status != STATUS_OK)
            unlink(path); /* made just above; half a pair is of no use */
    }
    wipe(&root, sizeof root);
    if (status != STATUS_OK)
        return console_fail(status, &why,
                            status == STATUS_EXISTS ? "choose another name; keys are never replaced" : NULL);
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

/* ---- simulator release: what an enclave with these claims would get from a broker ---- */

struct claimed {
    struct ed25519_private root;
    struct sim_statement statement;
};

static enum status state(void *context, uint8_t *out, size_t *out_len,
                         const uint8_t report_data[static REPORT_DATA_LEN])
{
    struct claimed *claimed = context;
    claimed->statement.issued_at = clock_unix_seconds();
    memcpy(claimed->statement.report_data, report_data, REPORT_DATA_LEN);
    *out_len = SIM_EVIDENCE_LEN;
    return sim_write(out, &claimed->statement, &claimed->root);
}

/* A mandatory option of hexadecimal digits. */
static bool take_hex(const struct command_line *line, const char *option, uint8_t *out, size_t out_len)
{
    const char *text = command_value(line, option);
    if (text != NULL && hex_parse(out, out_len, text, strlen(text)) == STATUS_OK)
        return true;
    console_error("--%s is wanted, with %zu hexadecimal digits", option, 2 * out_len);
    return false;
}

static enum status read_root(struct ed25519_private *root, const char *path, struct reason *why)
{
    uint8_t *text;
    size_t len;
    enum status status = file_read(&text, &len, path, 256, why);
    if (status != STATUS_OK)
        return status;
    status =
        hex_parse(root->seed, sizeof root->seed, (const char *)text, len > 0 && text[len - 1] == '\n' ? len - 1 : len);
    if (status != STATUS_OK)
        reason_set(why, path, " is no simulator key; make one with `cloister simulator new`", NULL);
    file_free(text, len);
    return status;
}

static int run_release(const struct command_line *line)
{
    struct claimed claimed = {.statement = {.debug = command_flag(line, "debug"), .tcb = 1}};
    uint8_t root[MODEL_ROOT_LEN], key_id[RELEASE_KEY_ID_LEN], pin[SHA256_LEN];
    uint8_t nonce[EVIDENCE_NONCE_LEN], used[EVIDENCE_NONCE_LEN];
    char used_text[2 * EVIDENCE_NONCE_LEN + 1];
    struct https_url url;
    struct release_key key;
    struct reason why = {{0}};
    const char *nonce_text = command_value(line, "nonce");
    if (!take_hex(line, "pin", pin, sizeof pin) || !take_hex(line, "model-root", root, sizeof root) ||
        !take_hex(line, "key-id", key_id, sizeof key_id) ||
        !take_hex(line, "measurement", claimed.statement.measurement, SIM_MEASUREMENT_LEN) ||
        !take_hex(line, "configuration", claimed.statement.configuration, CONFIGURATION_LEN) ||
        (nonce_text != NULL && !take_hex(line, "nonce", nonce, sizeof nonce)))
        return EXIT_CODE_USAGE;
    const struct release_terms terms = {.broker = &url,
                                        .broker_spki_sha256 = pin,
                                        .model_root = root,
                                        .key_id = key_id,
                                        .nonce = nonce_text == NULL ? NULL : nonce,
                                        .kind = EVIDENCE_SIMULATOR,
                                        .evidence = state,
                                        .context = &claimed};
    enum status status = https_url_parse(&url, line->arguments[1], &why);
    if (status == STATUS_OK)
        status = read_root(&claimed.root, line->arguments[0], &why);
    if (status == STATUS_OK)
        status = release_obtain(&key, used, &terms, &why);
    wipe(&key, sizeof key);
    wipe(&claimed, sizeof claimed);
    console_not_a_tee();
    if (status == STATUS_NETWORK) {
        console_error("%s: %s", line->arguments[1], why.text[0] == '\0' ? status_name(status) : why.text);
        return exit_code_of(status);
    }
    if (status != STATUS_OK)
        return console_fail(status, &why, NULL);
    hex_write(used_text, used, sizeof used);
    printf("released; the key was thrown away; nonce %s\n", used_text);
    return EXIT_CODE_OK;
}

static const struct command_option release_options[] = {
    {"pin", "HEX", "SHA-256 of the broker's TLS key, as `cloister broker serve` prints it (mandatory)"},
    {"model-root", "HEX", "root of the model, as `cloister inspect` prints it (mandatory)"},
    {"key-id", "HEX", "which of its sealed files: the file id that `cloister inspect` prints (mandatory)"},
    {"measurement", "HEX", "measurement to state, see `cloister simulator measure` (mandatory)"},
    {"configuration", "HEX", "SHA-256 of the enclave's configuration to state (mandatory)"},
    {"debug", NULL, "state that debugging is on"},
    {"nonce", "HEX", "use this nonce instead of asking for one"},
    {NULL, NULL, NULL},
};
static const struct command_option no_options[] = {{NULL, NULL, NULL}};

const struct command simulator_commands[] = {
    {"simulator new", "OUT", 1, 1, "make a root key for simulated evidence (NOT A TEE): OUT and OUT.pub", no_options,
     run_new},
    {"simulator measure", "BINARY", 1, 1, "print the measurement that the simulator states of a binary", no_options,
     run_measure},
    {"simulator release", "KEY https://BROKER[:PORT]", 2, 2,
     "try a policy: ask a broker for a key as an enclave with these simulated claims would (NOT A TEE)",
     release_options, run_release},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};
