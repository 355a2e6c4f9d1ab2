/* SPDX-License-Identifier: Apache-2.0 */
/* Templates without an end, and every template cut and changed: bounded, with a clear error.  TPL-3 TPL-4 */
#include "tap.h"
#include "template/rig.h"

#define TOOLS "{\"n\":\"aaaaaaaaaaaaaaaa\",\"l\":[1,2,3]}"

static void test_limits(void)
{
    static const struct {
        const char *text, *limit;
    } rows[] = {
        {"{% for i in range(1000000000) %}x{% endfor %}", "limit of"},
        {"{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "limit of"},
        {"\n{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "limit of nesting"},
        {"{% macro m(x) %}{% for i in [1] %}{{ m(x + 1) }}{% endfor %}{% endmacro %}{{ m(0) }}", "limit of nesting"},
        {"{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
         "limit of memory for texts"},
        {"{{ 'x' * 1000000000000 }}", "limit of"},
        {"{{ [1] * 1000000000000 }}", "limit of"},
        {"{{ '' * 9223372036854775807 }}{{ [] * 9223372036854775807 }}", "limit of steps"},
        {"{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}", "limit of"},
        {"{% set l = [1] %}{% for i in range(100) %}{% set _ = l.append(l) %}{% endfor %}{{ l }}", "limit of nesting"},
        {"{% set l = [] %}{% set _ = l.append(l) %}{{ l | tojson }}", "limit of nesting"},
        {"{% set l = [] %}{% set _ = l.append(l) %}{% set m = [] %}{% set _ = m.append(m) %}{{ l == m }}",
         "limit of nesting"},
        {"{% set x = 'x' * 1000 %}{% for i in range(9999) %}{{ x }}{% endfor %}", "limit of output"},
        {"{{ 'a' | center(100000000000) }}", "limit of"},
        {"{{ '%1000000000d' % 1 }}", "too wide"},
        {"{{ '{:1000000000}'.format(1) }}", "not understood"},
        {"{{ ('a' * 100000).replace('', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb') }}", "limit of"},
        {"{{ ('a' * 300000).find('a' * 150000 + 'b') }}{{ ('a' * 300000).find('a' * 150000 + 'b') }}", ""},
        {"{% set l = [] %}{% for i in range(3000) %}{% set _ = l.append('a' ~ i) %}{% endfor %}{{ l | unique | list | "
         "length }}{% for i in range(100000) %}{{ i in l }}{% endfor %}",
         "limit of"},
        {"{{ 2 ** 64 }}", "64 bits"},
        {"{{ -9223372036854775807 - 2 }}", "64 bits"},
        {"{{ (-9223372036854775807 - 1) // -1 }}", "64 bits"},
        {"{{ (-9223372036854775807 - 1) | abs }}", "64 bits"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig g;
        rig_init(&g);
        enum status status = rig_render(&g, rows[i].text, strlen(rows[i].text), TOOLS, sizeof TOOLS - 1, NULL);
        bool refused = status == STATUS_LIMIT || status == STATUS_USAGE;
        check(rows[i].limit[0] == '\0' || (refused && strstr(g.why.text, rows[i].limit) != NULL &&
                                           strstr(g.why.text, "line ") != NULL && g.output.spans == NULL),
              "TPL-3: %.60s: %s", rows[i].text + (rows[i].text[0] == '\n'), g.why.text);
        rig_free(&g);
    }
}

static void test_nesting(void)
{
    static const struct {
        const char *open, *middle, *close;
    } rows[] = {{"(", "1", ")"},   {"[", "", "]"},   {"{'a':", "1", "}"},
                {"not ", "1", ""}, {"-", "1", ""},   {"1 if 1 else ", "1", ""},
                {"f(", "1", ")"},  {"x[", "1", "]"}, {"[] | join(", "1", ")"}};
    static char text[1 << 17];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = 0;
        n += (size_t)sprintf(text, "{{ ");
        for (size_t j = 0; j < 5000; j++)
            n += (size_t)sprintf(text + n, "%s", rows[i].open);
        n += (size_t)sprintf(text + n, "%s", rows[i].middle);
        for (size_t j = 0; j < 5000; j++)
            n += (size_t)sprintf(text + n, "%s", rows[i].close);
        n += (size_t)sprintf(text + n, " }}");
        struct rig g;
        rig_init(&g);
        check(rig_render(&g, text, n, "{}", 2, NULL) == STATUS_LIMIT && strstr(g.why.text, "nested too deep") != NULL,
              "TPL-3: 5000 times %s: %s", rows[i].open, g.why.text);
        rig_free(&g);
    }
    size_t n = 0;
    for (size_t j = 0; j < 5000; j++)
        n += (size_t)sprintf(text + n, "{%% if 1 %%}");
    struct rig g;
    rig_init(&g);
    check(rig_render(&g, text, n, "{}", 2, NULL) == STATUS_LIMIT, "TPL-3: 5000 blocks: %s", g.why.text);
    rig_free(&g);
    n = (size_t)sprintf(text, "{{ 1");
    for (size_t j = 0; j < 5000; j++)
        n += (size_t)sprintf(text + n, " + 1");
    n += (size_t)sprintf(text + n, " }}");
    rig_init(&g);
    check(rig_render(&g, text, n, "{}", 2, NULL) == STATUS_LIMIT, "TPL-3: a sum of 5000: %s", g.why.text);
    rig_free(&g);
    memset(text, 'x', sizeof text);
    static char longer[TEMPLATE_TEXT_MAX + 1];
    rig_init(&g);
    check(rig_render(&g, longer, sizeof longer, "{}", 2, NULL) == STATUS_LIMIT, "TPL-3: %s", g.why.text);
    rig_free(&g);
}

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 16);
    *len = file == NULL ? 0 : fread(text, 1, 1 << 16, file);
    check(*len > 0, "%s", path);
    if (file != NULL)
        fclose(file);
    return text;
}

/* Every limit that is too small stops it, and none changes what is rendered. */
static void test_each_limit(void)
{
    static const char variables[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\","
                                    "\"content\":\"<think>x</think>Ho\"},"
                                    "{\"role\":\"user\",\"content\":\"Hu\"}],\"add_generation_prompt\":true}";
    size_t len;
    char *text = read_file("test/template/templates/qwen-tools.jinja", &len);
    struct rig whole;
    rig_init(&whole);
    check(rig_render(&whole, text, len, variables, sizeof variables - 1, NULL) == STATUS_OK && whole.len > 50,
          "whole: %s", whole.why.text);
    size_t wrong = 0, stopped = 0;
    for (size_t i = 0; i < 3000; i++) {
        struct rig g;
        rig_init(&g);
        if (i < 2000)
            g.limits.steps = i;
        else if (i < 2500)
            g.limits.output_len = i - 2000;
        else
            g.limits.depth = (uint32_t)(i - 2500);
        enum status status = rig_render(&g, text, len, variables, sizeof variables - 1, NULL);
        bool same = g.len == whole.len && memcmp(g.text, whole.text, g.len) == 0;
        stopped += status == STATUS_LIMIT;
        wrong += !(status == STATUS_OK ? same : status == STATUS_LIMIT && g.why.text[0] != '\0' && g.len == 0);
        rig_free(&g);
    }
    check(wrong == 0 && stopped > 300, "TPL-3: each number of steps, bytes and levels: %zu stopped", stopped);
    rig_free(&whole);
    free(text);
}

/* Scratch and tree of every size. */
static void test_each_memory(void)
{
    static const char text[] =
        "{% macro m(a) %}{{ a ~ 'x' }}{% endmacro %}{% for i in l %}{{ m(i) | upper }}{% endfor %}";
    static uint64_t scratch[8192], tree[32768];
    size_t wrong = 0, good = 0;
    for (size_t i = 0; i < 2000; i++) {
        struct arena tree_arena, scratch_arena, json_arena;
        static uint64_t json_memory[512];
        struct reason why = {{0}};
        struct template t;
        struct template_output out;
        const struct json *root;
        arena_init(&json_arena, json_memory, sizeof json_memory);
        if (json_parse(&root, &json_arena, "[1,2]", 5, &why) != STATUS_OK)
            abort();
        const struct template_variable l = {"l", root, true, false};
        struct template_input in = {&l, 1, -1, {100000, 100, 100}};
        arena_init(&tree_arena, tree, i < 1000 ? sizeof tree : 110000 + 16 * (i - 1000));
        arena_init(&scratch_arena, scratch, i < 1000 ? 8 * i : sizeof scratch);
        enum status status = template_parse(&t, &tree_arena, text, sizeof text - 1, &why);
        if (status == STATUS_OK)
            status = template_render(&out, &t, &scratch_arena, &in, &why);
        good += status == STATUS_OK;
        wrong += status != STATUS_OK && status != STATUS_LIMIT && status != STATUS_NO_MEMORY;
    }
    check(wrong == 0 && good > 100 && good < 1900, "TPL-3: memory of each size: %zu are enough", good);
}

/* Every template of ours cut at each length and with bytes changed. */
static void test_garbage(void)
{
    static const char *const names[] = {"chatml", "llama-2", "llama-3", "mistral", "gemma", "phi-3", "qwen-tools"};
    static const char noise[] = "{}%-+#|'\"([])~.,:=x0 \n\\\xc3";
    static const char variables[] =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"tools\":[{\"function\":{}}]}";
    uint32_t random = 1;
    for (size_t i = 0; i < 7; i++) {
        char path[100];
        size_t len, unclear = 0;
        snprintf(path, sizeof path, "test/template/templates/%s.jinja", names[i]);
        char *text = read_file(path, &len);
        for (size_t j = 0; j < 2 * len; j++) {
            struct rig g;
            rig_init(&g);
            g.limits = (struct template_limits){20000, 200, 20000};
            size_t at = j % len;
            char before = text[at];
            random = random * 1664525 + 1013904223;
            if (j >= len)
                text[at] = noise[(random >> 16) % (sizeof noise - 1)];
            uint8_t *copy = guarded_copy(text, j < len ? j : len);
            enum status status =
                rig_render(&g, (const char *)copy, j < len ? j : len, variables, sizeof variables - 1, NULL);
            unclear += status != STATUS_OK && g.why.text[0] == '\0';
            guarded_free(copy, j < len ? j : len);
            text[at] = before;
            rig_free(&g);
        }
        check(unclear == 0, "TPL-4: %s cut at each length and changed at each byte", names[i]);
        free(text);
    }
}

int main(void)
{
    test_limits();
    test_nesting();
    test_each_limit();
    test_each_memory();
    test_garbage();
    return tap_done();
}
