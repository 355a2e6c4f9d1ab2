/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister tokenize` and `cloister detokenize`: a model's tokenizer by hand. */
#ifndef CLIENT_TOKENIZE_H
#define CLIENT_TOKENIZE_H

#include "sys/command.h"

extern const struct command tokenize_commands[];

#endif
