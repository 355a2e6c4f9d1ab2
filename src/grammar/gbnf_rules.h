/* SPDX-License-Identifier: Apache-2.0 */
/* A GBNF expression of our own, without names, inside a rule that is being written.  Private to the folder. */
#ifndef GRAMMAR_GBNF_RULES_H
#define GRAMMAR_GBNF_RULES_H

#include "grammar/build.h"

/* ranges: [BUILD_RANGES_MAX + 1], overwritten. */
void gbnf_expression(struct build *b, const char *text, struct code_range *ranges);

#endif
