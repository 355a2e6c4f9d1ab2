/* SPDX-License-Identifier: Apache-2.0 */
/* Tags: {% if %}, {% for %}, {% set %}, {% macro %} and the others. */
#include "template/parser.h"

#include <string.h>

static void want_block_end(struct parser *p)
{
    if (p->now.kind != LEXEME_BLOCK_END)
        parser_fail(p, STATUS_MALFORMED, "the tag does not end before", &p->now);
    else
        parser_next(p);
}

/* The body up to {% end %}, whose end is taken. */
static const struct node *parse_to(struct parser *p, const char *end)
{
    const char *const ends[] = {end, NULL};
    want_block_end(p);
    const struct node *body = parse_body(p, ends);
    parser_next(p);
    want_block_end(p);
    return body;
}

static struct node *parse_if(struct parser *p)
{
    static const char *const ends[] = {"elif", "else", "endif", NULL};
    struct node *node = parser_node(p, NODE_IF);
    struct node *last = node;
    node->a = parse_tuple(p, false);
    for (bool more = true; more && p->status == STATUS_OK;) {
        want_block_end(p);
        last->b = parse_body(p, ends);
        more = parser_take_name(p, "elif");
        if (!more)
            break;
        struct node *next = parser_node(p, NODE_IF);
        next->a = parse_tuple(p, false);
        last->c = next;
        last = next;
    }
    if (parser_take_name(p, "else")) {
        last->c = parse_to(p, "endif");
    } else {
        parser_next(p);
        want_block_end(p);
    }
    return node;
}

static struct node *parse_for(struct parser *p)
{
    static const char *const ends[] = {"else", "endfor", NULL};
    struct node *node = parser_node(p, NODE_FOR);
    node->a = parse_target(p);
    if (!parser_take_name(p, "in"))
        parser_fail(p, STATUS_MALFORMED, "`in` is missing before", &p->now);
    node->b = parse_tuple(p, false);
    if (parser_take_name(p, "if"))
        node->e = parse_expression(p);
    if (parser_at_name(p, "recursive"))
        parser_fail(p, STATUS_UNSUPPORTED, "recursive loops are not supported", NULL);
    want_block_end(p);
    p->loops++;
    node->c = parse_body(p, ends);
    p->loops--;
    if (parser_take_name(p, "else")) {
        node->d = parse_to(p, "endfor");
    } else {
        parser_next(p);
        want_block_end(p);
    }
    return node;
}

static struct node *parse_set(struct parser *p)
{
    struct node *node = parser_node(p, NODE_SET);
    node->a = parse_target(p);
    if (parser_take_op(p, '=')) {
        node->b = parse_tuple(p, true);
        want_block_end(p);
        return node;
    }
    node->kind = NODE_SET_BLOCK;
    if (parser_take_op(p, '|'))
        node->c = parse_filters(p, NULL);
    node->b = parse_to(p, "endset");
    return node;
}

/* The body of a macro: what it mentions, and loops, are its own. */
static void parse_macro_body(struct parser *p, struct node *node, const char *end)
{
    uint32_t loops = p->loops, takes = p->takes;
    p->loops = 0;
    p->takes = 0;
    node->b = parse_to(p, end);
    node->op = p->takes;
    p->loops = loops;
    p->takes = takes;
}

static struct node *parse_macro(struct parser *p)
{
    struct node *node = parser_name(p, NODE_MACRO);
    if (!parser_at_op(p, '('))
        parser_fail(p, STATUS_MALFORMED, "a macro's '(' is missing before", &p->now);
    node->a = parse_parameters(p);
    parse_macro_body(p, node, "endmacro");
    return node;
}

static struct node *parse_call_block(struct parser *p)
{
    struct node *node = parser_node(p, NODE_CALL_BLOCK);
    node->a = parse_parameters(p);
    node->c = parse_expression(p);
    if (node->c->kind != NODE_CALL)
        parser_fail(p, STATUS_MALFORMED, "a call is missing", NULL);
    parse_macro_body(p, node, "endcall");
    return node;
}

static struct node *parse_filter_block(struct parser *p)
{
    struct node *node = parser_node(p, NODE_FILTER_BLOCK);
    node->a = parse_filters(p, NULL);
    node->b = parse_to(p, "endfilter");
    return node;
}

static struct node *parse_with(struct parser *p)
{
    struct node *node = parser_node(p, NODE_WITH);
    struct node_list sets = {NULL, NULL};
    while (p->now.kind != LEXEME_BLOCK_END && p->status == STATUS_OK) {
        struct node *set = parser_node(p, NODE_SET);
        set->a = parse_target(p);
        parser_want_op(p, '=', "a '=' is missing before");
        set->b = parse_expression(p);
        node_list_add(&sets, set);
        if (!parser_take_op(p, ','))
            break;
    }
    node->a = sets.first;
    node->b = parse_to(p, "endwith");
    return node;
}

static struct node *parse_generation(struct parser *p)
{
    struct node *node = parser_node(p, NODE_BODY);
    node->b = parse_to(p, "endgeneration");
    return node;
}

static struct node *parse_jump(struct parser *p, enum node_kind kind)
{
    struct node *node = parser_node(p, kind);
    if (p->loops == 0)
        parser_fail(p, STATUS_MALFORMED, "break or continue outside of a loop", NULL);
    want_block_end(p);
    return node;
}

static struct node *parse_break(struct parser *p)
{
    return parse_jump(p, NODE_BREAK);
}

static struct node *parse_continue(struct parser *p)
{
    return parse_jump(p, NODE_CONTINUE);
}

static void refuse_tag(struct parser *p)
{
    static const char *const refused[] = {"include", "import", "from", "extends", "block", "autoescape", "do", "trans"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (parser_at_name(p, refused[i]))
            parser_fail(p, STATUS_UNSUPPORTED, "a tag that is not supported:", &p->now);
    }
    parser_fail(p, STATUS_MALFORMED, "an unknown or misplaced tag:", &p->now);
}

static struct node *parse_statement(struct parser *p)
{
    static const struct {
        const char *name;
        struct node *(*parse)(struct parser *p);
    } tags[] = {{"if", parse_if},           {"for", parse_for},
                {"set", parse_set},         {"macro", parse_macro},
                {"call", parse_call_block}, {"filter", parse_filter_block},
                {"with", parse_with},       {"generation", parse_generation},
                {"break", parse_break},     {"continue", parse_continue}};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        if (parser_take_name(p, tags[i].name))
            return tags[i].parse(p);
    }
    refuse_tag(p);
    return parser_node(p, NODE_BODY);
}

static bool at_end_tag(const struct parser *p, const char *const *ends)
{
    for (; ends != NULL && *ends != NULL; ends++) {
        if (parser_at_name(p, *ends))
            return true;
    }
    return false;
}

static struct node *parse_text(struct parser *p)
{
    struct node *node = parser_node(p, NODE_OUTPUT);
    struct node *text = parser_node(p, NODE_CONSTANT);
    text->value = value_text(p->now.text, p->now.len, FROM_TEMPLATE);
    node->a = text;
    parser_next(p);
    return node;
}

static struct node *parse_output(struct parser *p)
{
    struct node *node = parser_node(p, NODE_OUTPUT);
    parser_next(p);
    node->a = parse_tuple(p, true);
    if (p->now.kind != LEXEME_OUTPUT_END)
        parser_fail(p, STATUS_MALFORMED, "the output does not end before", &p->now);
    parser_next(p);
    return node;
}

/* Up to one of the tags ends, whose name is then the current lexeme; without ends up to the end of the template. */
const struct node *parse_body(struct parser *p, const char *const *ends)
{
    struct node_list body = {NULL, NULL};
    if (!parser_enter(p))
        return NULL;
    while (p->status == STATUS_OK && p->now.kind != LEXEME_END) {
        if (p->now.kind == LEXEME_TEXT) {
            node_list_add(&body, parse_text(p));
        } else if (p->now.kind == LEXEME_OUTPUT_BEGIN) {
            node_list_add(&body, parse_output(p));
        } else {
            parser_next(p);
            if (at_end_tag(p, ends))
                break;
            node_list_add(&body, parse_statement(p));
        }
    }
    if (ends != NULL && p->now.kind == LEXEME_END)
        parser_fail(p, STATUS_MALFORMED, "the template ends before the tag that is missing:",
                    &(struct lexeme){.text = (const uint8_t *)ends[0], .len = strlen(ends[0])});
    parser_leave(p);
    return body.first;
}
