/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS server's key (P-256) and self-signed certificate.  Peers trust the key's SPKI, not the certificate's names. */
#ifndef SYS_TLS_IDENTITY_H
#define SYS_TLS_IDENTITY_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/hash.h"
#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

enum { TLS_SPKI_MAX = 640 }; /* bytes: an RSA-4096 key's SubjectPublicKeyInfo has 550 */

struct tls_identity {
    EVP_PKEY *key; /* secret */
    X509 *certificate;
    uint8_t spki[TLS_SPKI_MAX]; /* SubjectPublicKeyInfo, DER (RFC 5280 section 4.1) */
    size_t spki_len;
    uint8_t spki_sha256[SHA256_LEN];
};

/* Makes a fresh key and a certificate for it: names (NULL-terminated; DNS names and numeric addresses) become its
 * subjectAltName, the first also its common name; valid from an hour before now_s for valid_s seconds.  The caller
 * frees it with tls_identity_free. */
must_check enum status tls_identity_new(struct tls_identity **identity, const char *const *names, uint64_t now_s,
                                        uint64_t valid_s, struct reason *why);

/* PEM files; the key's gets mode 0600 and neither replaces an existing file (STATUS_EXISTS). */
must_check enum status tls_identity_save(const struct tls_identity *identity, const char *key_path,
                                         const char *certificate_path, struct reason *why);

/* STATUS_NOT_FOUND, STATUS_MALFORMED, STATUS_FORGED when the certificate is not for the key, STATUS_REFUSED when others
 * can read the key file. */
must_check enum status tls_identity_load(struct tls_identity **identity, const char *key_path,
                                         const char *certificate_path, struct reason *why);

/* The certificate as PEM text with a NUL; STATUS_LIMIT when it does not fit (2048 bytes are enough). */
must_check enum status tls_identity_certificate_pem(const struct tls_identity *identity, char *out,
                                                    size_t out_capacity);

/* SPKI and its SHA-256 of a certificate; STATUS_LIMIT when it is over TLS_SPKI_MAX. */
must_check enum status tls_spki_of(uint8_t spki[static TLS_SPKI_MAX], size_t *spki_len,
                                   uint8_t spki_sha256[static SHA256_LEN], const X509 *certificate);

/* Wipes and frees; accepts NULL. */
void tls_identity_free(struct tls_identity *identity);

#endif
