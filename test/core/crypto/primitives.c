/* SPDX-License-Identifier: Apache-2.0 */
/* The crypto face against published vectors: FIPS 180-4 examples, RFC 5869, 7914, 7748, 8032, 6979 and the GCM
 * specification's test case 16. */
#include "core/crypto/aead.h"
#include "core/crypto/kdf.h"
#include "core/crypto/signature.h"
#include "core/crypto/x25519.h"
#include "tap.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

static bool is(const uint8_t *bytes, const char *hex)
{
    uint8_t wanted[256];
    size_t len = unhex(wanted, hex);
    return memcmp(bytes, wanted, len) == 0;
}

static void hashes(void)
{
    uint8_t out[HASH_LEN_MAX];
    struct hash h;
    sha256(out, "abc", 3);
    check(is(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), "SHA-256");
    hash_bytes(HASH_SHA384, out, "abc", 3);
    check(is(out, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"),
          "SHA-384");
    hash_init(&h, HASH_SHA512);
    hash_add(&h, "a", 1);
    hash_add(&h, "bc", 2);
    hash_end(&h, out);
    check(is(out, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
          "SHA-512 in pieces");
    hmac(HASH_SHA256, out, "Jefe", 4, "what do ya want for nothing?", 28);
    check(is(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"), "HMAC-SHA-256 (RFC 4231)");
}

static void key_derivation(void)
{
    uint8_t ikm[22], salt[16], info[16], prk[HASH_LEN_MAX], out[64];
    memset(ikm, 0x0b, sizeof ikm);
    size_t salt_len = unhex(salt, "000102030405060708090a0b0c");
    size_t info_len = unhex(info, "f0f1f2f3f4f5f6f7f8f9");
    hkdf_extract(HASH_SHA256, prk, salt, salt_len, ikm, sizeof ikm);
    check(is(prk, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"), "HKDF-Extract (RFC 5869 A.1)");
    check(hkdf_expand(HASH_SHA256, out, 42, prk, info, info_len) == STATUS_OK &&
              is(out, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
          "HKDF-Expand (RFC 5869 A.1)");
    hkdf_extract(HASH_SHA256, prk, NULL, 0, ikm, sizeof ikm);
    check(hkdf_expand(HASH_SHA256, out, 42, prk, NULL, 0) == STATUS_OK &&
              is(out, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
          "HKDF without salt and info (RFC 5869 A.3)");
    static uint8_t large[255 * SHA256_LEN + 1];
    check(hkdf_expand(HASH_SHA256, large, sizeof large - 1, prk, NULL, 0) == STATUS_OK, "HKDF up to its limit");
    check(hkdf_expand(HASH_SHA256, large, sizeof large, prk, NULL, 0) == STATUS_LIMIT && large[0] == 0,
          "HKDF over its limit");
    check(
        scrypt_derive(out, 64, "password", 8, "NaCl", 4, 10, 8, 16) == STATUS_OK &&
            is(out, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830da"),
        "scrypt (RFC 7914)");
    check(scrypt_derive(out, 64, "p", 1, "s", 1, 24, 8, 1) == STATUS_LIMIT && out[0] == 0, "scrypt over its memory");
    check(scrypt_derive(out, 64, "p", 1, "s", 1, 0, 8, 1) == STATUS_USAGE, "scrypt with N = 1");
}

static void aead(void)
{
    uint8_t key[32], nonce[12], aad[20], text[60], sealed[76], opened[60];
    unhex(key, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    unhex(nonce, "cafebabefacedbaddecaf888");
    unhex(aad, "feedfacedeadbeeffeedfacedeadbeefabaddad2");
    unhex(text, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                "b16aedf5aa0de657ba637b39");
    check(aead_seal(AEAD_AES_256_GCM, sealed, key, nonce, aad, 20, text, 60) == STATUS_OK &&
              is(sealed,
                 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10568288"
                 "38c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"),
          "AES-256-GCM, test case 16");
    check(aead_open(AEAD_AES_256_GCM, opened, key, nonce, aad, 20, sealed, 76) == STATUS_OK &&
              memcmp(opened, text, 60) == 0,
          "opens");
    bool refused = true;
    for (size_t bit = 0; bit < sizeof sealed * 8; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        refused = refused && aead_open(AEAD_AES_256_GCM, opened, key, nonce, aad, 20, sealed, 76) == STATUS_FORGED &&
                  opened[0] == 0 && opened[59] == 0;
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check(refused, "every flipped bit is forged, and the output zeroed");
    for (size_t len = 0; len < sizeof sealed; len++)
        refused = refused && aead_open(AEAD_AES_256_GCM, opened, key, nonce, aad, 20, sealed, len) != STATUS_OK;
    check(refused, "so is every prefix");
    check(aead_open(AEAD_AES_256_GCM, opened, key, nonce, aad, 20, sealed, 15) == STATUS_TRUNCATED, "without a tag");
    aad[0] ^= 1;
    check(aead_open(AEAD_AES_256_GCM, opened, key, nonce, aad, 20, sealed, 76) == STATUS_FORGED, "other AAD");
    memset(key, 0, 16);
    memset(nonce, 0, 12);
    check(aead_seal(AEAD_AES_128_GCM, sealed, key, nonce, NULL, 0, NULL, 0) == STATUS_OK &&
              is(sealed, "58e2fccefa7e3061367f1d57a4e7455a"),
          "AES-128-GCM of nothing, test case 1");
}

static void agreement(void)
{
    struct x25519_private alice;
    uint8_t bob[32], out[32];
    unhex(alice.bytes, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
    unhex(bob, "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
    check(x25519_shared(out, &alice, bob) == STATUS_OK &&
              is(out, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"),
          "X25519 (RFC 7748 5.2)");
    memset(bob, 0, sizeof bob);
    check(x25519_shared(out, &alice, bob) == STATUS_FORGED && out[0] == 0, "a point of low order is refused");
}

static void ed25519(void)
{
    struct ed25519_private key;
    uint8_t public_key[32], signature[64];
    unhex(key.seed, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    check(ed25519_public(public_key, &key) == STATUS_OK &&
              is(public_key, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
          "Ed25519 public key (RFC 8032 test 2)");
    check(ed25519_sign(signature, &key, "\x72", 1) == STATUS_OK &&
              is(signature, "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
          "Ed25519 signature");
    check(ed25519_verify(public_key, signature, "\x72", 1) == STATUS_OK, "verifies");
    bool refused = true;
    for (size_t bit = 0; bit < 512; bit++) {
        signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
        refused = refused && ed25519_verify(public_key, signature, "\x72", 1) == STATUS_FORGED;
        signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check(refused, "every flipped bit is forged");
    check(ed25519_verify(public_key, signature, "\x73", 1) == STATUS_FORGED, "so is another message");
}

static void ecdsa(void)
{
    uint8_t point[97] = {4}, signature[96];
    unhex(point + 1, "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
                     "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
    unhex(signature, "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
                     "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
    check(ecdsa_verify(CURVE_P256, HASH_SHA256, point, 65, signature, 64, "sample", 6) == STATUS_OK,
          "P-256 (RFC 6979)");
    check(ecdsa_verify(CURVE_P256, HASH_SHA256, point, 65, signature, 64, "simple", 6) == STATUS_FORGED,
          "P-256, another message");
    check(ecdsa_verify(CURVE_P256, HASH_SHA256, point, 64, signature, 64, "sample", 6) == STATUS_MALFORMED,
          "P-256, short point");
    point[64] ^= 1;
    check(ecdsa_verify(CURVE_P256, HASH_SHA256, point, 65, signature, 64, "sample", 6) == STATUS_MALFORMED,
          "P-256, a point that is not on the curve");
    point[64] ^= 1;
    memset(signature, 0, 32);
    check(ecdsa_verify(CURVE_P256, HASH_SHA256, point, 65, signature, 64, "sample", 6) == STATUS_FORGED, "r = 0");
    unhex(point + 1,
          "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13"
          "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720");
    unhex(signature,
          "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46"
          "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8");
    check(ecdsa_verify(CURVE_P384, HASH_SHA384, point, 97, signature, 96, "sample", 6) == STATUS_OK,
          "P-384 (RFC 6979)");
    signature[95] ^= 1;
    check(ecdsa_verify(CURVE_P384, HASH_SHA384, point, 97, signature, 96, "sample", 6) == STATUS_FORGED,
          "P-384, changed");
}

/* No small published vector exists for RSA-PSS with this salt; libcrypto signs and the face verifies. */
static void rsa_pss(void)
{
    uint8_t signature[256], modulus[256], exponent[8];
    size_t signature_len = sizeof signature;
    EVP_PKEY_CTX *options = NULL;
    BIGNUM *n = NULL, *e = NULL;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    EVP_MD_CTX *signing = EVP_MD_CTX_new();
    bool made = EVP_DigestSignInit(signing, &options, EVP_sha384(), NULL, key) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1 &&
                EVP_DigestSign(signing, signature, &signature_len, (const uint8_t *)"text", 4) == 1;
    made = made && EVP_PKEY_get_bn_param(key, "n", &n) == 1 && EVP_PKEY_get_bn_param(key, "e", &e) == 1;
    check(made, "libcrypto signs");
    size_t modulus_len = (size_t)BN_bn2bin(n, modulus), exponent_len = (size_t)BN_bn2bin(e, exponent);
    check(rsa_pss_verify(HASH_SHA384, modulus, modulus_len, exponent, exponent_len, signature, 256, "text", 4) ==
              STATUS_OK,
          "RSA-PSS verifies");
    check(rsa_pss_verify(HASH_SHA384, modulus, modulus_len, exponent, exponent_len, signature, 256, "test", 4) ==
              STATUS_FORGED,
          "RSA-PSS, another message");
    check(rsa_pss_verify(HASH_SHA256, modulus, modulus_len, exponent, exponent_len, signature, 256, "text", 4) ==
              STATUS_FORGED,
          "RSA-PSS, another hash");
    check(rsa_pss_verify(HASH_SHA384, modulus, 128, exponent, exponent_len, signature, 256, "text", 4) ==
              STATUS_MALFORMED,
          "RSA-PSS, 1024 bits are too few");
    BN_free(n);
    BN_free(e);
    EVP_MD_CTX_free(signing);
    EVP_PKEY_free(key);
}

int main(void)
{
    hashes();
    key_derivation();
    aead();
    agreement();
    ed25519();
    ecdsa();
    rsa_pss();
    return tap_done();
}
