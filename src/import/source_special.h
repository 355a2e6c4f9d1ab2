/* SPDX-License-Identifier: Apache-2.0 */
/* Which tokens begin, end and part texts, which end a generation, and which take the white space beside them.
 * spec/import.md, IMP-52, IMP-54 and IMP-57. */
#ifndef IMPORT_SOURCE_SPECIAL_H
#define IMPORT_SOURCE_SPECIAL_H

#include "core/codec/json.h"
#include "import/builder.h"
#include "import/source_rules.h"
#include "import/source_vocabulary.h"

/* The files of a folder; all but the first may be NULL. */
struct source_files {
    const struct json *tokenizer, *settings, *config, *generation;
};

/* Adds the keys. */
void source_special_write(struct builder *b, const struct source_files *f, const struct source_vocabulary *v,
                          enum source_model model);

#endif
