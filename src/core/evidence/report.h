/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts and claims as JSON, the same for command line, broker and browser. */
#ifndef CORE_EVIDENCE_REPORT_H
#define CORE_EVIDENCE_REPORT_H

#include "core/base/verdict.h"
#include "core/codec/json_writer.h"
#include "core/evidence/claims.h"

enum { REPORT_JSON_MAX = 160 * 1024 }; /* bytes: room for any verdict, claims and keyset */

/* A list of {"name":...,"outcome":"pass"|"fail"|"not run","reason":...,"status":...}. */
void report_write_verdict(struct json_writer *out, const struct verdict *v);

/* An object; each claim as {"origin":...,"value":...}, with value null when it is absent. */
void report_write_claims(struct json_writer *out, const struct claims *c);

#endif
