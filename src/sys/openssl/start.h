/* SPDX-License-Identifier: Apache-2.0 */
/* Starting libcrypto and libssl so that nothing outside the program decides what they do. */
#ifndef SYS_OPENSSL_START_H
#define SYS_OPENSSL_START_H

#include "core/base/status.h"

/* To be called first in every main: no configuration file is read (OPENSSL_CONF and openssl.cnf could change
 * algorithms), nothing is registered to run at exit.  STATUS_BROKEN when the libraries do not start. */
must_check enum status openssl_start(void);

#endif
