/* SPDX-License-Identifier: Apache-2.0 */
/* core/crypto/signature.h on libcrypto. */
#include "core/crypto/signature.h"

#include "core/base/constant_time.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

enum status ed25519_public(uint8_t public_key[static ED25519_PUBLIC_LEN], const struct ed25519_private *private_key)
{
    size_t len = ED25519_PUBLIC_LEN;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key->seed, sizeof private_key->seed);
    int made = key != NULL && EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1;
    EVP_PKEY_free(key);
    if (made)
        return STATUS_OK;
    memset(public_key, 0, ED25519_PUBLIC_LEN);
    return STATUS_NO_MEMORY;
}

enum status ed25519_sign(uint8_t signature[static ED25519_SIGNATURE_LEN], const struct ed25519_private *private_key,
                         const void *message, size_t message_len)
{
    size_t len = ED25519_SIGNATURE_LEN;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key->seed, sizeof private_key->seed);
    EVP_MD_CTX *signing = EVP_MD_CTX_new();
    int made = key != NULL && signing != NULL && EVP_DigestSignInit(signing, NULL, NULL, NULL, key) == 1 &&
               EVP_DigestSign(signing, signature, &len, message, message_len) == 1;
    EVP_MD_CTX_free(signing);
    EVP_PKEY_free(key);
    if (made)
        return STATUS_OK;
    memset(signature, 0, ED25519_SIGNATURE_LEN);
    return STATUS_NO_MEMORY;
}

enum status ed25519_verify(const uint8_t public_key[static ED25519_PUBLIC_LEN],
                           const uint8_t signature[static ED25519_SIGNATURE_LEN], const void *message,
                           size_t message_len)
{
    enum status status = STATUS_MALFORMED;
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, ED25519_PUBLIC_LEN);
    EVP_MD_CTX *verifying = EVP_MD_CTX_new();
    if (key != NULL && verifying != NULL && EVP_DigestVerifyInit(verifying, NULL, NULL, NULL, key) == 1)
        status = EVP_DigestVerify(verifying, signature, ED25519_SIGNATURE_LEN, message, message_len) == 1
                     ? STATUS_OK
                     : STATUS_FORGED;
    EVP_MD_CTX_free(verifying);
    EVP_PKEY_free(key);
    return status;
}

static const EVP_MD *digest_of(enum hash_kind kind)
{
    switch (kind) {
    case HASH_SHA256: return EVP_sha256();
    case HASH_SHA384: return EVP_sha384();
    case HASH_SHA512: return EVP_sha512();
    }
    abort();
}

/* A public key of algorithm ("EC", "RSA") from its parameters; NULL when they are not one. */
static EVP_PKEY *public_key_from(const char *algorithm, OSSL_PARAM *parameters)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *loading = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
    if (loading == NULL || EVP_PKEY_fromdata_init(loading) != 1 ||
        EVP_PKEY_fromdata(loading, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(loading);
    return key;
}

static EVP_PKEY *ec_key(enum curve curve, const uint8_t *point, size_t point_len)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    const char *group = curve == CURVE_P256 ? "P-256" : "P-384";
    if (build != NULL && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, point_len) == 1)
        parameters = OSSL_PARAM_BLD_to_param(build);
    if (parameters != NULL)
        key = public_key_from("EC", parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* r and s as the DER sequence that libcrypto wants; the caller frees *der with OPENSSL_free. */
static int ecdsa_der(unsigned char **der, const uint8_t *signature, size_t field_len)
{
    int len = -1;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, (int)field_len, NULL);
    BIGNUM *s = BN_bin2bn(signature + field_len, (int)field_len, NULL);
    *der = NULL;
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1)
        len = i2d_ECDSA_SIG(pair, der);
    else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return len;
}

static enum status verify_with(EVP_PKEY *key, enum hash_kind kind, int pss, const uint8_t *signature,
                               size_t signature_len, const void *message, size_t message_len)
{
    enum status status = STATUS_MALFORMED;
    EVP_PKEY_CTX *options = NULL;
    EVP_MD_CTX *verifying = EVP_MD_CTX_new();
    if (verifying != NULL && EVP_DigestVerifyInit(verifying, &options, digest_of(kind), NULL, key) == 1 &&
        (!pss || (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
                  EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1)))
        status = EVP_DigestVerify(verifying, signature, signature_len, message, message_len) == 1 ? STATUS_OK
                                                                                                  : STATUS_FORGED;
    EVP_MD_CTX_free(verifying);
    return status;
}

enum status ecdsa_verify(enum curve curve, enum hash_kind kind, const uint8_t *point, size_t point_len,
                         const uint8_t *signature, size_t signature_len, const void *message, size_t message_len)
{
    enum status status = STATUS_MALFORMED;
    unsigned char *der = NULL;
    EVP_PKEY *key = NULL;
    size_t field_len = curve == CURVE_P256 ? 32 : 48;
    if (point_len != 1 + 2 * field_len || point[0] != 0x04 || signature_len != 2 * field_len)
        return STATUS_MALFORMED;
    key = ec_key(curve, point, point_len);
    if (key == NULL)
        goto out;
    int der_len = ecdsa_der(&der, signature, field_len);
    if (der_len > 0)
        status = verify_with(key, kind, 0, der, (size_t)der_len, message, message_len);
out:
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return status;
}

static EVP_PKEY *rsa_key(const uint8_t *modulus, size_t modulus_len, const uint8_t *exponent, size_t exponent_len)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(modulus, (int)modulus_len, NULL);
    BIGNUM *e = BN_bin2bn(exponent, (int)exponent_len, NULL);
    if (build != NULL && n != NULL && e != NULL && BN_is_odd(n) && BN_is_odd(e) && BN_num_bits(n) >= 2048 &&
        BN_num_bits(n) <= 8192 && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        parameters = OSSL_PARAM_BLD_to_param(build);
    if (parameters != NULL)
        key = public_key_from("RSA", parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return key;
}

enum status rsa_pss_verify(enum hash_kind kind, const uint8_t *modulus, size_t modulus_len, const uint8_t *exponent,
                           size_t exponent_len, const uint8_t *signature, size_t signature_len, const void *message,
                           size_t message_len)
{
    if (modulus_len < 256 || modulus_len > 1024 || exponent_len < 1 || exponent_len > 8)
        return STATUS_MALFORMED;
    EVP_PKEY *key = rsa_key(modulus, modulus_len, exponent, exponent_len);
    if (key == NULL)
        return STATUS_MALFORMED;
    enum status status = verify_with(key, kind, 1, signature, signature_len, message, message_len);
    EVP_PKEY_free(key);
    return status;
}
