/* SPDX-License-Identifier: Apache-2.0 */
/* Wraps, slots and key files (spec/sealed-model.md SM-19 to SM-34). */
#include "core/seal/wraps.h"

#include "core/seal/fixture.h"
#include "tap.h"

static void test_unwrap(void)
{
    struct fixture f, other;
    struct seal_dek dek;
    fixture_open(&f, 10, 30);
    fixture_open(&other, 10, 40);
    check(seal_unwrap_private(&dek, &f.wraps, &f.identity, f.header_hash) == STATUS_OK &&
              memcmp(&dek, &f.dek, sizeof dek) == 0,
          "SM-22 the identity opens its wrap");
    check(seal_unwrap_raw_key(&dek, &f.wraps, &f.raw_key, f.header_hash) == STATUS_OK &&
              memcmp(&dek, &f.dek, sizeof dek) == 0,
          "SM-23 the raw key opens its wrap");
    check(seal_unwrap_private(&dek, &f.wraps, &other.identity, f.header_hash) == STATUS_NOT_FOUND,
          "another identity finds no wrap");
    check(seal_unwrap_raw_key(&dek, &f.wraps, &other.raw_key, f.header_hash) == STATUS_NOT_FOUND,
          "another raw key finds no wrap");
    check(seal_unwrap_private(&dek, &f.wraps, &f.identity, other.header_hash) == STATUS_FORGED &&
              seal_unwrap_raw_key(&dek, &f.wraps, &f.raw_key, other.header_hash) == STATUS_FORGED,
          "SM-21 a wrap does not open for another header");
    struct seal_wraps renamed = f.wraps;
    seal_recipient_id(renamed.wraps[0].recipient_id, other.recipient.public_key);
    check(seal_unwrap_private(&dek, &renamed, &other.identity, f.header_hash) == STATUS_FORGED,
          "SM-21 SM-20 a wrap does not open for another recipient");
    fixture_close(&f);
    fixture_close(&other);
}

/* With one bit of the list changed, either it does not parse or no key opens anything but the true data key. */
static void test_list(void)
{
    struct fixture f;
    struct seal_wraps wraps;
    struct seal_dek dek;
    uint8_t bytes[1024];
    size_t len;
    fixture_open(&f, 10, 31);
    check(seal_wraps_write(bytes, sizeof bytes, &len, &f.wraps) == STATUS_OK &&
              seal_wraps_parse(&wraps, bytes, len, NULL) == STATUS_OK && wraps.wraps_n == 2,
          "a list is parsed as written");
    bool found = true, cut = true;
    for (size_t bit = 0; bit < len * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (seal_wraps_parse(&wraps, bytes, len, NULL) == STATUS_OK)
            found = found && (seal_unwrap_private(&dek, &wraps, &f.identity, f.header_hash) != STATUS_OK ||
                              seal_unwrap_raw_key(&dek, &wraps, &f.raw_key, f.header_hash) != STATUS_OK);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    check(found, "every bit of a list matters to one of its wraps");
    for (size_t short_len = 0; short_len < len; short_len++) {
        uint8_t *part = guarded_copy(bytes, short_len);
        cut = cut && seal_wraps_parse(&wraps, part, short_len, NULL) != STATUS_OK;
        guarded_free(part, short_len);
    }
    check(cut, "SM-19 a list cut at any length is refused");
    check(seal_wraps_parse(&wraps, bytes, len + 1, NULL) == STATUS_MALFORMED, "SM-19 bytes left over are refused");
    memcpy(bytes + 2 + 20 + SEAL_WRAP_BROKER_LEN, bytes + 2, 20 + SEAL_WRAP_BROKER_LEN);
    check(seal_wraps_parse(&wraps, bytes, 2 + 2 * (20 + SEAL_WRAP_BROKER_LEN), NULL) == STATUS_MALFORMED,
          "SM-19 two wraps for one recipient are refused");
    memcpy(bytes, "\0\0", 2);
    check(seal_wraps_parse(&wraps, bytes, 2, NULL) == STATUS_MALFORMED, "SM-19 an empty list is refused");
    memcpy(bytes,
           "\0\1\0\7\0\3"
           "0123456789abcdef"
           "xyz",
           25);
    check(seal_wraps_parse(&wraps, bytes, 25, NULL) == STATUS_OK && wraps.wraps[0].kind == 7 &&
              seal_wraps_write(bytes, sizeof bytes, &len, &wraps) == STATUS_OK && len == 25,
          "SM-19 a wrap of an unknown kind is carried along");
    fixture_close(&f);
}

static void test_change(void)
{
    struct fixture f, other;
    struct seal_dek dek;
    uint8_t id[SEAL_RECIPIENT_ID_LEN];
    fixture_open(&f, 10, 32);
    fixture_open(&other, 10, 33);
    seal_raw_key_id(id, &f.raw_key);
    check(seal_wraps_remove(&f.wraps, id) == STATUS_OK && f.wraps.wraps_n == 1 &&
              seal_unwrap_raw_key(&dek, &f.wraps, &f.raw_key, f.header_hash) == STATUS_NOT_FOUND,
          "a wrap is removed");
    check(seal_wraps_remove(&f.wraps, id) == STATUS_NOT_FOUND, "and cannot be removed twice");
    check(fixture_wrap(&f, 50) == STATUS_OK && f.wraps.wraps_n == 2, "a wrap for a known recipient replaces the old");
    struct seal_wrap wrap = f.wraps.wraps[0];
    enum status status = STATUS_OK;
    for (unsigned i = 0; status == STATUS_OK && i < 100; i++) {
        wrap.recipient_id[0] = (uint8_t)i;
        status = seal_wraps_add(&f.wraps, &wrap);
    }
    check(status == STATUS_LIMIT && f.wraps.wraps_n == SEAL_WRAPS_MAX, "there is an end to wraps");
    uint8_t slot[SEAL_SLOT_LEN];
    check(seal_slot_write(slot, 9, &f.wraps) == STATUS_OK, "that many fit in a slot");
    fixture_close(&f);
    fixture_close(&other);
}

static enum status parse_area(const uint8_t area[SEAL_SLOTS_N * SEAL_SLOT_LEN], uint64_t *sequence, unsigned *slot)
{
    struct seal_wraps wraps;
    return seal_slots_parse(&wraps, sequence, slot, area, SEAL_SLOTS_N * SEAL_SLOT_LEN, NULL);
}

static void test_slots(void)
{
    static uint8_t area[SEAL_SLOTS_N * SEAL_SLOT_LEN];
    uint8_t *second = area + SEAL_SLOT_LEN;
    struct fixture f;
    uint64_t sequence;
    unsigned slot;
    fixture_open(&f, 10, 34);
    struct seal_exchange_write mark = seal_exchange_step(0, 0, area);
    check(parse_area(area, &sequence, &slot) == STATUS_FORGED, "SM-26 two empty slots are refused");
    memcpy(area, f.file + seal_slot_offset(0), sizeof area);
    check(parse_area(area, &sequence, &slot) == STATUS_OK && sequence == 1 && slot == 0,
          "SM-27 the slots of a new file");
    bool found = true;
    for (size_t bit = 0; bit < sizeof area * 8; bit += bit < 1024 * 8 || bit > SEAL_SLOT_LEN * 8 - 64 ? 1 : 61) {
        area[bit / 8] ^= (uint8_t)(1u << bit % 8);
        found = found && parse_area(area, &sequence, &slot) == STATUS_FORGED;
        area[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (bit > (SEAL_SLOT_LEN + 600) * 8)
            bit += 100; /* the zeros of the empty slot */
    }
    check(found, "SM-24 a changed bit anywhere in the slots is refused");
    memcpy(second, mark.bytes, mark.len);
    memset(second + SEAL_SLOT_HEAD_LEN, 0x5a, 777);
    check(parse_area(area, &sequence, &slot) == STATUS_OK && slot == 0, "SM-25 the body of a marked slot is ignored");
    check(seal_slot_write(second, 2, &f.wraps) == STATUS_OK && parse_area(area, &sequence, &slot) == STATUS_OK &&
              slot == 1 && sequence == 2,
          "SM-26 the higher sequence counts");
    memcpy(area, mark.bytes, mark.len);
    check(parse_area(area, &sequence, &slot) == STATUS_OK && slot == 1, "SM-30 the old slot is marked");
    memcpy(second, mark.bytes, mark.len);
    check(parse_area(area, &sequence, &slot) == STATUS_FORGED, "SM-26 two marked slots are refused");
    memcpy(area, f.file + seal_slot_offset(0), SEAL_SLOT_LEN);
    memcpy(second, area, SEAL_SLOT_LEN);
    check(parse_area(area, &sequence, &slot) == STATUS_FORGED, "SM-26 two live slots of one sequence are refused");
    fixture_close(&f);
}

/* Every point of an exchange at which a crash can stop it: after any step, or within the body of a slot (heads are one
 * sector).  The list that counts is the old or the new one, never none and never a mixture. */
static void test_exchange(void)
{
    static uint8_t area[SEAL_SLOTS_N * SEAL_SLOT_LEN], slot_bytes[SEAL_SLOT_LEN], torn[sizeof area];
    struct fixture f;
    uint64_t sequence, old_sequence = 1;
    unsigned slot;
    bool whole = true, clean = true;
    fixture_open(&f, 10, 35);
    memcpy(area, f.file + seal_slot_offset(0), sizeof area);
    for (unsigned round = 0; round < 3; round++) {
        unsigned old_slot = round % 2;
        if (seal_slot_write(slot_bytes, old_sequence + 1, &f.wraps) != STATUS_OK)
            abort();
        for (unsigned step = 0; step < SEAL_EXCHANGE_STEPS_N; step++) {
            struct seal_exchange_write w = seal_exchange_step(step, old_slot, slot_bytes);
            uint8_t *at = area + (w.offset - SEAL_HEADER_PAGE_LEN);
            for (size_t part = 0; w.len > SEAL_SLOT_HEAD_LEN && part < w.len; part += 1 + part) {
                memcpy(torn, area, sizeof area);
                memcpy(torn + (at - area), w.bytes, part);
                whole = whole && parse_area(torn, &sequence, &slot) == STATUS_OK &&
                        sequence == (step < 2 ? old_sequence : old_sequence + 1);
            }
            memcpy(at, w.bytes, w.len);
            whole = whole && parse_area(area, &sequence, &slot) == STATUS_OK &&
                    sequence == (step < 2 ? old_sequence : old_sequence + 1);
        }
        old_sequence++;
        clean = clean && memcmp(area + (size_t)(1 - old_slot) * SEAL_SLOT_LEN, slot_bytes, SEAL_SLOT_LEN) == 0;
        for (size_t i = 0; i < SEAL_SLOT_LEN; i++)
            clean = clean && area[(size_t)old_slot * SEAL_SLOT_LEN + i] == 0;
    }
    check(whole, "SM-30 a crash at any point of an exchange leaves the old list or the new one");
    check(clean, "SM-30 SM-31 the old list is overwritten");
    fixture_close(&f);
}

struct line {
    const char *text;
    bool good;
};

static const struct line recipients[] = {
    {"cloister-x25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", true},
    {"cloister-x25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", true},
    {"cloister-x25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= broker one", true},
    {"", false},
    {"\n", false},
    {"cloister-x25519", false},
    {"cloister-x25519 ", false},
    {"cloister-x25519  AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", false},
    {"cloister-x25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", false},
    {"cloister-x25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", false},
    {"cloister-x25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-=", false},
    {"cloister-x25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=x", false},
    {"cloister-x25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= ", false},
    {"cloister-x25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=  a", false},
    {"cloister-x25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= a\tb", false},
    {"cloister-x25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= a\n\n", false},
    {"cloister-x25519-private AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", false},
    {"ssh-ed25519 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", false},
};

static const struct line raw_keys[] = {
    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", true},
    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", true},
    {"_-ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", true},
    {"", false},
    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", false},
    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHw==", false},
    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n", false},
    {" AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", false},
    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=AAAA", false},
};

static void test_key_files(void)
{
    struct seal_recipient recipient, again;
    struct seal_raw_key key, key_again;
    struct x25519_private identity, identity_again;
    char text[SEAL_KEY_LINE_MAX];
    size_t len;
    for (size_t i = 0; i < sizeof recipients / sizeof *recipients; i++) {
        enum status status = seal_recipient_parse(&recipient, recipients[i].text, strlen(recipients[i].text), NULL);
        bool same = status != STATUS_OK || (seal_recipient_write(text, &len, &recipient) == STATUS_OK &&
                                            seal_recipient_parse(&again, text, len, NULL) == STATUS_OK &&
                                            memcmp(&again, &recipient, sizeof again) == 0);
        check((status == STATUS_OK) == recipients[i].good && same, "SM-32 public key line %zu", i + 1);
    }
    for (size_t i = 0; i < sizeof raw_keys / sizeof *raw_keys; i++) {
        enum status status = seal_raw_key_parse(&key, raw_keys[i].text, strlen(raw_keys[i].text), NULL);
        seal_raw_key_write(text, &len, &key);
        bool same =
            seal_raw_key_parse(&key_again, text, len, NULL) == STATUS_OK && memcmp(&key, &key_again, sizeof key) == 0;
        check((status == STATUS_OK) == raw_keys[i].good && same, "SM-34 raw key text %zu", i + 1);
    }
    memset(&identity, 7, sizeof identity);
    check(seal_identity_write(text, &len, &identity, "mine") == STATUS_OK &&
              seal_identity_parse(&identity_again, text, len, NULL) == STATUS_OK &&
              memcmp(&identity, &identity_again, sizeof identity) == 0,
          "SM-33 an identity is parsed as written");
    check(seal_recipient_parse(&recipient, text, len, NULL) == STATUS_MALFORMED, "an identity is no public key");
    check(seal_identity_write(text, &len, &identity, "two\nlines") == STATUS_USAGE, "a comment is one line");
}

int main(void)
{
    test_unwrap();
    test_list();
    test_change();
    test_slots();
    test_exchange();
    test_key_files();
    return tap_done();
}
