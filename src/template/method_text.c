/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of texts that change or describe them. */
#include "template/function.h"
#include "template/render.h"

static struct value cased(struct render *r, const struct call *c)
{
    return text_cased(r, c->of, c->variant != 0);
}

static struct value capitalize(struct render *r, const struct call *c)
{
    return text_capitalized(r, c->of);
}

/* Unlike the filter's, words begin after everything that is no letter. */
static struct value title(struct render *r, const struct call *call)
{
    struct value made = value_text("", 0, FROM_TEMPLATE);
    bool inside = false;
    for (size_t at = 0, len; at < call->of.len && render_charge(r, 1); at += len) {
        uint32_t c = text_character(call->of, at, &len);
        struct value one = text_part(r, call->of, at, len);
        bool letter = character_is_upper(c) || character_is_lower(c);
        made = text_concat(r, made, letter ? text_cased(r, one, !inside) : one);
        inside = letter;
    }
    return made;
}

static struct value strip(struct render *r, const struct call *c)
{
    return text_strip(r, c->of, c->given[0], c->variant);
}

static struct value replace(struct render *r, const struct call *c)
{
    return text_replace(r, c->of, c->given[0], c->given[1], given_integer(r, c->given[2], -1));
}

static struct value join(struct render *r, const struct call *c)
{
    struct value items = value_iterate(r, c->given[0]);
    for (uint32_t i = 0; r->status == STATUS_OK && i < items.as.list->n; i++) {
        if (items.as.list->items[i].kind != VALUE_TEXT)
            render_fail(r, STATUS_USAGE, "join of something that is no text", NULL);
    }
    return r->status == STATUS_OK ? text_join(r, c->of, items) : c->of;
}

static struct value format(struct render *r, const struct call *c)
{
    return format_braces(r, c->of, c->all);
}

/* variant: how much of the padding stands before, in halves */
static struct value pad(struct render *r, const struct call *c)
{
    return text_pad(r, c->of, given_integer(r, c->given[0], 0), c->given[1], c->variant);
}

/* Zeros after the sign. */
static struct value zero_fill(struct render *r, const struct call *c)
{
    int64_t width = given_integer(r, c->given[0], 0);
    bool sign = c->of.len > 0 && (c->of.as.text[0] == '-' || c->of.as.text[0] == '+');
    struct value digits = text_part(r, c->of, sign, c->of.len - sign);
    struct value zeros = text_pad(r, digits, width - sign, value_text("0", 1, FROM_TEMPLATE), 2);
    return r->status == STATUS_OK ? text_concat(r, text_part(r, c->of, 0, sign), zeros) : c->of;
}

enum asked { DIGITS, LETTERS, LETTERS_OR_DIGITS, SPACE, UPPER, LOWER };

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

/* Whether one character says yes; of the two cases: whether it does not say no. */
static bool holds(enum asked asked, uint32_t c)
{
    switch (asked) {
    case DIGITS: return is_digit(c);
    case LETTERS: return character_is_word(c) && !is_digit(c) && c != '_';
    case LETTERS_OR_DIGITS: return character_is_word(c) && c != '_';
    case SPACE: return character_is_space(c);
    case UPPER: return !character_is_lower(c);
    case LOWER: return !character_is_upper(c);
    }
    return false;
}

/* Of all characters, of which there must be one, and of the two cases a letter that has it. */
static struct value all_are(struct render *r, const struct call *call)
{
    enum asked asked = (enum asked)call->variant;
    bool all = true, any = asked < UPPER && call->of.len > 0;
    for (size_t at = 0, len; at < call->of.len && all && render_charge(r, 1); at += len) {
        uint32_t c = text_character(call->of, at, &len);
        all = holds(asked, c);
        any = any || (asked == UPPER && character_is_upper(c)) || (asked == LOWER && character_is_lower(c));
    }
    return value_bool(all && any);
}

const struct function methods_text[] = {
    {"upper", cased, {NULL}, 1},
    {"lower", cased, {NULL}, 0},
    {"capitalize", capitalize, {NULL}, 0},
    {"title", title, {NULL}, 0},
    {"strip", strip, {"chars"}, STRIP_LEFT | STRIP_RIGHT},
    {"lstrip", strip, {"chars"}, STRIP_LEFT},
    {"rstrip", strip, {"chars"}, STRIP_RIGHT},
    {"replace", replace, {"old", "new", "count"}, 0},
    {"join", join, {"iterable"}, 0},
    {"format", format, {"*"}, 0},
    {"rjust", pad, {"width", "fillchar"}, 2},
    {"ljust", pad, {"width", "fillchar"}, 0},
    {"center", pad, {"width", "fillchar"}, 1},
    {"zfill", zero_fill, {"width"}, 0},
    {"isdigit", all_are, {NULL}, DIGITS},
    {"isnumeric", all_are, {NULL}, DIGITS},
    {"isdecimal", all_are, {NULL}, DIGITS},
    {"isalpha", all_are, {NULL}, LETTERS},
    {"isalnum", all_are, {NULL}, LETTERS_OR_DIGITS},
    {"isspace", all_are, {NULL}, SPACE},
    {"isupper", all_are, {NULL}, UPPER},
    {"islower", all_are, {NULL}, LOWER},
    {NULL, NULL, {NULL}, 0},
};
