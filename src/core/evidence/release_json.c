/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of a key release as JSON, read from whoever is at the other end: spec/release.md, sections 2 and 3. */
#include "core/evidence/release.h"

#include "core/codec/json.h"
#include "core/codec/json_writer.h"

#include <string.h>

static enum status wrong(struct reason *why, enum status status, const char *name, const char *what)
{
    reason_set(why, "\"", name, "\" ", what, NULL);
    return status;
}

/* An object with these members and no others. */
static enum status parse_object(const struct json **root, struct arena *arena, const void *text, size_t text_len,
                                const char *const *names, struct reason *why)
{
    *root = NULL;
    if (text_len > RELEASE_TEXT_MAX) {
        reason_set(why, "the message is over 100 KiB", NULL);
        return STATUS_LIMIT;
    }
    enum status status = json_parse(root, arena, text, text_len, why);
    if (status != STATUS_OK)
        return status;
    if ((*root)->type != JSON_OBJECT) {
        reason_set(why, "the message is not a JSON object", NULL);
        return STATUS_MALFORMED;
    }
    status = json_only(*root, names, why);
    for (size_t i = 0; status == STATUS_OK && names[i] != NULL; i++)
        if (json_get(*root, names[i]) == NULL)
            status = wrong(why, STATUS_MALFORMED, names[i], "is missing");
    return status;
}

static enum status parse_hex(uint8_t *out, size_t out_len, const struct json *root, const char *name,
                             struct reason *why)
{
    if (json_hex(out, out_len, json_get(root, name)) == STATUS_OK)
        return STATUS_OK;
    reason_set(why, "\"", name, "\" must be ", NULL);
    reason_add_u64(why, 2 * out_len);
    reason_add(why, " hexadecimal digits");
    return STATUS_MALFORMED;
}

enum status release_nonce_write(struct writer *out, const uint8_t nonce[static EVIDENCE_NONCE_LEN])
{
    struct json_writer j;
    json_writer_init(&j, out);
    json_open_object(&j);
    json_put_hex(&j, "nonce", nonce, EVIDENCE_NONCE_LEN);
    json_close(&j);
    return json_writer_end(&j);
}

enum status release_nonce_parse(uint8_t nonce[static EVIDENCE_NONCE_LEN], struct arena *arena, const void *text,
                                size_t text_len, struct reason *why)
{
    static const char *const names[] = {"nonce", NULL};
    const struct json *root;
    memset(nonce, 0, EVIDENCE_NONCE_LEN);
    enum status status = parse_object(&root, arena, text, text_len, names, why);
    return status == STATUS_OK ? parse_hex(nonce, EVIDENCE_NONCE_LEN, root, "nonce", why) : status;
}

enum status release_request_write(struct writer *out, const struct release_request *request)
{
    struct json_writer j;
    if (request->evidence_len == 0 || request->evidence_len > RELEASE_EVIDENCE_MAX)
        return STATUS_LIMIT;
    json_writer_init(&j, out);
    json_open_object(&j);
    json_put_base64(&j, "evidence", request->evidence, request->evidence_len);
    json_put_hex(&j, "key_id", request->key_id, sizeof request->key_id);
    json_put_text(&j, "kind", evidence_kind_name(request->kind));
    json_put_hex(&j, "model_root", request->model_root, sizeof request->model_root);
    json_put_hex(&j, "nonce", request->nonce, sizeof request->nonce);
    json_put_hex(&j, "public_key", request->public_key, sizeof request->public_key);
    json_close(&j);
    return json_writer_end(&j);
}

static enum status parse_evidence(struct release_request *request, struct arena *arena, const struct json *value,
                                  struct reason *why)
{
    if (value->type != JSON_STRING || value->text_len == 0)
        return wrong(why, STATUS_MALFORMED, "evidence", "must be base64");
    size_t capacity = value->text_len / 4 * 3;
    if (capacity > RELEASE_EVIDENCE_MAX + 2)
        return wrong(why, STATUS_LIMIT, "evidence", "is over 64 KiB");
    uint8_t *bytes = arena_take(arena, capacity + 1, 1, 1);
    if (bytes == NULL)
        return wrong(why, STATUS_NO_MEMORY, "evidence", "does not fit in memory");
    if (json_base64(bytes, capacity, &request->evidence_len, value) != STATUS_OK || request->evidence_len == 0)
        return wrong(why, STATUS_MALFORMED, "evidence", "must be base64");
    if (request->evidence_len > RELEASE_EVIDENCE_MAX)
        return wrong(why, STATUS_LIMIT, "evidence", "is over 64 KiB");
    request->evidence = bytes;
    return STATUS_OK;
}

static enum status parse_request(struct release_request *request, struct arena *arena, const struct json *root,
                                 struct reason *why)
{
    const struct json *kind = json_get(root, "kind");
    enum status status = parse_hex(request->model_root, sizeof request->model_root, root, "model_root", why);
    if (status == STATUS_OK)
        status = parse_hex(request->key_id, sizeof request->key_id, root, "key_id", why);
    if (status == STATUS_OK)
        status = parse_hex(request->nonce, sizeof request->nonce, root, "nonce", why);
    if (status == STATUS_OK)
        status = parse_hex(request->public_key, sizeof request->public_key, root, "public_key", why);
    if (status != STATUS_OK)
        return status;
    if (kind->type != JSON_STRING || evidence_kind_parse(&request->kind, kind->text, kind->text_len) != STATUS_OK)
        return wrong(why, STATUS_UNSUPPORTED, "kind", "is none that this build knows");
    return parse_evidence(request, arena, json_get(root, "evidence"), why);
}

enum status release_request_parse(struct release_request *request, struct arena *arena, const void *text,
                                  size_t text_len, struct reason *why)
{
    static const char *const names[] = {"evidence", "key_id", "kind", "model_root", "nonce", "public_key", NULL};
    const struct json *root;
    memset(request, 0, sizeof *request);
    enum status status = parse_object(&root, arena, text, text_len, names, why);
    if (status == STATUS_OK)
        status = parse_request(request, arena, root, why);
    if (status != STATUS_OK)
        memset(request, 0, sizeof *request);
    return status;
}

enum status release_response_write(struct writer *out, const struct release_response *response)
{
    struct json_writer j;
    json_writer_init(&j, out);
    json_open_object(&j);
    json_put_hex(&j, "ciphertext", response->ciphertext, sizeof response->ciphertext);
    json_put_hex(&j, "enc", response->enc, sizeof response->enc);
    json_close(&j);
    return json_writer_end(&j);
}

enum status release_response_parse(struct release_response *response, struct arena *arena, const void *text,
                                   size_t text_len, struct reason *why)
{
    static const char *const names[] = {"ciphertext", "enc", NULL};
    const struct json *root;
    memset(response, 0, sizeof *response);
    enum status status = parse_object(&root, arena, text, text_len, names, why);
    if (status == STATUS_OK)
        status = parse_hex(response->ciphertext, sizeof response->ciphertext, root, "ciphertext", why);
    if (status == STATUS_OK)
        status = parse_hex(response->enc, sizeof response->enc, root, "enc", why);
    if (status != STATUS_OK)
        memset(response, 0, sizeof *response);
    return status;
}
