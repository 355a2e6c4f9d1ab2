/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/attestor.h"

#include "core/base/constant_time.h"
#include "core/codec/hex.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <string.h>

enum {
    BINARY_MAX = 256 << 20,
    SIMULATED_TCB = 1,
};

static enum status hash_binary(struct attestor *a, struct reason *why)
{
    uint8_t *binary;
    size_t binary_len;
    enum status status = file_read(&binary, &binary_len, "/proc/self/exe", BINARY_MAX, why);
    if (status != STATUS_OK)
        return status;
    sha256(a->engine_hash, binary, binary_len);
    hash_bytes(HASH_SHA384, a->measurement, binary, binary_len);
    file_free(binary, binary_len);
    return STATUS_OK;
}

/* The key file: 64 hexadecimal digits and a newline. */
static enum status read_simulator_key(struct ed25519_private *key, const char *path, struct reason *why)
{
    uint8_t *text;
    size_t len;
    enum status status = file_read(&text, &len, path, 256, why);
    if (status != STATUS_OK)
        return status;
    if (len > 0 && text[len - 1] == '\n')
        len--;
    status = hex_parse(key->seed, sizeof key->seed, (const char *)text, len);
    if (status != STATUS_OK)
        reason_set(why, path, " is no simulator key; make one with `cloister simulator new`", NULL);
    file_free(text, len);
    return status;
}

enum status attestor_open(struct attestor *a, const struct config *config, struct reason *why)
{
    memset(a, 0, sizeof *a);
    a->kind = config->evidence;
    memcpy(a->configuration, config->hash, sizeof a->configuration);
    enum status status = hash_binary(a, why);
    if (status == STATUS_OK)
        status = read_simulator_key(&a->simulator_root, config->simulator_key_path, why);
    if (status != STATUS_OK)
        attestor_close(a);
    return status;
}

enum status attestor_evidence(const struct attestor *a, uint8_t out[static ATTESTOR_EVIDENCE_MAX], size_t *out_len,
                              const uint8_t report_data[static REPORT_DATA_LEN])
{
    struct sim_statement statement = {.debug = false, .tcb = SIMULATED_TCB, .issued_at = clock_unix_seconds()};
    memcpy(statement.measurement, a->measurement, sizeof statement.measurement);
    memcpy(statement.configuration, a->configuration, sizeof statement.configuration);
    memcpy(statement.report_data, report_data, sizeof statement.report_data);
    *out_len = SIM_EVIDENCE_LEN;
    return sim_write(out, &statement, &a->simulator_root);
}

void attestor_close(struct attestor *a)
{
    wipe(a, sizeof *a);
}
