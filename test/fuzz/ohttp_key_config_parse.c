/* SPDX-License-Identifier: Apache-2.0 */
/* A key configuration that parses is written back byte for byte; a list holds what its elements are. */
#include "core/ohttp/ohttp_key_config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct ohttp_key_config config, list[4];
    uint8_t out[OHTTP_KEY_CONFIG_MAX + 2];
    struct writer w;
    size_t n;
    enum aead_kind aead;
    if (ohttp_key_config_parse(&config, bytes, len) == STATUS_OK) {
        writer_init(&w, out, sizeof out);
        ohttp_key_config_write(&w, &config);
        demand(writer_end(&w) == STATUS_OK && writer_len(&w) == len && memcmp(out, bytes, len) == 0);
    } else {
        demand(config.suites_n == 0);
    }
    enum status status = ohttp_key_configs_parse(list, &n, 4, bytes, len);
    demand((status == STATUS_OK) == (n != 0) && n <= 4);
    for (size_t i = 0; i < n; i++) {
        struct ohttp_key_config again;
        size_t again_n;
        writer_init(&w, out, sizeof out);
        ohttp_key_config_write_element(&w, &list[i]);
        demand(ohttp_key_configs_parse(&again, &again_n, 1, out, writer_len(&w)) == STATUS_OK &&
               memcmp(&again, &list[i], sizeof again) == 0);
        if (ohttp_key_config_choose(&aead, &list[i]) == STATUS_OK)
            demand(ohttp_key_config_check(&list[i], aead) == STATUS_OK);
    }
    return 0;
}
