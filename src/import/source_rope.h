/* SPDX-License-Identifier: Apache-2.0 */
/* The rotary embedding that config.json describes: base, scaling, factors.  spec/import.md, IMP-33. */
#ifndef IMPORT_SOURCE_ROPE_H
#define IMPORT_SOURCE_ROPE_H

#include "import/fields.h"
#include "import/source_config.h"

/* Fills c->rope from rope_theta, rope_scaling or rope_parameters of f; c's dimensions are set.  A failure is f's. */
void source_rope_read(struct source_config *c, struct arena *a, struct fields *f);

#endif
