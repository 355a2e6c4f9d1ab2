/* SPDX-License-Identifier: Apache-2.0 */
/* Keyset and report data: EV-8, EV-9, EV-11, EV-12. */
#include "core/evidence/keyset.h"

#include "core/evidence/sample.h"
#include "tap.h"

static void digests(const struct sample *s)
{
    static const struct {
        const char *name;
        size_t offset;
        size_t len;
    } fields[] = {
        {"tls_spki_sha256", offsetof(struct keyset, tls_spki_sha256), 32},
        {"hpke_config", offsetof(struct keyset, hpke_config), 45},
        {"receipt_key", offsetof(struct keyset, receipt_key), 32},
        {"model_root", offsetof(struct keyset, model_root), 32},
        {"engine_hash", offsetof(struct keyset, engine_hash), 32},
        {"configuration", offsetof(struct keyset, configuration), 32},
    };
    uint8_t digest[SHA256_LEN], other[SHA256_LEN];
    check(keyset_digest(digest, &s->keyset) == STATUS_OK, "digest of a keyset");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        size_t same = 0;
        for (size_t bit = 0; bit < fields[i].len * 8; bit++) {
            struct keyset k = s->keyset;
            ((uint8_t *)&k)[fields[i].offset + bit / 8] ^= (uint8_t)(1u << bit % 8);
            same += keyset_digest(other, &k) != STATUS_OK || memcmp(digest, other, sizeof digest) == 0;
        }
        check(same == 0, "EV-8: every bit of %s changes the digest", fields[i].name);
    }
    struct keyset k = s->keyset;
    k.labels = 0;
    check(keyset_digest(other, &k) == STATUS_OK && memcmp(digest, other, sizeof digest) != 0, "EV-8: so do the labels");
    k = s->keyset;
    k.hpke_config_len = 44;
    check(keyset_digest(other, &k) == STATUS_OK && memcmp(digest, other, sizeof digest) != 0, "EV-8: and a length");
}

static void refused(const struct sample *s)
{
    uint8_t digest[SHA256_LEN], none[SHA256_LEN] = {0};
    struct keyset k = s->keyset;
    k.hpke_config_len = 0;
    check(keyset_digest(digest, &k) == STATUS_USAGE && memcmp(digest, none, sizeof none) == 0,
          "EV-9: an empty HPKE configuration is refused");
    k.hpke_config_len = KEYSET_HPKE_CONFIG_MAX + 1;
    check(keyset_digest(digest, &k) == STATUS_USAGE, "EV-9: one that is too long");
    k = s->keyset;
    k.labels = 1u << LABELS_N;
    check(keyset_digest(digest, &k) == STATUS_USAGE, "EV-9: an unknown label");
    k = s->keyset;
    k.hpke_config_len = KEYSET_HPKE_CONFIG_MAX;
    check(keyset_digest(digest, &k) == STATUS_OK, "the longest fits");
}

/* Computed with Python's hashlib from the formulas of EV-8, EV-11 and EV-12. */
static void vectors(const struct sample *s)
{
    uint8_t out[REPORT_DATA_LEN], wanted[REPORT_DATA_LEN], digest[SHA256_LEN], public_key[X25519_LEN];
    unhex(wanted, "f94604928ff32731f59dc593373bc3ca8ab2a8ccff43003af66e3e9820f67975");
    check(keyset_digest(digest, &s->keyset) == STATUS_OK && memcmp(digest, wanted, 32) == 0, "EV-8: keyset digest");
    report_data_for_client(out, s->nonce, digest);
    unhex(wanted, "a5ffac23e6417af9462309474cdc7c60283d236d0fd38b4f3cdb5c5f55852dd8"
                  "69b5571bfb0de2baaaaa012e1e87e4ed3b50a83ce13b646b94a1b311355839db");
    check(memcmp(out, wanted, sizeof out) == 0, "EV-11: report data for clients");
    memset(public_key, 0xbb, sizeof public_key);
    unhex(wanted, "fca131b0b0cd8332e33a9d7b06ca29de9e0ea249c81035258d4c6448cf4134a3"
                  "5044f21fb0b55391ec55e4786bb03b1375e85a5204bdeded04cc10ed541bf236");
    check(report_data_for_release(out, s->nonce, public_key, s->keyset.model_root, "model data key") == STATUS_OK &&
              memcmp(out, wanted, sizeof out) == 0,
          "EV-12: report data for a release");
    check(report_data_for_release(out, s->nonce, public_key, s->keyset.model_root, "model data ke") == STATUS_OK &&
              memcmp(out, wanted, sizeof out) != 0,
          "EV-12: another purpose, another value");
    char purpose[PURPOSE_LEN_MAX + 2];
    memset(purpose, 'x', sizeof purpose);
    purpose[PURPOSE_LEN_MAX + 1] = '\0';
    check(report_data_for_release(out, s->nonce, public_key, s->keyset.model_root, purpose) == STATUS_USAGE,
          "a purpose over 64 bytes is refused");
}

int main(void)
{
    static struct sample s;
    check(sample_init(&s), "the sample is made");
    digests(&s);
    refused(&s);
    vectors(&s);
    return tap_done();
}
