/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/obtain.h"

#include "core/base/constant_time.h"
#include "sys/console.h"
#include "sys/release_client.h"

#include <stdlib.h>
#include <string.h>

static enum status evidence(void *context, uint8_t *out, size_t *out_len,
                            const uint8_t report_data[static REPORT_DATA_LEN])
{
    return attestor_evidence(context, out, out_len, report_data);
}

enum status obtain_from_broker(struct seal_dek *dek, const struct config *config, struct attestor *attestor,
                               const struct model_stream *model, struct reason *why)
{
    struct release_key key;
    uint8_t nonce[EVIDENCE_NONCE_LEN];
    const struct release_terms terms = {.broker = &config->broker,
                                        .broker_spki_sha256 = config->broker_spki_sha256,
                                        .model_root = model->header.root,
                                        .key_id = model->header.file_id,
                                        .kind = attestor->kind,
                                        .evidence = evidence,
                                        .context = attestor};
    enum status status = release_obtain(&key, nonce, &terms, why);
    memcpy(dek->bytes, key.bytes, sizeof dek->bytes); /* zero on error */
    wipe(&key, sizeof key);
    return status;
}

enum status obtain_from_environment(struct seal_dek *dek, const struct model_stream *model, struct reason *why)
{
    struct seal_raw_key key;
    char *text = getenv("MODEL_KEY_BASE64");
    wipe(dek, sizeof *dek);
    if (text == NULL) {
        reason_set(why, "the configuration takes the key from the environment, but MODEL_KEY_BASE64 is not set", NULL);
        return STATUS_NOT_FOUND;
    }
    console_warning(
        "MODEL_KEY_BASE64 is weaker than a broker: nobody checks this machine before it has the key, and the "
        "environment can be read in /proc and by `docker inspect`");
    enum status status = seal_raw_key_parse(&key, text, strlen(text), why);
    wipe(text, strlen(text));
    unsetenv("MODEL_KEY_BASE64");
    if (status == STATUS_OK)
        status = seal_unwrap_raw_key(dek, &model->wraps, &key, model->header_hash);
    if (status != STATUS_OK)
        reason_set(why, "MODEL_KEY_BASE64 does not open this model", NULL);
    wipe(&key, sizeof key);
    return status;
}
