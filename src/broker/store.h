/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's database: settings, wrapped data keys, policies.  SQLite in WAL mode, every commit synced, strict
 * tables.  It holds no secret in the clear (spec/release.md, section 5). */
#ifndef BROKER_STORE_H
#define BROKER_STORE_H

#include "broker/kek.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/evidence/claims.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_NAME_MAX = 64 };

struct store;

/* STATUS_NOT_FOUND, STATUS_UNSUPPORTED (another schema), STATUS_MALFORMED (damaged), STATUS_BUSY, STATUS_LIMIT (disk
 * full), STATUS_IO.  create makes a new one. */
must_check enum status store_create(struct store **store, const char *path, struct reason *why);
must_check enum status store_open(struct store **store, const char *path, struct reason *why);
void store_close(struct store *store); /* accepts NULL */

/* Small values by name.  Reading: STATUS_NOT_FOUND; STATUS_LIMIT when it does not fit. */
must_check enum status store_set(struct store *store, const char *name, const void *value, size_t value_len,
                                 struct reason *why);
/* Sets it unless what is there is greater, byte for byte. */
must_check enum status store_raise(struct store *store, const char *name, const void *value, size_t value_len,
                                   struct reason *why);
must_check enum status store_get(struct store *store, const char *name, void *value, size_t value_capacity,
                                 size_t *value_len, struct reason *why);

/* A sealed file's data key, wrapped.  Adding: STATUS_EXISTS. */
must_check enum status store_add_key(struct store *store, const uint8_t model_root[static MODEL_ROOT_LEN],
                                     const uint8_t key_id[static RELEASE_KEY_ID_LEN],
                                     const uint8_t wrapped[static KEK_WRAPPED_LEN], struct reason *why);
must_check enum status store_get_key(struct store *store, uint8_t wrapped[static KEK_WRAPPED_LEN],
                                     const uint8_t model_root[static MODEL_ROOT_LEN],
                                     const uint8_t key_id[static RELEASE_KEY_ID_LEN], struct reason *why);

/* Policies by name; setting replaces.  Removing: STATUS_NOT_FOUND. */
must_check enum status store_set_policy(struct store *store, const char *name, const void *text, size_t text_len,
                                        struct reason *why);
must_check enum status store_remove_policy(struct store *store, const char *name, struct reason *why);

/* Calls visit for each policy in the order of the names until it returns false. */
typedef bool store_visit_policy(void *context, const char *name, const char *text, size_t text_len);
must_check enum status store_each_policy(struct store *store, store_visit_policy *visit, void *context,
                                         struct reason *why);

/* Calls visit for each key. */
typedef void store_visit_key(void *context, const uint8_t *model_root, const uint8_t *key_id);
must_check enum status store_each_key(struct store *store, store_visit_key *visit, void *context, struct reason *why);

#endif
