/* SPDX-License-Identifier: Apache-2.0 */
/* A broker's directory: made whole or not at all, opened with just the access that a command needs. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "broker/audit_log.h"
#include "broker/kek.h"
#include "broker/store.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/x25519.h"
#include "core/evidence/evidence.h"
#include <stdbool.h>

enum { BROKER_PATH_MAX = 1024 };

enum broker_access {
    BROKER_LOCKED,   /* everything but secrets */
    BROKER_UNLOCKED, /* KEK and identity too */
};

struct broker {
    char directory[BROKER_PATH_MAX];
    struct store *store;
    struct audit_log log;
    struct trust_anchors anchors;
    bool unlocked;
    struct kek kek;                 /* secret */
    struct x25519_private identity; /* secret; sealed models are wrapped for its public half */
};

/* Makes the directory with keys, database and log beside its name and renames it into place, so a kill at any point
 * leaves nothing or all.  source->file NULL: the KEK lies in the directory.  STATUS_EXISTS when something other than
 * an empty directory is there. */
must_check enum status broker_create(const char *directory, const struct kek_source *source,
                                     const struct trust_anchors *anchors, struct reason *why);

/* Opens and verifies the audit log.  b is closed on error.  STATUS_REFUSED for a wrong KEK or a directory that others
 * can enter; STATUS_FORGED or _MALFORMED for a damaged log. */
must_check enum status broker_open(struct broker *b, const char *directory, enum broker_access access,
                                   const struct kek_source *source, struct reason *why);

/* Sets record->time, appends it to the log, syncs, and notes the new head in the database.  Unless this is STATUS_OK
 * nothing that the record tells of may happen. */
must_check enum status broker_record(struct broker *b, struct audit_record *record, struct reason *why);

/* Sets the simulator's root that evidence must be signed by. */
must_check enum status broker_set_simulator_root(struct broker *b, const uint8_t root[static 32], struct reason *why);

/* The last record that the database knows of. */
must_check enum status broker_load_head(struct audit_head *head, struct store *store, struct reason *why);

/* The path of a file in the directory. */
must_check enum status broker_path(char out[static BROKER_PATH_MAX], const char *directory, const char *name,
                                   struct reason *why);

/* Wipes and closes; accepts one that was never opened when it is zeroed. */
void broker_close(struct broker *b);

#endif
