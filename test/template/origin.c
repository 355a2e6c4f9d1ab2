/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes of an output come from the input.  TPL-5 */
#include "tap.h"
#include "template/rig.h"

#define VARIABLES                                                                                                      \
    "{\"u\":\"User "                                                                                                   \
    "text\",\"own\":\"<s>\",\"n\":42,\"t\":true,\"d\":{\"key\":\"val\",\"k2\":[1,\"x\"]},\"l\":[\"a\",\"b\"],"         \
    "\"messages\":[{\"role\":\"user\",\"content\":\"user\"},{\"role\":\"<s>\",\"content\":\"c\"}]}"

/* The output with the input's bytes in [ ], whatever their spans are. */
static void mark(char *out, const struct template_output *output)
{
    *out = '\0';
    for (size_t i = 0; i < output->spans_n; i++) {
        const struct template_span *s = &output->spans[i];
        out += sprintf(out, s->from_input ? "[%.*s]" : "%.*s", (int)s->len, (const char *)s->text);
    }
}

static const struct {
    const char *template, *marked;
} rows[] = {
    {"<|{{ u }}|>", "<|[User text]|>"},
    {"{{ '<|' + u + '|>' }}", "<|[User text]|>"},
    {"{{ '<|' ~ u ~ '|>' ~ own }}", "<|[User text]|><s>"},
    {"{{ (('a' ~ u ~ 'b') | upper)[0:3] }}", "A[US]"},
    {"{{ ('a' ~ u ~ 'b')[::-1] }}", "b[txet resU]a"},
    {"{{ ('  ' ~ u ~ '  ') | trim }}", "[User text]"},
    {"{{ u.replace('User', '<s>') }}", "[<s> text]"},
    {"{{ ('User' ~ u) | replace('User', own) }}", "<s>[<s> text]"},
    {"{{ 'x-y'.replace('-', u) }}", "x[User text]y"},
    {"{{ u.split(' ') | join('-') }}", "[User]-[text]"},
    {"{{ u | title }}{{ u | capitalize }}", "[User TextUser text]"},
    {"{{ u | tojson }}", "[\"User text\"]"},
    {"{{ d | tojson }}", "[{\"key\": \"val\", \"k2\": [1, \"x\"]}]"},
    {"{{ {'a': u, 'b': 'c'} | tojson }}", "{\"a\": [\"User text\"], \"b\": \"c\"}"},
    {"{{ ['a', u] }}", "['a', ['User text']]"},
    {"{{ d }}", "[{'key': 'val', 'k2': [1, 'x']}]"},
    {"{{ '%s=%s' % (u, 'x') }}", "[User text]=x"},
    {"{{ '{}={}'.format(u, 1) }}", "[User text]=1"},
    {"{{ u | format }}{{ u.format() }}", "[User textUser text]"},
    {"{{ n }}|{{ n + 1 }}|{{ n ~ '' }}|{{ t }}|{{ -n }}|{{ n // 5 }}", "[42]|[43]|[42]|[True]|[-42]|[8]"},
    {"{{ '%05d' % n }}{{ '{:>4}'.format(n) }}", "000[42]  [42]"},
    {"{{ '42' | int }}{{ (u | length) }}{{ l | length }}", "4292"},
    {"{% for k, v in d.items() %}{{ k }}:{{ v }};{% endfor %}", "[key]:[val];[k2]:[[1, 'x']];"},
    {"{% for k, v in d | dictsort %}{{ k }}{% endfor %}", "[k2key]"},
    {"{{ l | join(', ') }}{{ l | first }}{{ l[0] }}{{ l }}", "[a], [baa['a', 'b']]"},
    {"{{ l | map('upper') | join('+') }}", "[A]+[B]"},
    {"{% set x %}<{{ u }}>{% endset %}{{ x }}{{ x[0] }}{{ x[1] }}", "<[User text]><[U]"},
    {"{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(u) }}{{ m(own) }}", "<[User text]><<s>>"},
    {"{% filter upper %}a{{ u }}{% endfilter %}", "A[USER TEXT]"},
    {"{% set ns = namespace(x='') %}{% for c in u[:3] %}{% set ns.x = ns.x + c + '.' %}{% endfor %}{{ ns.x }}",
     "[U].[s].[e]."},
    {"{% if u == 'User text' %}<s>{% endif %}{{ {'User text': '<|x|>'}[u] }}", "<s><|x|>"},
    {"{{ u | default('x') }}{{ nosuch | default('x') }}{{ nosuch | default(u) }}", "[User text]x[User text]"},
    {"{{ u | indent }}{{ 'a\nb' | indent(1) }}{{ ('q\n' ~ u) | indent(1) }}", "[User text]a\n bq[\n User text]"},
    {"{{ u | e }}{{ ('<' ~ u) | e }}", "[User text]&lt;[User text]"},
    {"{{ u | center(11) }}{{ u.ljust(10) }}|", " [User text] [User text] |"},
    {"{{ u * 2 }}{{ (u ~ '.') * 2 }}", "[User textUser textUser text].[User text]."},
    {"{{ u.partition(' ') }}", "([\'User\'], [\' \'], [\'text\'])"},
    {"{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}", "<|user|>[user]<|[<s>]|>[c]"},
    {"{{ messages[1].role ~ messages[0]['role'] }}", "[<s>]user"},
    {"{{ d | tojson(indent=1) }}", "[{\n \"key\": \"val\",\n \"k2\": [\n  1,\n  \"x\"\n ]\n}]"},
    {"{{ (u ~ '<s>').split('<') }}", "[['User text'], 's>']"},
    {"{{ (u ~ 'a').lower().strip('u').zfill(12) }}", "000[ser text]a"},
};

static void test_rows(void)
{
    static const char *const own[] = {"own", NULL};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char marked[1000];
        struct rig g;
        rig_init(&g);
        enum status status =
            rig_render(&g, rows[i].template, strlen(rows[i].template), VARIABLES, sizeof VARIABLES - 1, own);
        mark(marked, &g.output);
        if (!check(status == STATUS_OK && strcmp(marked, rows[i].marked) == 0, "TPL-5: row %zu", i))
            note("%s: got %s %s, wanted %s", rows[i].template, marked, g.why.text, rows[i].marked);
        bool form = true;
        for (size_t j = 0; j < g.output.spans_n; j++)
            form = form && g.output.spans[j].len > 0 &&
                   (j == 0 || g.output.spans[j].from_input != g.output.spans[j - 1].from_input);
        if (!form)
            check(false, "spans are not empty and take turns");
        rig_free(&g);
    }
}

int main(void)
{
    test_rows();
    return tap_done();
}
