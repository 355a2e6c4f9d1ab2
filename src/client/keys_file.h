/* SPDX-License-Identifier: Apache-2.0 */
/* The key files of the tool (formats: core/seal/recipient.h), and which key opens a sealed model. */
#ifndef CLIENT_KEYS_FILE_H
#define CLIENT_KEYS_FILE_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/seal/recipient.h"
#include "sys/command.h"
#include "sys/model_stream.h"
#include <stdbool.h>

/* Secret files are refused when others than their owner may read them (STATUS_REFUSED). */
must_check enum status keys_raw_key_read(struct seal_raw_key *key, const char *path, struct reason *why);
must_check enum status keys_identity_read(struct x25519_private *identity, const char *path, struct reason *why);
must_check enum status keys_recipient_read(struct seal_recipient *recipient, const char *path, struct reason *why);

/* why = "PATH: " and what it says already. */
void keys_name_file(struct reason *why, const char *path);

/* MODEL_KEY_BASE64: *given says whether it is set; it is wiped from the environment, and a warning on standard error
 * says why it is the weaker way. */
must_check enum status keys_raw_key_from_environment(struct seal_raw_key *key, bool *given, struct reason *why);

/* The data key of s, with the key that line's --raw-key or --identity (or else the environment) gives.  Checks the
 * header.  STATUS_USAGE when none is given. */
must_check enum status keys_open(struct seal_dek *dek, const struct model_stream *s, const struct command_line *line,
                                 struct reason *why);

/* STATUS_EXISTS when something is at path and force is not set: told before hours of work, not after. */
must_check enum status keys_check_output(const char *path, bool force, struct reason *why);

#endif
