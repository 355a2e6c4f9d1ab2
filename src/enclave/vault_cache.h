/* SPDX-License-Identifier: Apache-2.0 */
/* How much KV cache the vault takes (spec/enclave.md, section 1): a sequence's longest length and the pages of all. */
#ifndef ENCLAVE_VAULT_CACHE_H
#define ENCLAVE_VAULT_CACHE_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "enclave/setup.h"
#include "engine/engine.h"

/* Sets context_max, pages_max and cache of *o.  Afterwards one sequence of context_max tokens fits the pages, so that
 * whatever fits the context can be admitted once the others have ended.  STATUS_LIMIT: "kv_cache_bytes" holds less
 * than that; STATUS_BROKEN: no such type of cache.  Whether the memory is to be had is another question. */
must_check enum status vault_cache_choose(struct engine_options *o, const struct model *m,
                                          const struct vault_setup *setup, struct reason *why);

#endif
