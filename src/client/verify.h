/* SPDX-License-Identifier: Apache-2.0 */
/* Verification of a server before anything is said to it: fresh nonce, evidence, the key of this very connection,
 * policy.  `cloister verify` prints it; `cloister chat` goes on over the same connection. */
#ifndef CLIENT_VERIFY_H
#define CLIENT_VERIFY_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/base/verdict.h"
#include "core/evidence/bundle.h"
#include "core/evidence/claims.h"
#include "core/evidence/evidence.h"
#include "core/policy/policy.h"
#include "sys/command.h"
#include "sys/https_client.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What evidence is held against.  Every field is mandatory. */
struct verify_terms {
    const uint8_t *nonce; /* EVIDENCE_NONCE_LEN bytes; NULL: verify_server makes a fresh one, verify_text has none */
    const struct trust_anchors *anchors;
    const struct policy *policy; /* NULL: its checks are not run, and nothing is verified */
    uint64_t time;               /* of verification, seconds since 1970 */
};

/* A server or document after verification. */
struct verified {
    struct claims claims; /* absent unless the evidence holds */
    struct keyset keyset; /* vouched for only when the verdict is ok */
    enum evidence_kind kind;
    uint8_t nonce[EVIDENCE_NONCE_LEN]; /* that it was held against; zeros when there was none */
    uint8_t *text;                     /* the bundle as it came; owned */
    size_t text_len;
    struct https_client *client; /* open connection to the server whose key is in the keyset; owned; NULL for a file */
    struct https_url url;
};

/* Fetches https://HOST[:PORT]/v1/attestation and verifies it and the connection.  STATUS_OK: verified, and out->client
 * can be used on.  Otherwise the connection is closed; when no check was made, why says what went wrong
 * (STATUS_NETWORK, STATUS_USAGE, ...), else the verdict does.  Free with verified_close in every case. */
must_check enum status verify_server(struct verified *out, struct verdict *v, const char *url,
                                     const struct verify_terms *terms, struct reason *why);

/* The same for a bundle at hand; there is no connection to check. */
must_check enum status verify_text(struct verified *out, struct verdict *v, const void *text, size_t text_len,
                                   const struct verify_terms *terms, struct reason *why);

void verified_close(struct verified *out);

/* A policy from a file; path NULL: *out is NULL and STATUS_OK.  Free with verify_policy_free. */
must_check enum status verify_policy_read(struct policy **out, const char *path, struct reason *why);
void verify_policy_free(struct policy *policy);

/* Anchors from the file of a simulator's root; path NULL: none are known. */
must_check enum status verify_anchors_read(struct trust_anchors *anchors, const char *path, struct reason *why);

/* 64 hexadecimal digits; STATUS_USAGE. */
must_check enum status verify_nonce_parse(uint8_t nonce[static EVIDENCE_NONCE_LEN], const char *text,
                                          struct reason *why);

/* The verdict for a person, with NOT A TEE in words when the evidence is simulated; returns the exit code. */
int verify_print(const struct verified *server, const struct verdict *v, bool json);

/* When there is no verdict because no check was made: what went wrong with source, a URL or a file; returns the exit
 * code. */
int verify_fail(const char *source, enum status status, const struct reason *why);

extern const struct command verify_commands[];

#endif
