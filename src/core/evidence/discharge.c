/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures owed, verified with the face of cryptography; a caller that has its own leaves this file out. */
#include "core/evidence/owed.h"

#include "core/crypto/signature.h"

static enum owed_result verify_ed25519(const struct owed_signature *s)
{
    if (s->public_key_len != ED25519_PUBLIC_LEN || s->signature_len != ED25519_SIGNATURE_LEN)
        return OWED_INVALID;
    enum status status = ed25519_verify(s->public_key, s->signature, s->message, s->message_len);
    return status == STATUS_OK ? OWED_VALID : OWED_INVALID;
}

void owed_discharge(struct owed *o)
{
    for (size_t i = 0; i < o->n; i++) {
        switch (o->list[i].kind) {
        case OWED_ED25519: o->list[i].result = verify_ed25519(&o->list[i]); break;
        }
    }
}
