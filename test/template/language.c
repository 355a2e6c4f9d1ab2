/* SPDX-License-Identifier: Apache-2.0 */
/* Templates that jinja2 rendered (test/template/write_expected.py), rendered by us; and what is refused.  TPL-1 TPL-2
 */
#include "tap.h"
#include "template/rig.h"

static char *last_variables;
static size_t last_variables_len;

static void keep_variables(const struct json *given)
{
    if (given == NULL)
        return;
    free(last_variables);
    last_variables_len = given->text_len;
    last_variables = malloc(given->text_len + 1);
    memcpy(last_variables, given->text, given->text_len);
}

static void run_line(const char *line, size_t len)
{
    struct arena arena;
    struct reason why;
    const struct json *root;
    struct rig g;
    void *memory = malloc(4096 + 57 * len);
    arena_init(&arena, memory, 4096 + 57 * len);
    if (json_parse(&root, &arena, line, len, &why) != STATUS_OK) {
        check(false, "a line of expected.jsonl: %s", why.text);
        free(memory);
        return;
    }
    const struct json *name = json_get(root, "name"), *template = json_get(root, "template");
    const struct json *text = json_get(root, "text");
    keep_variables(json_get(root, "variables"));
    rig_init(&g);
    uint8_t *copy = guarded_copy(template->text, template->text_len);
    enum status status =
        rig_render(&g, (const char *)copy, template->text_len, last_variables, last_variables_len, NULL);
    guarded_free(copy, template->text_len);
    bool same = text == NULL ? status != STATUS_OK && g.why.text[0] != '\0'
                             : status == STATUS_OK && g.len == text->text_len && memcmp(g.text, text->text, g.len) == 0;
    char shown[100];
    int shown_len = snprintf(shown, sizeof shown, "%.*s", (int)name->text_len, name->text);
    for (int i = 0; i < shown_len && i < 99; i++)
        shown[i] = shown[i] == '\n' || shown[i] == '#' ? ' ' : shown[i];
    if (!check(same, "TPL-1: %s", shown))
        note("got %s", status == STATUS_OK ? g.text : g.why.text);
    rig_free(&g);
    free(memory);
}

static void test_expected(void)
{
    FILE *file = fopen("test/template/expected.jsonl", "r");
    char *line = NULL;
    size_t capacity = 0, lines = 0;
    if (!check(file != NULL, "test/template/expected.jsonl"))
        return;
    for (ssize_t len; (len = getline(&line, &capacity, file)) > 0; lines++)
        run_line(line, (size_t)len);
    check(lines > 500, "%zu templates", lines);
    free(line);
    free(last_variables);
    fclose(file);
}

/* What is refused says what and on which line. */
static void test_refused(void)
{
    static const struct {
        const char *text;
        enum status status;
        const char *why;
    } rows[] = {
        {"a\n{% include 'x' %}", STATUS_UNSUPPORTED, "line 2: a tag that is not supported: \"include\""},
        {"{% import 'x' as y %}", STATUS_UNSUPPORTED, "\"import\""},
        {"{% from 'x' import y %}", STATUS_UNSUPPORTED, "\"from\""},
        {"{% extends 'x' %}", STATUS_UNSUPPORTED, "\"extends\""},
        {"{% block x %}{% endblock %}", STATUS_UNSUPPORTED, "\"block\""},
        {"{% for x in y recursive %}{% endfor %}", STATUS_UNSUPPORTED, "recursive"},
        {"{{ f(*a) }}", STATUS_UNSUPPORTED, "(*)"},
        {"{% frob %}", STATUS_MALFORMED, "\"frob\""},
        {"\n\n{% if x %}", STATUS_MALFORMED, "line 3"},
        {"{{ '\n\n", STATUS_MALFORMED, "a string without its end"},
        {"x\xff", STATUS_MALFORMED, "UTF-8"},
        {"{{ 1 ! 2 }}", STATUS_MALFORMED, "line 1"},
        {"\n{{ raise_exception('no\nway') }}", STATUS_REFUSED, "the chat template refuses: no\\x0away"},
        {"\n{{ a.b }}", STATUS_USAGE, "line 2: undefined: \"a\""},
        {"{{ 'x' | frob }}", STATUS_USAGE, "\"frob\""},
        {"{{ 'x' is frob }}", STATUS_USAGE, "\"frob\""},
        {"{{ 9223372036854775807 + 1 }}", STATUS_LIMIT, "64 bits"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig g;
        rig_init(&g);
        enum status status = rig_render(&g, rows[i].text, strlen(rows[i].text), "{}", 2, NULL);
        check(status == rows[i].status && strstr(g.why.text, rows[i].why) != NULL && g.len == 0, "TPL-2: %s",
              g.why.text);
        rig_free(&g);
    }
}

static void test_time(void)
{
    struct rig g;
    rig_init(&g);
    g.now_s = -1;
    static const char ask[] = "{{ strftime_now is defined }}";
    check(rig_render(&g, ask, sizeof ask - 1, "{}", 2, NULL) == STATUS_OK && strcmp(g.text, "False") == 0,
          "without a time there is no strftime_now");
    rig_free(&g);
    static const struct {
        int64_t now_s;
        const char *date;
    } rows[] = {{0, "1970-01-01 Thu 001"},
                {951782400, "2000-02-29 Tue 060"},
                {4107542399, "2100-02-28 Sun 059"},
                {1735689599, "2024-12-31 Tue 366"}};
    static const char date[] = "{{ strftime_now('%Y-%m-%d %a %j') }}";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_init(&g);
        g.now_s = rows[i].now_s;
        check(rig_render(&g, date, sizeof date - 1, "{}", 2, NULL) == STATUS_OK && strcmp(g.text, rows[i].date) == 0,
              "%s", rows[i].date);
        rig_free(&g);
    }
}

int main(void)
{
    test_expected();
    test_refused();
    test_time();
    return tap_done();
}
