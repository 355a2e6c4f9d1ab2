/* SPDX-License-Identifier: Apache-2.0 */
/* Another reader of JSON, apart because its names are those of ours. */
#ifndef TEST_GRAMMAR_JANSSON_H
#define TEST_GRAMMAR_JANSSON_H

#include <stdbool.h>
#include <stddef.h>

bool jansson_reads(const void *text, size_t len);

#endif
