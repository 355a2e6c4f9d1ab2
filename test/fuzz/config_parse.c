/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration that is taken is within every bound; one that is refused leaves nothing behind. */
#include "enclave/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static bool ends(const char *text, size_t size)
{
    return text[0] != '\0' && memchr(text, '\0', size) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct config nothing;
    struct config c;
    struct reason why = {{0}};
    if (config_parse(&c, bytes, len, &why) != STATUS_OK) {
        demand(why.text[0] != '\0' && memcmp(&c, &nothing, sizeof c) == 0);
        return 0;
    }
    demand(ends(c.listen, sizeof c.listen) && ends(c.model_path, sizeof c.model_path) &&
           ends(c.model_name, sizeof c.model_name) && ends(c.simulator_key_path, sizeof c.simulator_key_path));
    demand(c.evidence == EVIDENCE_SIMULATOR && (c.raw_key || ends(c.broker.host, sizeof c.broker.host)));
    demand(c.threads >= 1 && c.threads <= 256 && c.sequences >= 1 && c.sequences <= 256 && c.context != 1 &&
           c.context <= 1U << 20 && c.kv_cache <= CACHE_F32 && c.kv_cache_bytes <= 1ULL << 50 &&
           c.batch >= c.sequences && c.batch <= 4096 && c.egress_bits_per_hour >= 1 && c.user_base >= 1000);
    return 0;
}
