/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory this machine has left, so that what cannot be had is refused before the kernel ends a process. */
#ifndef SYS_MEMORY_H
#define SYS_MEMORY_H

#include <stdint.h>

/* Bytes that can be taken without swapping: what /proc/meminfo calls available, and no more than the control group
 * (version 2) of this process leaves; 0 when the kernel does not tell.  root: "" for this machine, or a folder with a
 * /proc and a /sys of its own. */
uint64_t memory_available(const char *root);

#endif
