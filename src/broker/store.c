/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum {
    STORE_SCHEMA = 1,
    STORE_APPLICATION = 0x434c4252, /* "CLBR" */
    STORE_BUSY_MS = 5000,
};

struct store {
    sqlite3 *db;
};

static const char schema[] =
    "PRAGMA application_id=1129071186;" /* STORE_APPLICATION */
    "BEGIN IMMEDIATE;"
    "CREATE TABLE settings(name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE keys(model_root BLOB NOT NULL CHECK(length(model_root)=32),"
    " key_id BLOB NOT NULL CHECK(length(key_id)=16), wrapped BLOB NOT NULL CHECK(length(wrapped)=60),"
    " PRIMARY KEY(model_root, key_id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE policies(name TEXT PRIMARY KEY NOT NULL, text BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version=1;"
    "COMMIT;";

static enum status wrong(const struct store *store, int code, struct reason *why)
{
    reason_set(why, "the broker's database: ", sqlite3_errmsg(store->db), NULL);
    switch (code & 0xff) {
    case SQLITE_FULL: reason_add(why, ": make room and try again"); return STATUS_LIMIT;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN: reason_add(why, ": the broker's directory must be there and writable"); return STATUS_IO;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return STATUS_BUSY;
    case SQLITE_NOMEM: return STATUS_NO_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: reason_add(why, ": restore it from a copy"); return STATUS_MALFORMED;
    case SQLITE_CONSTRAINT: return STATUS_EXISTS;
    default: return STATUS_IO;
    }
}

static enum status execute(struct store *store, const char *sql, struct reason *why)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? STATUS_OK : wrong(store, code, why);
}

static enum status open_database(struct store **out, const char *path, int flags, struct reason *why)
{
    struct store *store = calloc(1, sizeof *store);
    *out = NULL;
    if (store == NULL) {
        reason_set(why, "out of memory", NULL);
        return STATUS_NO_MEMORY;
    }
    int code = sqlite3_open_v2(path, &store->db, flags | SQLITE_OPEN_FULLMUTEX, NULL);
    enum status status = code == SQLITE_OK ? STATUS_OK : wrong(store, code, why);
    if (status == STATUS_OK) {
        sqlite3_extended_result_codes(store->db, 1);
        sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        status = execute(store,
                         "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA journal_mode=WAL;"
                         "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
                         why);
    }
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    *out = store;
    return STATUS_OK;
}

enum status store_create(struct store **store, const char *path, struct reason *why)
{
    enum status status = open_database(store, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, why);
    if (status == STATUS_OK)
        status = execute(*store, schema, why);
    if (status != STATUS_OK) {
        store_close(*store);
        *store = NULL;
    }
    return status;
}

static enum status read_number(struct store *store, const char *sql, int64_t *out, struct reason *why)
{
    sqlite3_stmt *statement = NULL;
    *out = 0;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum status status = STATUS_OK;
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    else
        status = wrong(store, code, why);
    sqlite3_finalize(statement);
    return status;
}

static enum status check_schema(struct store *store, struct reason *why)
{
    int64_t application, version;
    enum status status = read_number(store, "PRAGMA application_id", &application, why);
    if (status == STATUS_OK)
        status = read_number(store, "PRAGMA user_version", &version, why);
    if (status != STATUS_OK)
        return status;
    if (application != STORE_APPLICATION) {
        reason_set(why, "broker.db is not a broker's database", NULL);
        return STATUS_MALFORMED;
    }
    if (version != STORE_SCHEMA) {
        reason_set(why, "the broker's database has schema ", NULL);
        reason_add_u64(why, (uint64_t)version);
        reason_add(why, "; this build reads 1");
        return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

enum status store_open(struct store **store, const char *path, struct reason *why)
{
    enum status status = open_database(store, path, SQLITE_OPEN_READWRITE, why);
    if (status == STATUS_OK)
        status = check_schema(*store, why);
    if (status != STATUS_OK) {
        store_close(*store);
        *store = NULL;
    }
    return status;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    sqlite3_close_v2(store->db);
    free(store);
}

/* ---- statements: prepare, bind in order, step, finalize ---- */

struct value {
    const void *bytes; /* text when is_text */
    size_t len;
    bool is_text;
};

static enum status prepare(struct store *store, sqlite3_stmt **statement, const char *sql, const struct value *values,
                           int values_n, struct reason *why)
{
    int code = sqlite3_prepare_v2(store->db, sql, -1, statement, NULL);
    for (int i = 0; code == SQLITE_OK && i < values_n; i++) {
        if (values[i].is_text)
            code = sqlite3_bind_text64(*statement, i + 1, values[i].bytes, values[i].len, SQLITE_STATIC, SQLITE_UTF8);
        else
            code = sqlite3_bind_blob64(*statement, i + 1, values[i].bytes, values[i].len, SQLITE_STATIC);
    }
    return code == SQLITE_OK ? STATUS_OK : wrong(store, code, why);
}

/* Runs a statement that changes rows; STATUS_NOT_FOUND when it changed none. */
static enum status change(struct store *store, const char *sql, const struct value *values, int values_n,
                          struct reason *why)
{
    sqlite3_stmt *statement = NULL;
    enum status status = prepare(store, &statement, sql, values, values_n, why);
    if (status == STATUS_OK) {
        int code = sqlite3_step(statement);
        if (code != SQLITE_DONE)
            status = wrong(store, code, why);
        else if (sqlite3_changes(store->db) == 0)
            status = STATUS_NOT_FOUND;
    }
    sqlite3_finalize(statement);
    return status;
}

/* Copies the one blob that a query finds. */
static enum status find(struct store *store, void *out, size_t capacity, size_t *out_len, const char *sql,
                        const struct value *values, int values_n, struct reason *why)
{
    sqlite3_stmt *statement = NULL;
    *out_len = 0;
    enum status status = prepare(store, &statement, sql, values, values_n, why);
    int code = status == STATUS_OK ? sqlite3_step(statement) : SQLITE_DONE;
    if (status == STATUS_OK && code == SQLITE_DONE) {
        reason_set(why, "the broker's database has no such row", NULL);
        status = STATUS_NOT_FOUND;
    } else if (status == STATUS_OK && code != SQLITE_ROW) {
        status = wrong(store, code, why);
    } else if (status == STATUS_OK) {
        const void *blob = sqlite3_column_blob(statement, 0);
        size_t len = (size_t)sqlite3_column_bytes(statement, 0);
        if (len > capacity) {
            reason_set(why, "the broker's database holds a value that is too long", NULL);
            status = STATUS_LIMIT;
        } else if (len != 0) {
            memcpy(out, blob, len);
            *out_len = len;
        }
    }
    sqlite3_finalize(statement);
    return status;
}

enum status store_set(struct store *store, const char *name, const void *value, size_t value_len, struct reason *why)
{
    const struct value values[] = {{name, strlen(name), true}, {value, value_len, false}};
    return change(store, "INSERT INTO settings VALUES(?,?) ON CONFLICT(name) DO UPDATE SET value=excluded.value",
                  values, 2, why);
}

enum status store_raise(struct store *store, const char *name, const void *value, size_t value_len, struct reason *why)
{
    const struct value values[] = {{name, strlen(name), true}, {value, value_len, false}};
    enum status status = change(store,
                                "INSERT INTO settings VALUES(?,?) ON CONFLICT(name) DO UPDATE SET"
                                " value=excluded.value WHERE excluded.value > value",
                                values, 2, why);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* another process has gone further */
}

enum status store_get(struct store *store, const char *name, void *value, size_t value_capacity, size_t *value_len,
                      struct reason *why)
{
    const struct value values[] = {{name, strlen(name), true}};
    return find(store, value, value_capacity, value_len, "SELECT value FROM settings WHERE name=?", values, 1, why);
}

enum status store_add_key(struct store *store, const uint8_t model_root[static MODEL_ROOT_LEN],
                          const uint8_t key_id[static RELEASE_KEY_ID_LEN],
                          const uint8_t wrapped[static KEK_WRAPPED_LEN], struct reason *why)
{
    const struct value values[] = {
        {model_root, MODEL_ROOT_LEN, false}, {key_id, RELEASE_KEY_ID_LEN, false}, {wrapped, KEK_WRAPPED_LEN, false}};
    return change(store, "INSERT INTO keys VALUES(?,?,?)", values, 3, why);
}

enum status store_get_key(struct store *store, uint8_t wrapped[static KEK_WRAPPED_LEN],
                          const uint8_t model_root[static MODEL_ROOT_LEN],
                          const uint8_t key_id[static RELEASE_KEY_ID_LEN], struct reason *why)
{
    const struct value values[] = {{model_root, MODEL_ROOT_LEN, false}, {key_id, RELEASE_KEY_ID_LEN, false}};
    size_t len;
    memset(wrapped, 0, KEK_WRAPPED_LEN);
    enum status status = find(store, wrapped, KEK_WRAPPED_LEN, &len,
                              "SELECT wrapped FROM keys WHERE model_root=? AND key_id=?", values, 2, why);
    if (status == STATUS_OK && len != KEK_WRAPPED_LEN) {
        reason_set(why, "the broker's database holds a damaged key", NULL);
        status = STATUS_MALFORMED;
    }
    return status;
}

enum status store_set_policy(struct store *store, const char *name, const void *text, size_t text_len,
                             struct reason *why)
{
    const struct value values[] = {{name, strlen(name), true}, {text, text_len, false}};
    return change(store, "INSERT INTO policies VALUES(?,?) ON CONFLICT(name) DO UPDATE SET text=excluded.text", values,
                  2, why);
}

enum status store_remove_policy(struct store *store, const char *name, struct reason *why)
{
    const struct value values[] = {{name, strlen(name), true}};
    enum status status = change(store, "DELETE FROM policies WHERE name=?", values, 1, why);
    if (status == STATUS_NOT_FOUND)
        reason_set(why, "there is no policy named ", name, NULL);
    return status;
}

enum status store_each_policy(struct store *store, store_visit_policy *visit, void *context, struct reason *why)
{
    sqlite3_stmt *statement = NULL;
    enum status status = prepare(store, &statement, "SELECT name, text FROM policies ORDER BY name", NULL, 0, why);
    while (status == STATUS_OK) {
        int code = sqlite3_step(statement);
        if (code == SQLITE_DONE)
            break;
        if (code != SQLITE_ROW) {
            status = wrong(store, code, why);
            break;
        }
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        const char *text = sqlite3_column_blob(statement, 1);
        size_t text_len = (size_t)sqlite3_column_bytes(statement, 1);
        if (name == NULL || !visit(context, name, text == NULL ? "" : text, text_len))
            break;
    }
    sqlite3_finalize(statement);
    return status;
}

enum status store_each_key(struct store *store, store_visit_key *visit, void *context, struct reason *why)
{
    sqlite3_stmt *statement = NULL;
    enum status status =
        prepare(store, &statement, "SELECT model_root, key_id FROM keys ORDER BY model_root, key_id", NULL, 0, why);
    while (status == STATUS_OK) {
        int code = sqlite3_step(statement);
        if (code == SQLITE_DONE)
            break;
        if (code != SQLITE_ROW)
            status = wrong(store, code, why);
        else if (sqlite3_column_bytes(statement, 0) == MODEL_ROOT_LEN &&
                 sqlite3_column_bytes(statement, 1) == RELEASE_KEY_ID_LEN)
            visit(context, sqlite3_column_blob(statement, 0), sqlite3_column_blob(statement, 1));
    }
    sqlite3_finalize(statement);
    return status;
}
