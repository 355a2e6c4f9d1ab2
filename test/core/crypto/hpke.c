/* SPDX-License-Identifier: Apache-2.0 */
/* HPKE against RFC 9180: appendix A.1.1 (AES-128-GCM), and the AES-256-GCM case of the test vectors published with the
 * RFC (which give the receiver's side). */
#include "core/crypto/hpke.h"

#include "tap.h"

static const char info[] = "Ode on a Grecian Urn";
static const char text[] = "Beauty is truth, truth beauty";
enum { TEXT_LEN = 29, SEALED_LEN = TEXT_LEN + AEAD_TAG_LEN };

static void aes_128(void)
{
    static const struct {
        unsigned sequence;
        const char *sealed;
    } rows[] = {
        {0, "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"},
        {1, "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84"},
        {2, "498dfcabd92e8acedc281e85af1cb4e3e31c7dc394a1ca20e173cb72516491588d96a19ad4a683518973dcc180"},
        {4, "583bd32bc67a5994bb8ceaca813d369bca7b2a42408cddef5e22f880b631215a09fc0012bc69fccaa251c0246d"},
        {255, "7175db9717964058640a3a11fb9007941a5d1757fda1a6935c805c21af32505bf106deefec4a49ac38d71c9e0a"},
        {256, "957f9800542b0b8891badb026d79cc54597cb2d225b54c00c5238c25d05c30e3fbeda97d2e0e1aba483a2df9f2"},
    };
    struct x25519_private ephemeral, recipient_private;
    uint8_t recipient[32], enc[32], wanted[64], out[64], opened[TEXT_LEN];
    struct hpke sender, receiver;
    unhex(ephemeral.bytes, "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736");
    unhex(recipient_private.bytes, "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8");
    unhex(recipient, "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d");
    unhex(wanted, "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431");
    check(hpke_init_sender(&sender, enc, AEAD_AES_128_GCM, recipient, &ephemeral, info, 20) == STATUS_OK &&
              memcmp(enc, wanted, 32) == 0,
          "A.1.1 encapsulated key");
    check(hpke_init_receiver(&receiver, AEAD_AES_128_GCM, &recipient_private, enc, info, 20) == STATUS_OK &&
              memcmp(&receiver, &sender, sizeof sender) == 0,
          "the receiver derives the same");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char aad[16];
        int aad_len = snprintf(aad, sizeof aad, "Count-%u", rows[i].sequence);
        sender.sequence = receiver.sequence = rows[i].sequence;
        unhex(wanted, rows[i].sealed);
        check(hpke_seal(&sender, out, aad, (size_t)aad_len, text, TEXT_LEN) == STATUS_OK &&
                  memcmp(out, wanted, SEALED_LEN) == 0,
              "A.1.1 message %u", rows[i].sequence);
        check(hpke_open(&receiver, opened, aad, (size_t)aad_len, out, SEALED_LEN) == STATUS_OK &&
                  memcmp(opened, text, TEXT_LEN) == 0 && receiver.sequence == rows[i].sequence + 1,
              "opens");
    }
    unhex(wanted, "3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee");
    check(hpke_export(&sender, out, 32, "", 0) == STATUS_OK && memcmp(out, wanted, 32) == 0, "export, no context");
    unhex(wanted, "e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931");
    check(hpke_export(&receiver, out, 32, "TestContext", 11) == STATUS_OK && memcmp(out, wanted, 32) == 0,
          "export, TestContext");
}

static void aes_256(void)
{
    struct x25519_private recipient;
    uint8_t enc[32], sealed[64], opened[TEXT_LEN], wanted[32], out[32];
    struct hpke h;
    unhex(recipient.bytes, "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d");
    unhex(enc, "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256");
    unhex(sealed, "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a");
    check(hpke_init_receiver(&h, AEAD_AES_256_GCM, &recipient, enc, info, 20) == STATUS_OK &&
              hpke_open(&h, opened, "Count-0", 7, sealed, SEALED_LEN) == STATUS_OK &&
              memcmp(opened, text, TEXT_LEN) == 0,
          "AES-256-GCM opens the published message");
    unhex(wanted, "ded6cffafaea6b812cbf3e241e88332adbc077aca81512914213810ee291770a");
    check(hpke_export(&h, out, 32, "", 0) == STATUS_OK && memcmp(out, wanted, 32) == 0, "AES-256-GCM export");
    unhex(wanted, "7c5ded445732c14fe09727d29b4251c0fd38455fe8440571e687f0886aac94d2");
    check(hpke_export(&h, out, 32, "TestContext", 11) == STATUS_OK && memcmp(out, wanted, 32) == 0,
          "AES-256-GCM export, TestContext");
}

static void refusals(void)
{
    struct x25519_private recipient = {.bytes = {1}}, ephemeral = {.bytes = {2}};
    uint8_t public_key[32], enc[32], sealed[SEALED_LEN], opened[TEXT_LEN], zeros[32] = {0};
    struct hpke sender, receiver, changed;
    bool refused = x25519_public(public_key, &recipient) == STATUS_OK &&
                   hpke_init_sender(&sender, enc, AEAD_AES_256_GCM, public_key, &ephemeral, "i", 1) == STATUS_OK &&
                   hpke_seal(&sender, sealed, "a", 1, text, TEXT_LEN) == STATUS_OK &&
                   hpke_init_receiver(&receiver, AEAD_AES_256_GCM, &recipient, enc, "i", 1) == STATUS_OK;
    for (size_t bit = 0; bit < sizeof sealed * 8; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        refused = refused && hpke_open(&receiver, opened, "a", 1, sealed, sizeof sealed) == STATUS_FORGED;
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check(refused && receiver.sequence == 0, "every flipped bit is forged and moves nothing");
    for (size_t bit = 0; bit < sizeof enc * 8 - 1; bit++) { /* X25519 ignores the last bit; the KEM context does not */
        enc[bit / 8] ^= (uint8_t)(1U << bit % 8);
        refused = refused && (hpke_init_receiver(&changed, AEAD_AES_256_GCM, &recipient, enc, "i", 1) != STATUS_OK ||
                              hpke_open(&changed, opened, "a", 1, sealed, sizeof sealed) == STATUS_FORGED);
        enc[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check(refused, "so is every flipped bit of the encapsulated key");
    check(hpke_init_receiver(&changed, AEAD_AES_256_GCM, &recipient, enc, "j", 1) == STATUS_OK &&
              hpke_open(&changed, opened, "a", 1, sealed, sizeof sealed) == STATUS_FORGED,
          "another info");
    check(hpke_open(&receiver, opened, "b", 1, sealed, sizeof sealed) == STATUS_FORGED, "other associated data");
    check(hpke_open(&receiver, opened, "a", 1, sealed, sizeof sealed) == STATUS_OK, "the right one opens");
    check(hpke_open(&receiver, opened, "a", 1, sealed, sizeof sealed) == STATUS_FORGED, "but not twice");
    check(hpke_init_receiver(&changed, AEAD_AES_256_GCM, &recipient, zeros, "i", 1) == STATUS_FORGED, "a zero key");
    static uint8_t long_info[HPKE_INFO_MAX + 1];
    check(hpke_init_receiver(&changed, AEAD_AES_256_GCM, &recipient, enc, long_info, sizeof long_info) == STATUS_LIMIT,
          "too long an info");
    sender.sequence = UINT64_MAX;
    check(hpke_seal(&sender, sealed, "a", 1, text, TEXT_LEN) == STATUS_LIMIT, "no sequence number is used twice");
}

int main(void)
{
    aes_128();
    aes_256();
    refusals();
    return tap_done();
}
