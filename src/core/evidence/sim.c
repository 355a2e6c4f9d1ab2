/* SPDX-License-Identifier: Apache-2.0 */
/* Reads bytes made by whoever answers for an enclave.  Format: spec/evidence.md, section 2. */
#include "core/evidence/sim.h"

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/codec/hex.h"

#include <string.h>

enum {
    SIM_VERSION = 1,
    SIM_LABEL_LEN = 24,
    SIM_FLAG_DEBUG = 1,
};

static const char sim_magic[8] = {'C', 'L', 'S', 'T', 'R', 'S', 'I', 'M'};
static const char sim_label[SIM_LABEL_LEN] = NOT_A_TEE_WORDS; /* the rest is zero */

static void write_signed(struct writer *w, const struct sim_statement *s, const uint8_t *signer)
{
    writer_bytes(w, sim_magic, sizeof sim_magic);
    writer_u32be(w, SIM_VERSION);
    writer_bytes(w, sim_label, sizeof sim_label);
    writer_u32be(w, s->debug ? SIM_FLAG_DEBUG : 0);
    writer_u32be(w, s->tcb);
    writer_u64be(w, s->issued_at);
    writer_bytes(w, s->measurement, sizeof s->measurement);
    writer_bytes(w, s->configuration, sizeof s->configuration);
    writer_bytes(w, s->report_data, sizeof s->report_data);
    writer_bytes(w, signer, ED25519_PUBLIC_LEN);
}

enum status sim_write(uint8_t out[static SIM_EVIDENCE_LEN], const struct sim_statement *statement,
                      const struct ed25519_private *root)
{
    struct writer w;
    uint8_t signer[ED25519_PUBLIC_LEN];
    enum status status = ed25519_public(signer, root);
    writer_init(&w, out, SIM_SIGNED_LEN);
    if (status == STATUS_OK) {
        write_signed(&w, statement, signer);
        status = writer_end(&w);
    }
    if (status == STATUS_OK && writer_len(&w) != SIM_SIGNED_LEN)
        status = STATUS_BROKEN;
    if (status == STATUS_OK)
        status = ed25519_sign(out + SIM_SIGNED_LEN, root, out, SIM_SIGNED_LEN);
    if (status != STATUS_OK) {
        memset(out, 0, SIM_EVIDENCE_LEN);
        return STATUS_BROKEN;
    }
    return STATUS_OK;
}

static enum status wrong(struct reason *why, enum status status, const char *what)
{
    reason_set(why, what, NULL);
    return status;
}

static enum status parse_head(struct reader *r, struct reason *why)
{
    const uint8_t *magic = reader_bytes(r, sizeof sim_magic);
    uint32_t version = reader_u32be(r);
    const uint8_t *label = reader_bytes(r, sizeof sim_label);
    if (magic == NULL || label == NULL)
        return wrong(why, STATUS_TRUNCATED, "shorter than simulator evidence");
    if (memcmp(magic, sim_magic, sizeof sim_magic) != 0)
        return wrong(why, STATUS_MALFORMED, "not simulator evidence: its first 8 bytes are not CLSTRSIM");
    if (version != SIM_VERSION) {
        reason_set(why, "simulator evidence of version ", NULL);
        reason_add_u64(why, version);
        reason_add(why, "; this build reads version 1");
        return STATUS_UNSUPPORTED;
    }
    if (memcmp(label, sim_label, sizeof sim_label) != 0)
        return wrong(why, STATUS_MALFORMED, "the words \"" NOT_A_TEE_WORDS "\" are missing from the signed bytes");
    return STATUS_OK;
}

enum status sim_parse(struct sim_statement *statement, const uint8_t **signer, const uint8_t *evidence,
                      size_t evidence_len, struct reason *why)
{
    struct reader r;
    memset(statement, 0, sizeof *statement);
    *signer = NULL;
    reader_init(&r, evidence, evidence_len);
    enum status status = parse_head(&r, why);
    if (status != STATUS_OK)
        return status;

    struct sim_statement s = {0};
    uint32_t flags = reader_u32be(&r);
    s.debug = (flags & SIM_FLAG_DEBUG) != 0;
    s.tcb = reader_u32be(&r);
    s.issued_at = reader_u64be(&r);
    reader_copy(&r, s.measurement, sizeof s.measurement);
    reader_copy(&r, s.configuration, sizeof s.configuration);
    reader_copy(&r, s.report_data, sizeof s.report_data);
    const uint8_t *key = reader_bytes(&r, ED25519_PUBLIC_LEN);
    (void)reader_bytes(&r, ED25519_SIGNATURE_LEN);
    status = reader_end(&r);
    if (status == STATUS_TRUNCATED)
        return wrong(why, status, "shorter than simulator evidence");
    if (status != STATUS_OK)
        return wrong(why, status, "bytes follow the simulator evidence");
    if ((flags & ~(uint32_t)SIM_FLAG_DEBUG) != 0)
        return wrong(why, STATUS_MALFORMED, "unknown flags are set in the simulator evidence");
    *statement = s;
    *signer = key;
    return STATUS_OK;
}

enum status sim_root_parse(uint8_t root[static ED25519_PUBLIC_LEN], const void *text, size_t text_len,
                           struct reason *why)
{
    const char *digits = text;
    size_t len = text_len != 0 && digits[text_len - 1] == '\n' ? text_len - 1 : text_len;
    enum status status = hex_parse(root, ED25519_PUBLIC_LEN, digits, len);
    if (status != STATUS_OK)
        reason_set(why, "not a simulator root: expected 64 hexadecimal digits, the Ed25519 public key", NULL);
    return status;
}
