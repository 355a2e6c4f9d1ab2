/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and renders in tests. */
#ifndef TEST_TEMPLATE_RIG_H
#define TEST_TEMPLATE_RIG_H

#include "template/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rig {
    struct template template;
    void *tree, *scratch, *json;
    struct arena tree_arena, scratch_arena, json_arena;
    struct template_limits limits;
    struct template_output output;
    struct reason why;
    int64_t now_s;
    char *text; /* of the output, joined */
    size_t len;
};

/* variables: a JSON object, every member a variable; the names in own (NULL-terminated, may be NULL) are not input. */
static inline enum status rig_render(struct rig *g, const char *template, size_t template_len, const char *variables,
                                     size_t variables_len, const char *const *own)
{
    const struct json *root = NULL;
    static char names[64][64];
    static struct template_variable rows[64];
    size_t n = 0, tree_len = template_arena_len(template_len),
           scratch_len = template_scratch_len(&g->limits, variables_len);
    size_t json_len = 4096 + 57 * variables_len;
    g->tree = malloc(tree_len);
    g->scratch = malloc(scratch_len);
    g->json = malloc(json_len);
    g->text = NULL;
    g->len = 0;
    memset(&g->why, 0, sizeof g->why);
    if (g->tree == NULL || g->scratch == NULL || g->json == NULL)
        abort();
    arena_init(&g->tree_arena, g->tree, tree_len);
    arena_init(&g->scratch_arena, g->scratch, scratch_len);
    arena_init(&g->json_arena, g->json, json_len);
    if (json_parse(&root, &g->json_arena, variables, variables_len, &g->why) != STATUS_OK || root->type != JSON_OBJECT)
        abort();
    for (const struct json *one = root->first; one != NULL && n < 64 && one->key_len < 64; one = one->next, n++) {
        memcpy(names[n], one->key, one->key_len);
        names[n][one->key_len] = '\0';
        rows[n] = (struct template_variable){names[n], one, true, strcmp(names[n], "messages") == 0};
        for (const char *const *name = own; name != NULL && *name != NULL; name++)
            rows[n].from_input = rows[n].from_input && strcmp(*name, names[n]) != 0;
    }
    struct template_input in = {.variables = rows, .variables_n = n, .now_s = g->now_s, .limits = g->limits};
    enum status status = template_parse(&g->template, &g->tree_arena, template, template_len, &g->why);
    if (status == STATUS_OK)
        status = template_render(&g->output, &g->template, &g->scratch_arena, &in, &g->why);
    else
        g->output = (struct template_output){NULL, 0};
    for (size_t i = 0; i < g->output.spans_n; i++)
        g->len += g->output.spans[i].len;
    g->text = malloc(g->len + 1);
    if (g->text == NULL)
        abort();
    size_t at = 0;
    for (size_t i = 0; i < g->output.spans_n; i++) {
        memcpy(g->text + at, g->output.spans[i].text, g->output.spans[i].len);
        at += g->output.spans[i].len;
    }
    g->text[at] = '\0';
    return status;
}

static inline void rig_init(struct rig *g)
{
    memset(g, 0, sizeof *g);
    g->limits = (struct template_limits){TEMPLATE_STEPS_DEFAULT, TEMPLATE_DEPTH_DEFAULT, TEMPLATE_OUTPUT_DEFAULT};
    g->now_s = 1785508245; /* 2026-07-31 14:30:45 */
}

static inline void rig_free(struct rig *g)
{
    free(g->tree);
    free(g->scratch);
    free(g->json);
    free(g->text);
}

#endif
