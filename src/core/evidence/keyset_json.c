/* SPDX-License-Identifier: Apache-2.0 */
/* The keyset as a JSON object: spec/evidence.md, section 6. */
#include "core/evidence/keyset.h"

#include <string.h>

void keyset_write_json(struct json_writer *out, const struct keyset *k)
{
    json_open_object(out);
    json_put_hex(out, "configuration", k->configuration, sizeof k->configuration);
    json_put_hex(out, "engine_hash", k->engine_hash, sizeof k->engine_hash);
    json_put_base64(out, "hpke_config", k->hpke_config,
                    k->hpke_config_len <= KEYSET_HPKE_CONFIG_MAX ? k->hpke_config_len : 0);
    json_key(out, "labels");
    json_open_array(out);
    for (unsigned bit = 0; bit < LABELS_N; bit++)
        if ((k->labels & 1u << bit) != 0)
            json_text(out, label_name(1u << bit));
    json_close(out);
    json_put_hex(out, "model_root", k->model_root, sizeof k->model_root);
    json_put_hex(out, "receipt_key", k->receipt_key, sizeof k->receipt_key);
    json_put_hex(out, "tls_spki_sha256", k->tls_spki_sha256, sizeof k->tls_spki_sha256);
    json_close(out);
}

static enum status parse_hash(uint8_t out[static 32], const struct json *object, const char *name, struct reason *why)
{
    if (json_hex(out, 32, json_get(object, name)) == STATUS_OK)
        return STATUS_OK;
    reason_set(why, "keyset: \"", name, "\" must be 64 hexadecimal digits", NULL);
    return STATUS_MALFORMED;
}

static enum status parse_labels(uint32_t *labels, const struct json *list, struct reason *why)
{
    uint32_t previous = 0;
    if (list == NULL || list->type != JSON_ARRAY) {
        reason_set(why, "keyset: \"labels\" must be a list", NULL);
        return STATUS_MALFORMED;
    }
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        uint32_t label;
        if (item->type != JSON_STRING || label_parse(&label, item->text, item->text_len) != STATUS_OK) {
            reason_set(why, "keyset: a label that this build does not know", NULL);
            return STATUS_UNSUPPORTED;
        }
        if (label <= previous) { /* one text for one set */
            reason_set(why, "keyset: labels are repeated or out of order", NULL);
            return STATUS_MALFORMED;
        }
        previous = label;
        *labels |= label;
    }
    return STATUS_OK;
}

static enum status parse_members(struct keyset *k, const struct json *object, struct reason *why)
{
    static const char *const names[] = {"configuration", "engine_hash", "hpke_config",     "labels",
                                        "model_root",    "receipt_key", "tls_spki_sha256", NULL};
    struct {
        uint8_t *out;
        const char *name;
    } const hashes[] = {
        {k->configuration, "configuration"}, {k->engine_hash, "engine_hash"},         {k->model_root, "model_root"},
        {k->receipt_key, "receipt_key"},     {k->tls_spki_sha256, "tls_spki_sha256"},
    };
    if (object == NULL || object->type != JSON_OBJECT) {
        reason_set(why, "\"keyset\" must be an object", NULL);
        return STATUS_MALFORMED;
    }
    enum status status = json_only(object, names, why);
    for (size_t i = 0; status == STATUS_OK && i < sizeof hashes / sizeof hashes[0]; i++)
        status = parse_hash(hashes[i].out, object, hashes[i].name, why);
    if (status != STATUS_OK)
        return status;
    status = json_base64(k->hpke_config, sizeof k->hpke_config, &k->hpke_config_len, json_get(object, "hpke_config"));
    if (status != STATUS_OK || k->hpke_config_len == 0) {
        reason_set(why, "keyset: \"hpke_config\" must be 1 to 128 bytes in base64", NULL);
        return STATUS_MALFORMED;
    }
    return parse_labels(&k->labels, json_get(object, "labels"), why);
}

enum status keyset_parse(struct keyset *k, const struct json *object, struct reason *why)
{
    memset(k, 0, sizeof *k);
    enum status status = parse_members(k, object, why);
    if (status != STATUS_OK)
        memset(k, 0, sizeof *k);
    return status;
}
