/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of texts that change or describe them. */
#include "template/function.h"
#include "template/render.h"

static struct value upper(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    return text_cased(r, of, true);
}

static struct value lower(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    return text_cased(r, of, false);
}

static struct value capitalize(struct render *r, struct value of, const struct value *given,
                               const struct arguments *all)
{
    (void)given, (void)all;
    return text_capitalized(r, of);
}

/* Unlike the filter's, words begin after everything that is no letter. */
static struct value title(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value made = value_text("", 0, FROM_TEMPLATE);
    bool inside = false;
    (void)given, (void)all;
    for (size_t at = 0, len; at < of.len && render_charge(r, 1); at += len) {
        uint32_t c = text_character(of, at, &len);
        struct value one = text_part(r, of, at, len);
        bool letter = character_is_upper(c) || character_is_lower(c);
        made = text_concat(r, made, letter ? text_cased(r, one, !inside) : one);
        inside = letter;
    }
    return made;
}

static struct value strip(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)all;
    return text_strip(r, of, given[0], STRIP_LEFT | STRIP_RIGHT);
}

static struct value left_strip(struct render *r, struct value of, const struct value *given,
                               const struct arguments *all)
{
    (void)all;
    return text_strip(r, of, given[0], STRIP_LEFT);
}

static struct value right_strip(struct render *r, struct value of, const struct value *given,
                                const struct arguments *all)
{
    (void)all;
    return text_strip(r, of, given[0], STRIP_RIGHT);
}

static struct value replace(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)all;
    return text_replace(r, of, given[0], given[1], given_integer(r, given[2], -1));
}

static struct value join(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    struct value items = value_iterate(r, given[0]);
    (void)all;
    for (uint32_t i = 0; r->status == STATUS_OK && i < items.as.list->n; i++) {
        if (items.as.list->items[i].kind != VALUE_TEXT)
            render_fail(r, STATUS_USAGE, "join of something that is no text", NULL);
    }
    return r->status == STATUS_OK ? text_join(r, of, items) : of;
}

static struct value format(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given;
    return format_braces(r, of, all);
}

static struct value pad_left(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)all;
    return text_pad(r, of, given_integer(r, given[0], 0), given[1], 2);
}

static struct value pad_right(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)all;
    return text_pad(r, of, given_integer(r, given[0], 0), given[1], 0);
}

static struct value center(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)all;
    return text_pad(r, of, given_integer(r, given[0], 0), given[1], 1);
}

/* Zeros after the sign. */
static struct value zero_fill(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    int64_t width = given_integer(r, given[0], 0);
    bool sign = of.len > 0 && (of.as.text[0] == '-' || of.as.text[0] == '+');
    (void)all;
    struct value zeros =
        text_pad(r, text_part(r, of, sign, of.len - sign), width - sign, value_text("0", 1, FROM_TEMPLATE), 2);
    return r->status == STATUS_OK ? text_concat(r, text_part(r, of, 0, sign), zeros) : of;
}

/* Whether there is a character and holds says yes of each. */
static struct value each(struct render *r, struct value of, bool (*holds)(uint32_t c))
{
    bool all = of.len > 0;
    for (size_t at = 0, len; at < of.len && all && render_charge(r, 1); at += len)
        all = holds(text_character(of, at, &len));
    return value_bool(all);
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint32_t c)
{
    return character_is_word(c) && !is_digit(c) && c != '_';
}

static bool is_letter_or_digit(uint32_t c)
{
    return character_is_word(c) && c != '_';
}

static struct value all_digits(struct render *r, struct value of, const struct value *given,
                               const struct arguments *all)
{
    (void)given, (void)all;
    return each(r, of, is_digit);
}

static struct value all_letters(struct render *r, struct value of, const struct value *given,
                                const struct arguments *all)
{
    (void)given, (void)all;
    return each(r, of, is_letter);
}

static struct value all_letters_or_digits(struct render *r, struct value of, const struct value *given,
                                          const struct arguments *all)
{
    (void)given, (void)all;
    return each(r, of, is_letter_or_digit);
}

static struct value all_space(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    return each(r, of, character_is_space);
}

/* One letter of that case at least, and none of the other. */
static struct value one_case(struct render *r, struct value of, bool (*is)(uint32_t c), bool (*is_other)(uint32_t c))
{
    bool any = false, other = false;
    for (size_t at = 0, len; at < of.len && render_charge(r, 1); at += len) {
        uint32_t c = text_character(of, at, &len);
        any = any || is(c);
        other = other || is_other(c);
    }
    return value_bool(any && !other);
}

static struct value is_upper(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    return one_case(r, of, character_is_upper, character_is_lower);
}

static struct value is_lower(struct render *r, struct value of, const struct value *given, const struct arguments *all)
{
    (void)given, (void)all;
    return one_case(r, of, character_is_lower, character_is_upper);
}

const struct function methods_text[] = {
    {"upper", upper, {NULL}},
    {"lower", lower, {NULL}},
    {"casefold", lower, {NULL}},
    {"capitalize", capitalize, {NULL}},
    {"title", title, {NULL}},
    {"strip", strip, {"chars"}},
    {"lstrip", left_strip, {"chars"}},
    {"rstrip", right_strip, {"chars"}},
    {"replace", replace, {"old", "new", "count"}},
    {"join", join, {"iterable"}},
    {"format", format, {"*"}},
    {"rjust", pad_left, {"width", "fillchar"}},
    {"ljust", pad_right, {"width", "fillchar"}},
    {"center", center, {"width", "fillchar"}},
    {"zfill", zero_fill, {"width"}},
    {"isdigit", all_digits, {NULL}},
    {"isnumeric", all_digits, {NULL}},
    {"isdecimal", all_digits, {NULL}},
    {"isalpha", all_letters, {NULL}},
    {"isalnum", all_letters_or_digits, {NULL}},
    {"isspace", all_space, {NULL}},
    {"isupper", is_upper, {NULL}},
    {"islower", is_lower, {NULL}},
    {NULL, NULL, {NULL}},
};
