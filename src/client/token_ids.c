/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of token ids as text. */
#include "client/detokenize.h"

#include <stdbool.h>

static bool is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct cursor {
    const uint8_t *text;
    size_t at, len;
};

static void skip_spaces(struct cursor *c)
{
    while (c->at < c->len && is_space(c->text[c->at]))
        c->at++;
}

static bool take(struct cursor *c, uint8_t byte)
{
    if (c->at >= c->len || c->text[c->at] != byte)
        return false;
    c->at++;
    return true;
}

static enum status read_id(uint32_t *id, struct cursor *c, uint32_t tokens_n, struct reason *why)
{
    size_t start = c->at;
    uint64_t value = 0;
    while (c->at < c->len && c->text[c->at] >= '0' && c->text[c->at] <= '9' && value < tokens_n)
        value = value * 10 + (uint64_t)(c->text[c->at++] - '0');
    bool ends = c->at == c->len || is_space(c->text[c->at]) || c->text[c->at] == ',' || c->text[c->at] == ']';
    if (c->at != start && value >= tokens_n)
        reason_set(why, "an id is beyond the vocabulary, at byte ", NULL);
    else if (c->at == start || !ends)
        reason_set(why, "not a token id, at byte ", NULL);
    else {
        *id = (uint32_t)value;
        return STATUS_OK;
    }
    reason_add_u64(why, start);
    return STATUS_MALFORMED;
}

static enum status malformed(struct reason *why, const struct cursor *c)
{
    reason_set(why, "not a list of token ids, at byte ", NULL);
    reason_add_u64(why, c->at);
    return STATUS_MALFORMED;
}

enum status token_ids_parse(uint32_t *tokens, size_t capacity, size_t *n, const void *text, size_t text_len,
                            uint32_t tokens_n, struct reason *why)
{
    struct cursor c = {.text = text, .len = text_len};
    enum status status = STATUS_OK;
    size_t found = 0;
    *n = 0;
    skip_spaces(&c);
    bool list = take(&c, '[');
    skip_spaces(&c);
    bool more = list ? !take(&c, ']') : c.at < c.len;
    while (more && status == STATUS_OK) {
        uint32_t id = 0;
        status = read_id(&id, &c, tokens_n, why);
        if (status == STATUS_OK && found == capacity)
            status = STATUS_LIMIT;
        if (status == STATUS_OK)
            tokens[found++] = id;
        skip_spaces(&c);
        if (!list) {
            more = c.at < c.len;
        } else if (status == STATUS_OK) {
            more = take(&c, ',');
            skip_spaces(&c);
            if (!more && !take(&c, ']'))
                status = malformed(why, &c);
        }
    }
    skip_spaces(&c);
    if (status == STATUS_OK && c.at < c.len)
        status = malformed(why, &c);
    *n = status == STATUS_OK ? found : 0;
    return status;
}
