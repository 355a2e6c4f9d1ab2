/* SPDX-License-Identifier: Apache-2.0 */
#include "core/evidence/owed.h"

enum status owed_add(struct owed *o, const struct owed_signature *signature)
{
    if (o->n >= OWED_MAX)
        return STATUS_LIMIT;
    o->list[o->n] = *signature;
    o->list[o->n].result = OWED_UNKNOWN;
    o->n++;
    return STATUS_OK;
}

void owed_conclude(struct verdict *v, const struct owed *o)
{
    for (size_t i = 0; i < o->n; i++) {
        const struct owed_signature *s = &o->list[i];
        switch (s->result) {
        case OWED_VALID: reason_set(verdict_pass(v, s->name), "valid for every signed byte", NULL); break;
        case OWED_INVALID:
            reason_set(verdict_fail(v, s->name, STATUS_FORGED), "the signature does not match the signed bytes", NULL);
            break;
        case OWED_UNKNOWN:
            reason_set(verdict_fail(v, s->name, STATUS_REFUSED), "the signature was never verified", NULL);
            break;
        }
    }
}
