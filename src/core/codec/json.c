/* SPDX-License-Identifier: Apache-2.0 */
/* The parser: one pass, recursion bounded by JSON_DEPTH_MAX.  Reads bytes from anyone. */
#include "core/codec/json.h"

#include "core/codec/utf8.h"

#include <string.h>

struct parse {
    const uint8_t *start, *at, *end;
    struct arena *arena;
    struct reason *why;
    enum status status;
};

/* The first failure is the one reported; what names the thing that is wrong at the current byte. */
static bool fail(struct parse *p, enum status status, const char *what)
{
    if (p->status == STATUS_OK) {
        p->status = status;
        reason_set(p->why, "JSON: ", what, " at byte ", NULL);
        reason_add_u64(p->why, (uint64_t)(p->at - p->start));
    }
    return false;
}

static bool fail_malformed(struct parse *p, const char *what)
{
    return fail(p, STATUS_MALFORMED, p->at == p->end ? "the text ends too early" : what);
}

static void skip_space(struct parse *p)
{
    while (p->at != p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
        p->at++;
}

/* Takes the next byte when it is c. */
static bool take(struct parse *p, char c)
{
    if (p->at == p->end || *p->at != (uint8_t)c)
        return false;
    p->at++;
    return true;
}

static bool take_word(struct parse *p, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(p->end - p->at) < len || memcmp(p->at, word, len) != 0)
        return fail_malformed(p, "neither a value nor its start");
    p->at += len;
    return true;
}

static bool take_digits(struct parse *p)
{
    const uint8_t *first = p->at;
    while (p->at != p->end && *p->at >= '0' && *p->at <= '9')
        p->at++;
    return p->at != first || fail_malformed(p, "a digit is missing");
}

/* RFC 8259 section 6. */
static bool parse_number(struct parse *p, struct json *value)
{
    const uint8_t *first = p->at;
    value->type = JSON_NUMBER;
    take(p, '-');
    if (!take(p, '0') && !take_digits(p))
        return false;
    if (take(p, '.') && !take_digits(p))
        return false;
    if (take(p, 'e') || take(p, 'E')) {
        if (!take(p, '+'))
            take(p, '-');
        if (!take_digits(p))
            return false;
    }
    value->text = (const char *)first;
    value->text_len = (size_t)(p->at - first);
    return true;
}

static bool take_hex4(struct parse *p, uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        uint32_t c = p->at == p->end ? 0 : *p->at;
        uint32_t lower = c | 0x20;
        if (c >= '0' && c <= '9')
            *unit = *unit << 4 | (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            *unit = *unit << 4 | (lower - 'a' + 10);
        else
            return fail_malformed(p, "a hexadecimal digit is missing");
    }
    return true;
}

/* After "\u": one code point, from a pair of escapes when it is above U+FFFF. */
static bool take_unicode(struct parse *p, uint32_t *code_point)
{
    uint32_t low;
    if (!take_hex4(p, code_point))
        return false;
    if (*code_point == 0)
        return fail(p, STATUS_MALFORMED, "U+0000 in a string");
    if (*code_point < 0xd800 || *code_point > 0xdfff)
        return true;
    if (*code_point > 0xdbff || !take(p, '\\') || !take(p, 'u'))
        return fail(p, STATUS_MALFORMED, "a lone surrogate");
    if (!take_hex4(p, &low))
        return false;
    if (low < 0xdc00 || low > 0xdfff)
        return fail(p, STATUS_MALFORMED, "a lone surrogate");
    *code_point = 0x10000 + ((*code_point - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* After the backslash.  Writes what the escape means, which is never longer than the escape. */
static bool take_escape(struct parse *p, uint8_t *out, size_t *out_len)
{
    static const char names[] = "\"\\/bfnrtu", means[] = "\"\\/\b\f\n\r\t";
    uint32_t code_point;
    const char *name = p->at == p->end || *p->at == 0 ? NULL : strchr(names, *p->at);
    if (name == NULL)
        return fail_malformed(p, "an unknown escape");
    p->at++;
    if (*name != 'u') {
        out[(*out_len)++] = (uint8_t)means[name - names];
        return true;
    }
    uint8_t utf8[4];
    if (!take_unicode(p, &code_point))
        return false;
    size_t len = utf8_write(utf8, code_point);
    memcpy(out + *out_len, utf8, len);
    *out_len += len;
    return true;
}

/* Moves over the characters of a string to its closing quote, checking all but the escapes; *escaped tells whether
 * there are any. */
static bool scan_string(struct parse *p, bool *escaped)
{
    *escaped = false;
    while (p->at != p->end && *p->at != '"') {
        size_t len = utf8_char_len(p->at, (size_t)(p->end - p->at));
        if (len == 0)
            return fail(p, STATUS_MALFORMED, "bad UTF-8");
        if (*p->at < 0x20)
            return fail(p, STATUS_MALFORMED, "a raw control character");
        if (*p->at == '\\') {
            *escaped = true;
            p->at += p->end - p->at > 1 && p->at[1] < 0x80 ? 1 : 0; /* an escaped quote does not end the string */
        }
        p->at += len;
    }
    return p->at != p->end || fail_malformed(p, "");
}

static bool parse_string(struct parse *p, const char **text, size_t *text_len)
{
    bool escaped;
    p->at++; /* the opening quote */
    const uint8_t *first = p->at;
    if (!scan_string(p, &escaped))
        return false;
    const uint8_t *last = p->at;
    *text = (const char *)first;
    *text_len = (size_t)(last - first);
    p->at = last + 1;
    if (!escaped)
        return true;
    uint8_t *out = arena_take(p->arena, *text_len, 1, 1);
    size_t out_len = 0;
    if (out == NULL)
        return fail(p, STATUS_NO_MEMORY, "no memory left for the tree");
    const uint8_t *end = p->end;
    p->end = last;
    for (p->at = first; p->at != last;) {
        if (!take(p, '\\'))
            out[out_len++] = *p->at++;
        else if (!take_escape(p, out, &out_len))
            return false;
    }
    p->end = end;
    p->at = last + 1;
    *text = (const char *)out;
    *text_len = out_len;
    return true;
}

static int compare_keys(const struct json *a, const struct json *b)
{
    size_t common = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = common == 0 ? 0 : memcmp(a->key, b->key, common);
    if (order != 0)
        return order;
    return a->key_len < b->key_len ? -1 : a->key_len > b->key_len;
}

/* One sinking step of heap sort: the subtree at root of heap[0..n) becomes a heap. */
static void sift_down(const struct json **heap, size_t root, size_t n)
{
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && compare_keys(heap[child], heap[child + 1]) < 0)
            child++;
        if (compare_keys(heap[root], heap[child]) >= 0)
            return;
        const struct json *moved = heap[root];
        heap[root] = heap[child];
        heap[child] = moved;
    }
}

/* Two members with one key are neighbours once sorted.  Heap sort: n log n whatever the keys are. */
static bool check_keys_differ(struct parse *p, const struct json *object)
{
    size_t n = object->members_n, used = arena_used(p->arena);
    if (n < 2)
        return true;
    const struct json **sorted = arena_take(p->arena, n, sizeof *sorted, _Alignof(const struct json *));
    if (sorted == NULL)
        return fail(p, STATUS_NO_MEMORY, "no memory left for the tree");
    size_t i = 0;
    for (const struct json *member = object->first; member != NULL; member = member->next)
        sorted[i++] = member;
    for (i = n / 2; i > 0; i--)
        sift_down(sorted, i - 1, n);
    for (i = n - 1; i > 0; i--) {
        const struct json *largest = sorted[0];
        sorted[0] = sorted[i];
        sorted[i] = largest;
        sift_down(sorted, 0, i);
    }
    bool differ = true;
    for (i = 1; i < n && differ; i++)
        differ = compare_keys(sorted[i - 1], sorted[i]) != 0;
    arena_rewind(p->arena, used);
    return differ || fail(p, STATUS_MALFORMED, "an object has one key twice; it ends");
}

static bool parse_value(struct parse *p, struct json *value, size_t depth);

/* One member: for an object its key and ':' first. */
static bool parse_member(struct parse *p, struct json *parent, struct json **member, size_t depth)
{
    skip_space(p);
    if (p->at == p->end) /* no memory for what is not there */
        return fail_malformed(p, "");
    *member = arena_take(p->arena, 1, sizeof **member, _Alignof(struct json));
    if (*member == NULL)
        return fail(p, STATUS_NO_MEMORY, "no memory left for the tree");
    if (parent->type == JSON_OBJECT) {
        if (p->at == p->end || *p->at != '"')
            return fail_malformed(p, "a key is missing");
        if (!parse_string(p, &(*member)->key, &(*member)->key_len))
            return false;
        skip_space(p);
        if (!take(p, ':'))
            return fail_malformed(p, "a ':' is missing");
        skip_space(p);
    }
    if (!parse_value(p, *member, depth))
        return false;
    parent->members_n++;
    skip_space(p);
    return true;
}

static bool parse_members(struct parse *p, struct json *parent, char close, size_t depth)
{
    const struct json **link = &parent->first;
    if (depth >= JSON_DEPTH_MAX)
        return fail(p, STATUS_LIMIT, "nested too deep");
    p->at++; /* the opening bracket */
    skip_space(p);
    if (take(p, close))
        return true;
    for (;;) {
        struct json *member;
        if (!parse_member(p, parent, &member, depth + 1))
            return false;
        *link = member;
        link = &member->next;
        if (take(p, close))
            return parent->type == JSON_ARRAY || check_keys_differ(p, parent);
        if (!take(p, ','))
            return fail_malformed(p, "a ',' or the closing bracket is missing");
    }
}

static bool parse_value(struct parse *p, struct json *value, size_t depth)
{
    switch (p->at == p->end ? 0 : *p->at) {
    case '{': value->type = JSON_OBJECT; return parse_members(p, value, '}', depth);
    case '[': value->type = JSON_ARRAY; return parse_members(p, value, ']', depth);
    case '"': value->type = JSON_STRING; return parse_string(p, &value->text, &value->text_len);
    case 't': value->type = JSON_TRUE; return take_word(p, "true");
    case 'f': value->type = JSON_FALSE; return take_word(p, "false");
    case 'n': value->type = JSON_NULL; return take_word(p, "null");
    default:
        if (p->at != p->end && (*p->at == '-' || (*p->at >= '0' && *p->at <= '9')))
            return parse_number(p, value);
        return fail_malformed(p, "neither a value nor its start");
    }
}

enum status json_parse(const struct json **root, struct arena *arena, const void *text, size_t text_len,
                       struct reason *why)
{
    struct parse p = {.start = text, .at = text, .arena = arena, .why = why, .status = STATUS_OK};
    size_t used = arena_used(arena);
    p.end = text_len == 0 ? p.start : p.start + text_len;
    *root = NULL;
    struct json *value = arena_take(arena, 1, sizeof *value, _Alignof(struct json));
    if (value == NULL)
        fail(&p, STATUS_NO_MEMORY, "no memory left for the tree");
    skip_space(&p);
    if (p.status == STATUS_OK && parse_value(&p, value, 0)) {
        skip_space(&p);
        if (p.at == p.end)
            *root = value;
        else
            fail(&p, STATUS_MALFORMED, "text after the value");
    }
    if (p.status != STATUS_OK)
        arena_rewind(arena, used);
    return p.status;
}
