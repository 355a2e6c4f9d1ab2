/* SPDX-License-Identifier: Apache-2.0 */
/* For test/template/compare.py: reads lines of JSON {"template", "variables"}, writes for each {"text"} or {"error"}.
 */
#include "core/codec/json_writer.h"
#include "template/rig.h"

#include <stdio.h>

static void answer(const char *member, const char *text, size_t len)
{
    struct writer w;
    struct json_writer j;
    size_t capacity = 64 + 6 * len;
    char *out = malloc(capacity);
    if (out == NULL)
        abort();
    writer_init(&w, out, capacity);
    json_writer_init(&j, &w);
    json_open_object(&j);
    json_key(&j, member);
    json_text_len(&j, text, len);
    json_close(&j);
    if (json_writer_end(&j) != STATUS_OK)
        printf("{\"error\":\"the output is no UTF-8\"}\n");
    else
        printf("%.*s\n", (int)writer_len(&w), out);
    fflush(stdout);
    free(out);
}

static void render(const char *line, size_t len)
{
    struct arena arena;
    struct reason why;
    const struct json *root;
    void *memory = malloc(4096 + 57 * len);
    arena_init(&arena, memory, 4096 + 57 * len);
    if (json_parse(&root, &arena, line, len, &why) != STATUS_OK)
        abort();
    const struct json *template = json_get(root, "template"), *variables = json_get(root, "variables");
    struct rig g;
    rig_init(&g);
    enum status status = rig_render(&g, template->text, template->text_len, variables->text, variables->text_len, NULL);
    if (status == STATUS_OK)
        answer("text", g.text, g.len);
    else
        answer("error", g.why.text, strlen(g.why.text));
    rig_free(&g);
    free(memory);
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t len; (len = getline(&line, &capacity, stdin)) > 0;)
        render(line, (size_t)len);
    free(line);
    return 0;
}
