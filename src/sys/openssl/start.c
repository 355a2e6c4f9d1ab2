/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/openssl/start.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

enum status openssl_start(void)
{
    const OPENSSL_INIT_SETTINGS *defaults = NULL;
    int started = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, defaults) == 1 &&
                  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, defaults) == 1;
    return started ? STATUS_OK : STATUS_BROKEN;
}
