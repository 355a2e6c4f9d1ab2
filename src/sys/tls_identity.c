/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/tls_identity.h"

#include "core/base/constant_time.h"
#include "sys/file.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PEM_FILE_MAX = 65536, EARLY_S = 3600 };

static enum status fail(struct reason *why, enum status status, const char *what, const char *path)
{
    reason_set(why, what, path == NULL ? NULL : " ", path, NULL);
    return status;
}

enum status tls_spki_of(uint8_t spki[static TLS_SPKI_MAX], size_t *spki_len, uint8_t spki_sha256[static SHA256_LEN],
                        const X509 *certificate)
{
    X509_PUBKEY *key = X509_get_X509_PUBKEY(certificate);
    int len = key == NULL ? -1 : i2d_X509_PUBKEY(key, NULL);
    *spki_len = 0;
    memset(spki_sha256, 0, SHA256_LEN);
    if (len <= 0 || len > TLS_SPKI_MAX)
        return STATUS_LIMIT;
    uint8_t *at = spki;
    if (i2d_X509_PUBKEY(key, &at) != len)
        return STATUS_MALFORMED;
    *spki_len = (size_t)len;
    sha256(spki_sha256, spki, *spki_len);
    return STATUS_OK;
}

/* subjectAltName of the names: "DNS:" or "IP:" each. */
static int add_names(X509 *certificate, const char *const *names)
{
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    int done = list != NULL;
    for (; done && *names != NULL; names++) {
        uint8_t address[16];
        int is_address = inet_pton(AF_INET, *names, address) == 1 || inet_pton(AF_INET6, *names, address) == 1;
        GENERAL_NAME *name =
            a2i_GENERAL_NAME(NULL, NULL, NULL, is_address ? GEN_IPADD : GEN_DNS, (char *)(uintptr_t)*names, 0);
        done = name != NULL && sk_GENERAL_NAME_push(list, name) > 0;
        if (!done)
            GENERAL_NAME_free(name);
    }
    done = done && X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, 0) == 1;
    GENERAL_NAMES_free(list);
    return done;
}

/* A fresh serial number: 64 random bits, positive. */
static int set_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();
    int done = number != NULL && BN_rand(number, 64, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
               BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

static int fill_certificate(X509 *certificate, EVP_PKEY *key, const char *const *names, uint64_t now_s,
                            uint64_t valid_s)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    const unsigned char *common_name = (const unsigned char *)names[0];
    time_t not_before = (time_t)(now_s < EARLY_S ? 0 : now_s - EARLY_S);
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), not_before) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(now_s + valid_s)) != NULL &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, common_name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           add_names(certificate, names) && X509_sign(certificate, key, EVP_sha256()) != 0;
}

enum status tls_identity_new(struct tls_identity **identity, const char *const *names, uint64_t now_s, uint64_t valid_s,
                             struct reason *why)
{
    struct tls_identity *made = calloc(1, sizeof *made);
    enum status status = STATUS_NO_MEMORY;
    *identity = NULL;
    if (made == NULL)
        return fail(why, status, "no memory for a TLS identity", NULL);
    made->key = EVP_EC_gen("P-256");
    made->certificate = X509_new();
    status = STATUS_USAGE;
    if (names[0] == NULL || made->key == NULL || made->certificate == NULL ||
        !fill_certificate(made->certificate, made->key, names, now_s, valid_s))
        goto out;
    status = tls_spki_of(made->spki, &made->spki_len, made->spki_sha256, made->certificate);
out:
    if (status != STATUS_OK) {
        tls_identity_free(made);
        return fail(why, status, "cannot make a TLS certificate for the name", names[0]);
    }
    *identity = made;
    return STATUS_OK;
}

enum status tls_identity_certificate_pem(const struct tls_identity *identity, char *out, size_t out_capacity)
{
    enum status status = STATUS_NO_MEMORY;
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    if (out_capacity != 0)
        out[0] = '\0';
    if (bio == NULL || PEM_write_bio_X509(bio, identity->certificate) != 1)
        goto out;
    size_t len = (size_t)BIO_get_mem_data(bio, &text);
    status = STATUS_LIMIT;
    if (len >= out_capacity)
        goto out;
    memcpy(out, text, len);
    out[len] = '\0';
    status = STATUS_OK;
out:
    BIO_free(bio);
    return status;
}

enum status tls_identity_save(const struct tls_identity *identity, const char *key_path, const char *certificate_path,
                              struct reason *why)
{
    char pem[4096], *key_text;
    enum status status = STATUS_NO_MEMORY;
    BIO *bio = BIO_new(BIO_s_secmem());
    if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(bio, identity->key, NULL, NULL, 0, NULL, NULL) != 1) {
        fail(why, status, "cannot write the TLS key", NULL);
        goto out;
    }
    size_t key_len = (size_t)BIO_get_mem_data(bio, &key_text);
    status = file_write(key_path, key_text, key_len, 0600, 0, why);
    if (status != STATUS_OK)
        goto out;
    status = tls_identity_certificate_pem(identity, pem, sizeof pem);
    if (status == STATUS_OK)
        status = file_write(certificate_path, pem, strlen(pem), 0644, 0, why);
out:
    BIO_free(bio); /* wipes: a secure memory BIO */
    return status;
}

/* A passphrase is never asked for. */
static int no_passphrase(char *out, int out_capacity, int rwflag, void *context)
{
    (void)out, (void)out_capacity, (void)rwflag, (void)context;
    return -1;
}

static enum status load_key(EVP_PKEY **key, const char *path, struct reason *why)
{
    struct stat about;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (stat(path, &about) != 0)
        return status_from_errno(why, "cannot read the TLS key", path);
    if ((about.st_mode & 077) != 0)
        return fail(why, STATUS_REFUSED, "others than its owner can use the TLS key; run chmod 600 on", path);
    enum status status = file_read(&bytes, &len, path, PEM_FILE_MAX, why);
    if (status != STATUS_OK)
        return status;
    BIO *bio = BIO_new_mem_buf(bytes, (int)len);
    *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    file_free(bytes, len);
    if (*key == NULL)
        return fail(why, STATUS_MALFORMED, "this is no private key in PEM:", path);
    return STATUS_OK;
}

static enum status load_certificate(X509 **certificate, const char *path, struct reason *why)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum status status = file_read(&bytes, &len, path, PEM_FILE_MAX, why);
    if (status != STATUS_OK)
        return status;
    BIO *bio = BIO_new_mem_buf(bytes, (int)len);
    *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    file_free(bytes, len);
    if (*certificate == NULL)
        return fail(why, STATUS_MALFORMED, "this is no certificate in PEM:", path);
    return STATUS_OK;
}

enum status tls_identity_load(struct tls_identity **identity, const char *key_path, const char *certificate_path,
                              struct reason *why)
{
    struct tls_identity *loaded = calloc(1, sizeof *loaded);
    *identity = NULL;
    if (loaded == NULL)
        return fail(why, STATUS_NO_MEMORY, "no memory for a TLS identity", NULL);
    enum status status = load_key(&loaded->key, key_path, why);
    if (status == STATUS_OK)
        status = load_certificate(&loaded->certificate, certificate_path, why);
    if (status == STATUS_OK && X509_check_private_key(loaded->certificate, loaded->key) != 1)
        status = fail(why, STATUS_FORGED, "the TLS key does not belong to the certificate", certificate_path);
    if (status == STATUS_OK)
        status = tls_spki_of(loaded->spki, &loaded->spki_len, loaded->spki_sha256, loaded->certificate);
    if (status != STATUS_OK) {
        tls_identity_free(loaded);
        return status;
    }
    *identity = loaded;
    return STATUS_OK;
}

void tls_identity_free(struct tls_identity *identity)
{
    if (identity == NULL)
        return;
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
    wipe(identity, sizeof *identity);
    free(identity);
}
