/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness from the kernel. */
#ifndef SYS_RANDOM_H
#define SYS_RANDOM_H

#include <stddef.h>

/* Fills len bytes with getrandom(2).  Ends the process when the kernel has none to give: no caller could go on. */
void random_bytes(void *out, size_t len);

#endif
