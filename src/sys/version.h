/* SPDX-License-Identifier: Apache-2.0 */
/* Which release this is: `--version` and the manual pages print it. */
#ifndef SYS_VERSION_H
#define SYS_VERSION_H

#define CLOISTER_VERSION      "0.1.0"
#define CLOISTER_VERSION_DATE "2026-11-21"

#endif
