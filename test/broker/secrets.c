/* SPDX-License-Identifier: Apache-2.0 */
/* Key-encryption key, store and nonces: RL-1, RL-2, RL-8, RL-9. */
#include "broker/broker.h"
#include "broker/nonces.h"

#include "core/base/constant_time.h"
#include "tap.h"

#include <sqlite3.h>
#include <sys/stat.h>

static char folder[64];
static char paths[8][128];

static const char *in_folder(int slot, const char *name)
{
    snprintf(paths[slot], sizeof paths[slot], "%s/%s", folder, name);
    return paths[slot];
}

static void put_text(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static void wrapping(void)
{
    struct kek kek, other;
    struct kek_binding binding = {.purpose = RELEASE_PURPOSE}, changed;
    uint8_t secret[KEK_SECRET_LEN], wrapped[KEK_WRAPPED_LEN], again[KEK_WRAPPED_LEN], out[KEK_SECRET_LEN];
    const uint8_t none[KEK_SECRET_LEN] = {0};
    memset(&kek, 1, sizeof kek);
    memset(&other, 2, sizeof other);
    memset(secret, 0xd0, sizeof secret);
    memset(binding.model_root, 0x77, sizeof binding.model_root);
    check(kek_wrap(wrapped, &kek, &binding, secret) == STATUS_OK &&
              kek_unwrap(out, &kek, &binding, wrapped) == STATUS_OK && memcmp(out, secret, sizeof out) == 0,
          "RL-8: a key wraps and unwraps");
    check(kek_wrap(again, &kek, &binding, secret) == STATUS_OK && memcmp(again, wrapped, sizeof again) != 0,
          "RL-8: under a fresh nonce each time");
    check(memmem(wrapped, sizeof wrapped, secret, 8) == NULL, "RL-8: and is not there in the clear");
    size_t wrong = 0;
    for (size_t bit = 0; bit < sizeof wrapped * 8; bit++) {
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
        memset(out, 0xff, sizeof out);
        wrong += kek_unwrap(out, &kek, &binding, wrapped) != STATUS_FORGED || memcmp(out, none, sizeof out) != 0;
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    check(wrong == 0, "RL-8: each of its bits flipped is refused");
    check(kek_unwrap(out, &other, &binding, wrapped) == STATUS_FORGED, "RL-8: not under another KEK");
    changed = binding;
    changed.model_root[0] ^= 1;
    check(kek_unwrap(out, &kek, &changed, wrapped) == STATUS_FORGED, "RL-8: not for another model");
    changed = binding;
    changed.key_id[0] ^= 1;
    check(kek_unwrap(out, &kek, &changed, wrapped) == STATUS_FORGED, "RL-8: not for another file");
    changed = binding;
    changed.purpose = "broker identity";
    check(kek_unwrap(out, &kek, &changed, wrapped) == STATUS_FORGED, "RL-8: not for another purpose");
}

static void kek_files(void)
{
    struct kek kek, again;
    struct kek_record record, parsed;
    struct kek_source source = {.file = in_folder(0, "kek")};
    struct reason why;
    struct stat st;
    uint8_t bytes[KEK_RECORD_LEN];
    check(kek_create(&kek, &record, &source, &why) == STATUS_OK && stat(source.file, &st) == 0 &&
              (st.st_mode & 0777) == 0600,
          "RL-9: a KEK file is made for its owner alone");
    check(kek_open(&again, &record, &source, &why) == STATUS_OK && memcmp(&kek, &again, sizeof kek) == 0,
          "and opened again");
    check(kek_create(&again, &record, &source, &why) == STATUS_OK && memcmp(&kek, &again, sizeof kek) == 0,
          "and not replaced by a second init");
    chmod(source.file, 0640);
    check(kek_open(&again, &record, &source, &why) == STATUS_REFUSED && strstr(why.text, "chmod 600") != NULL,
          "RL-9: one that others can read is refused");
    put_text(source.file, "not a key\n", 0600);
    check(kek_open(&again, &record, &source, &why) == STATUS_MALFORMED, "one that is no key is refused");
    put_text(source.file, "", 0600);
    check(kek_open(&again, &record, &source, &why) == STATUS_MALFORMED, "an empty one is refused");
    struct kek_source phrase = {.passphrase_file = in_folder(1, "phrase")};
    check(kek_open(&again, &record, &phrase, &why) == STATUS_USAGE, "a passphrase does not open a file's KEK");
    put_text(phrase.passphrase_file, "correct horse battery\n", 0600);
    check(kek_create(&kek, &record, &phrase, &why) == STATUS_OK && record.kind == KEK_PASSPHRASE && record.log2_n == 17,
          "RL-9: a passphrase makes one by scrypt");
    check(kek_open(&again, &record, &phrase, &why) == STATUS_OK && memcmp(&kek, &again, sizeof kek) == 0,
          "the same passphrase, with or without its newline, makes the same");
    put_text(phrase.passphrase_file, "correct horse batterz", 0600);
    check(kek_open(&again, &record, &phrase, &why) == STATUS_OK && memcmp(&kek, &again, sizeof kek) != 0,
          "another passphrase another");
    put_text(phrase.passphrase_file, "short\n", 0600);
    check(kek_create(&kek, &record, &phrase, &why) == STATUS_USAGE, "a short passphrase is refused");
    kek_record_write(bytes, &record);
    check(kek_record_parse(&parsed, bytes, sizeof bytes, &why) == STATUS_OK &&
              memcmp(parsed.salt, record.salt, sizeof record.salt) == 0,
          "the record is kept");
    for (size_t len = 0; len < sizeof bytes; len++)
        if (kek_record_parse(&parsed, bytes, len, &why) == STATUS_OK)
            check(false, "a record cut to %zu bytes", len);
    bytes[0] = 3;
    check(kek_record_parse(&parsed, bytes, sizeof bytes, &why) == STATUS_MALFORMED, "an unknown kind is refused");
}

static void stores(void)
{
    struct store *store = NULL;
    struct reason why;
    uint8_t root[32] = {1}, id[16] = {2}, wrapped[KEK_WRAPPED_LEN] = {3}, out[KEK_WRAPPED_LEN];
    size_t len;
    const char *path = in_folder(2, "broker.db");
    check(store_open(&store, path, &why) != STATUS_OK && store == NULL, "a database that is not there is not made");
    check(store_create(&store, path, &why) == STATUS_OK, "one is made");
    check(store_get(store, "a", out, sizeof out, &len, &why) == STATUS_NOT_FOUND, "a setting that is not there");
    check(store_set(store, "a", "one", 3, &why) == STATUS_OK && store_set(store, "a", "two", 3, &why) == STATUS_OK &&
              store_get(store, "a", out, sizeof out, &len, &why) == STATUS_OK && len == 3 && memcmp(out, "two", 3) == 0,
          "a setting is replaced");
    check(store_raise(store, "a", "tww", 3, &why) == STATUS_OK &&
              store_raise(store, "a", "abc", 3, &why) == STATUS_OK &&
              store_get(store, "a", out, sizeof out, &len, &why) == STATUS_OK && memcmp(out, "tww", 3) == 0,
          "one that only rises does not fall");
    check(store_get(store, "a", out, 2, &len, &why) == STATUS_LIMIT, "one that does not fit is told");
    check(store_get_key(store, out, root, id, &why) == STATUS_NOT_FOUND, "a key that is not there");
    check(store_add_key(store, root, id, wrapped, &why) == STATUS_OK &&
              store_get_key(store, out, root, id, &why) == STATUS_OK && memcmp(out, wrapped, sizeof out) == 0,
          "a key is kept");
    check(store_add_key(store, root, id, wrapped, &why) == STATUS_EXISTS, "and not replaced");
    check(store_remove_policy(store, "p", &why) == STATUS_NOT_FOUND, "a policy that is not there");
    store_close(store);
    sqlite3 *db = NULL;
    check(sqlite3_open(path, &db) == SQLITE_OK &&
              sqlite3_exec(db, "INSERT INTO keys VALUES(1,2,3)", NULL, NULL, NULL) != SQLITE_OK,
          "tables are strict");
    sqlite3_exec(db, "PRAGMA user_version=2", NULL, NULL, NULL);
    sqlite3_close(db);
    check(store_open(&store, path, &why) == STATUS_UNSUPPORTED && strstr(why.text, "schema 2") != NULL,
          "another schema is refused");
    put_text(path, "this is no database, but long enough to be taken for the first page of one", 0600);
    check(store_open(&store, path, &why) == STATUS_MALFORMED, "a damaged database is refused: %s", why.text);
}

static void nonce_list(void)
{
    static struct nonces list;
    uint8_t nonce[EVIDENCE_NONCE_LEN] = {0};
    nonces_init(&list);
    check(nonces_use(&list, nonce, 0) == STATUS_REFUSED, "RL-1: a nonce that was never issued is refused");
    check(nonces_add(&list, nonce, 1000) == STATUS_OK && nonces_use(&list, nonce, 60999) == STATUS_OK,
          "RL-1: one is accepted within 60 s");
    check(nonces_use(&list, nonce, 60999) == STATUS_REFUSED, "RL-1: once");
    check(nonces_add(&list, nonce, 1000) == STATUS_OK && nonces_use(&list, nonce, 61000) == STATUS_STALE,
          "RL-1: after 60 s it is stale");
    check(nonces_use(&list, nonce, 61000) == STATUS_REFUSED, "RL-2: and used up by that");
    size_t added = 0;
    for (unsigned i = 0; i < NONCES_MAX; i++) {
        memcpy(nonce, &i, sizeof i);
        added += nonces_add(&list, nonce, 100000) == STATUS_OK;
    }
    memset(nonce, 0xff, sizeof nonce);
    check(added == NONCES_MAX && nonces_add(&list, nonce, 100001) == STATUS_BUSY, "RL-1: their number is bounded");
    check(nonces_add(&list, nonce, 160001) == STATUS_OK, "RL-1: and room comes back with time");
}

int main(void)
{
    snprintf(folder, sizeof folder, "/tmp/cloister-secrets-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return 1;
    wrapping();
    kek_files();
    stores();
    nonce_list();
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 || tap_done();
}
