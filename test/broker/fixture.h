/* SPDX-License-Identifier: Apache-2.0 */
/* A broker in a fresh directory, a small sealed model for it, and a simulated enclave that asks for its key. */
#ifndef TEST_BROKER_FIXTURE_H
#define TEST_BROKER_FIXTURE_H

#include "broker/broker.h"
#include "broker/commands.h"
#include "core/codec/hex.h"
#include "core/evidence/keyset.h"
#include "core/evidence/release.h"
#include "core/evidence/sim.h"
#include "core/seal/tree.h"
#include "core/seal/wraps.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/model_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    char folder[64];
    char directory[96]; /* of the broker */
    char sealed[96];
    char policy[96];
    char simulator[96];
    struct ed25519_private simulator_root;
    struct trust_anchors anchors;
    struct seal_dek dek;
    struct seal_header header;
    uint8_t tag[AEAD_TAG_LEN];
    uint8_t measurement[48];
    uint8_t configuration[32];
};

/* Runs `cloister WORD...` in this process; returns its exit code. */
static inline int fixture_run(const char *const *words)
{
    static const struct command *const groups[] = {broker_commands, NULL};
    char *argv[16] = {strdup("cloister")};
    int argc = 1;
    for (; words[argc - 1] != NULL && argc < 15; argc++)
        argv[argc] = strdup(words[argc - 1]);
    int code = command_main(groups, argc, argv);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    fflush(stdout);
    return code;
}

static inline bool fixture_put(const char *path, const void *bytes, size_t len)
{
    struct reason why;
    return file_write(path, bytes, len, 0600, 1, &why) == STATUS_OK;
}

/* Seals 1000 bytes for the broker whose public key file is pub. */
static inline bool fixture_seal(struct fixture *f, const char *pub)
{
    static uint8_t file[SEAL_HEAD_LEN + 1000 + AEAD_TAG_LEN];
    static struct seal_wraps wraps;
    uint8_t plain[1000], hash[SHA256_LEN];
    struct seal_recipient recipient;
    struct x25519_private ephemeral;
    struct seal_tree tree;
    struct reason why;
    uint8_t *text;
    size_t text_len;
    memset(file, 0, sizeof file);
    memset(&wraps, 0, sizeof wraps);
    memset(plain, 0x61, sizeof plain);
    memset(ephemeral.bytes, 0x42, sizeof ephemeral.bytes);
    memset(f->dek.bytes, 0xd0, sizeof f->dek.bytes);
    f->header.plain_len = sizeof plain;
    memset(f->header.file_id, 0x78, sizeof f->header.file_id);
    seal_tree_chunk(model_stream_lanes(), hash, plain, sizeof plain);
    seal_tree_init(&tree);
    seal_tree_add(&tree, hash);
    seal_tree_root(&tree, f->header.root);
    seal_header_hash(hash, &f->header);
    if (file_read(&text, &text_len, pub, 1024, &why) != STATUS_OK)
        return false;
    bool ok = seal_recipient_parse(&recipient, (const char *)text, text_len, &why) == STATUS_OK;
    file_free(text, text_len);
    wraps.wraps_n = 1;
    ok = ok && seal_wrap_for_broker(&wraps.wraps[0], &recipient, &ephemeral, hash, &f->dek) == STATUS_OK &&
         seal_header_tag(f->tag, &f->dek, &f->header) == STATUS_OK &&
         seal_slot_write(file + seal_slot_offset(0), 1, &wraps) == STATUS_OK &&
         seal_chunk_seal(file + SEAL_HEAD_LEN, &f->dek, &f->header, hash, 0, plain, sizeof plain) == STATUS_OK;
    seal_header_page_write(file, &f->header, f->tag);
    return ok && fixture_put(f->sealed, file, sizeof file);
}

static inline bool fixture_write_policy(const struct fixture *f, const char *path, const char *kinds)
{
    char text[2048], measurement[97], configuration[65], root[65];
    hex_write(measurement, f->measurement, sizeof f->measurement);
    hex_write(configuration, f->configuration, sizeof f->configuration);
    hex_write(root, f->header.root, sizeof f->header.root);
    int len = snprintf(text, sizeof text,
                       "{\"version\":1,\"kinds\":[\"%s\"],\"measurements\":[\"%s\"],\"minimum_tcb\":[1],"
                       "\"debug\":false,\"configurations\":[\"%s\"],\"model_roots\":[\"%s\"],"
                       "\"labels\":[\"simulator\"]}\n",
                       kinds, measurement, configuration, root);
    return fixture_put(path, text, (size_t)len);
}

/* A folder with a broker (`init` run), a simulator root that it trusts, a sealed file and a policy (neither given to it
 * yet). */
static inline bool fixture_open(struct fixture *f)
{
    char digits[66], pub[128];
    memset(f, 0, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/cloister-broker-XXXXXX");
    if (mkdtemp(f->folder) == NULL)
        return false;
    snprintf(f->directory, sizeof f->directory, "%s/broker", f->folder);
    snprintf(f->sealed, sizeof f->sealed, "%s/model.sealed", f->folder);
    snprintf(f->policy, sizeof f->policy, "%s/policy.json", f->folder);
    snprintf(f->simulator, sizeof f->simulator, "%s/simulator.pub", f->folder);
    snprintf(pub, sizeof pub, "%s/broker.pub", f->directory);
    memset(f->simulator_root.seed, 0x11, sizeof f->simulator_root.seed);
    memset(f->measurement, 0x22, sizeof f->measurement);
    memset(f->configuration, 0x33, sizeof f->configuration);
    if (ed25519_public(f->anchors.simulator_root, &f->simulator_root) != STATUS_OK)
        return false;
    f->anchors.simulator_known = true;
    hex_write(digits, f->anchors.simulator_root, 32);
    digits[64] = '\n';
    const char *const words[] = {"broker", "init", f->directory, "--simulator-root", f->simulator, NULL};
    return fixture_put(f->simulator, digits, 65) && fixture_run(words) == 0 && fixture_seal(f, pub) &&
           fixture_write_policy(f, f->policy, "simulator");
}

static inline void fixture_close(const struct fixture *f)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    if (system(command) != 0)
        printf("# %s stays behind\n", f->folder);
}

/* An enclave's request for a nonce. */
struct asking {
    struct x25519_private private_key;
    struct release_request request;
    uint8_t evidence[SIM_EVIDENCE_LEN];
    char text[4096];
    size_t text_len;
};

/* Signs and writes the request; change statement fields through the pointer's fixture first. */
static inline bool asking_write(struct asking *a, const struct fixture *f, const uint8_t *nonce)
{
    struct sim_statement statement = {.tcb = 1, .issued_at = clock_unix_seconds()};
    struct writer w;
    memset(a->private_key.bytes, 0x21, sizeof a->private_key.bytes);
    memcpy(a->request.model_root, f->header.root, sizeof a->request.model_root);
    memcpy(a->request.key_id, f->header.file_id, sizeof a->request.key_id);
    memcpy(a->request.nonce, nonce, sizeof a->request.nonce);
    memcpy(statement.measurement, f->measurement, sizeof statement.measurement);
    memcpy(statement.configuration, f->configuration, sizeof statement.configuration);
    a->request.kind = EVIDENCE_SIMULATOR;
    a->request.evidence = a->evidence;
    a->request.evidence_len = sizeof a->evidence;
    writer_init(&w, a->text, sizeof a->text);
    bool ok = x25519_public(a->request.public_key, &a->private_key) == STATUS_OK &&
              report_data_for_release(statement.report_data, nonce, a->request.public_key, a->request.model_root,
                                      RELEASE_PURPOSE) == STATUS_OK &&
              sim_write(a->evidence, &statement, &f->simulator_root) == STATUS_OK &&
              release_request_write(&w, &a->request) == STATUS_OK;
    a->text_len = writer_len(&w);
    return ok;
}

#endif
