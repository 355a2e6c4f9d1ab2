/* SPDX-License-Identifier: Apache-2.0 */
/* Chat templates: an interpreter for the part of Jinja that models' templates use (spec/template.md).  The template is
 * the model owner's, the messages are anyone's; neither is trusted.  Parsing and rendering end after bounded time in
 * bounded memory, and every byte of the output knows whether the template or the input wrote it. */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Goes up with every change of what a template renders to. */
#define TEMPLATE_VERSION "cloister-template-1"

enum {
    TEMPLATE_TEXT_MAX = 1 << 18,       /* bytes of a template */
    TEMPLATE_NESTING_MAX = 256,        /* of blocks and brackets in a template */
    TEMPLATE_DEPTH_DEFAULT = 800,      /* of evaluation: blocks, operators and macro calls that are open at once */
    TEMPLATE_STEPS_DEFAULT = 10000000, /* evaluated nodes, and every 16 bytes copied */
    TEMPLATE_OUTPUT_DEFAULT = 4 << 20, /* bytes, with what blocks and macros hold back */
};

struct node;

struct template_symbol {
    const uint8_t *text;
    uint32_t len;
    uint32_t next; /* in its chain, plus 1 */
};

/* A parsed template; all of it lives in the arena.  The fields are the interpreter's own. */
struct template
{
    const uint8_t *text;
    size_t text_len;
    const struct node *body;
    struct template_symbol *symbols;
    uint32_t symbols_n;
    uint32_t *chains;
};

/* Parses text (UTF-8) with the whitespace rules that chat templates are written for: the first newline after a block
 * and the blanks before it are removed.  Everything is copied to a (template_arena_len bytes at most).
 * STATUS_MALFORMED: not a template; STATUS_UNSUPPORTED: a construct that is refused by name; STATUS_LIMIT: too long or
 * nested too deep; STATUS_NO_MEMORY.  why names the line.  *t is zeroed on error. */
must_check enum status template_parse(struct template *t, struct arena *a, const void *text, size_t text_len,
                                      struct reason *why);
size_t template_arena_len(size_t text_len);

/* True when the template never mentions the name. */
bool template_ignores(const struct template *t, const char *name);

/* A name that the template can use.  value lives as long as the output; its texts are valid UTF-8, as json_parse leaves
 * them. */
struct template_variable {
    const char *name;
    const struct json *value;
    bool from_input; /* false only for what the model's owner or this program wrote */
    bool has_roles;  /* messages: a "role" that is one of the five known words counts as the template's own */
};

struct template_limits {
    uint64_t steps;
    uint32_t depth;
    size_t output_len;
};

struct template_input {
    const struct template_variable *variables; /* of one name twice: the first */
    size_t variables_n;
    int64_t now_s; /* for strftime_now: seconds since 1970 of the local calendar; below 0: the function is not there */
    struct template_limits limits;
};

struct template_span {
    const uint8_t *text;
    size_t len;
    bool from_input; /* no control token may be made of it */
};

/* Neighbouring spans differ in from_input; none is empty. */
struct template_output {
    struct template_span *spans;
    size_t spans_n;
};

/* Renders.  The output and everything on the way lives in scratch, which the caller wipes (arena_rewind) once the spans
 * are used; rendering stops with STATUS_LIMIT when it is full.
 * STATUS_REFUSED: the template refused by raise_exception, why holds its words; STATUS_LIMIT: why names the limit and
 * the line; STATUS_USAGE: the template does what cannot be done with these values, as jinja2 would raise.
 * *out is zeroed on error. */
must_check enum status template_render(struct template_output *out, const struct template *t, struct arena *scratch,
                                       const struct template_input *input, struct reason *why);

/* Scratch that suits most conversations whose JSON has json_len bytes. */
size_t template_scratch_len(const struct template_limits *limits, size_t json_len);

#endif
