/* SPDX-License-Identifier: Apache-2.0 */
/* A template, and after its first NUL byte the JSON object of its variables: parsed and rendered under small limits.
 * Spans lie in the scratch, are not empty and take turns; the text is UTF-8 when all are joined. */
#include "core/codec/utf8.h"
#include "template/template.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { SCRATCH_LEN = 1 << 18, JSON_LEN = 1 << 16, TREE_LEN = 1 << 20, VARIABLES_MAX = 16 };

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static const char fallback[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi <s> "
                               "\xc3\xa9\"},{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":"
                               "[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":[1.5,null]}}}]}],\"tools\":[{"
                               "\"type\":\"function\",\"function\":{"
                               "\"name\":\"f\"}}],\"s\":\"text\",\"n\":7,\"l\":[3,1],\"d\":{\"k\":1}}";

static size_t take_variables(struct template_variable *variables, char names[][32], struct arena *arena,
                             const uint8_t *text, size_t text_len)
{
    const struct json *root;
    struct reason why;
    size_t n = 0;
    if (json_parse(&root, arena, text, text_len, &why) != STATUS_OK &&
        json_parse(&root, arena, fallback, sizeof fallback - 1, &why) != STATUS_OK)
        abort();
    for (const struct json *one = root->type == JSON_OBJECT ? root->first : NULL; one != NULL && n < VARIABLES_MAX;
         one = one->next) {
        if (one->key_len >= sizeof names[0])
            continue;
        memcpy(names[n], one->key, one->key_len);
        names[n][one->key_len] = '\0';
        variables[n] =
            (struct template_variable){names[n], one, one->key_len % 5 != 0, strcmp(names[n], "messages") == 0};
        n++;
    }
    return n;
}

static void check_output(const struct template_output *out, const uint8_t *scratch)
{
    uint8_t held[4];
    size_t held_len = 0;
    for (size_t i = 0; i < out->spans_n; i++) {
        const struct template_span *s = &out->spans[i];
        demand(s->len > 0 && s->text >= scratch && s->text + s->len <= scratch + SCRATCH_LEN);
        demand(i == 0 || s->from_input != out->spans[i - 1].from_input);
        for (size_t j = 0; j < s->len; j++) {
            held[held_len++] = s->text[j];
            if (utf8_char_len(held, held_len) == held_len)
                held_len = 0;
            demand(held_len < 4);
        }
    }
    demand(held_len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint64_t scratch_memory[SCRATCH_LEN / 8], json_memory[JSON_LEN / 8], tree_memory[TREE_LEN / 8];
    struct template_variable variables[VARIABLES_MAX];
    char names[VARIABLES_MAX][32];
    struct arena tree, scratch, json;
    struct template t;
    struct template_output out;
    struct reason why = {{0}};
    if (len > 16384)
        return 0;
    const uint8_t *nul = len == 0 ? NULL : memchr(bytes, 0, len);
    size_t template_len = nul == NULL ? len : (size_t)(nul - bytes);
    arena_init(&tree, tree_memory, TREE_LEN);
    arena_init(&scratch, scratch_memory, SCRATCH_LEN);
    arena_init(&json, json_memory, JSON_LEN);
    enum status status = template_parse(&t, &tree, bytes, template_len, &why);
    demand(status == STATUS_OK || (why.text[0] != '\0' && t.body == NULL && tree.used == 0));
    if (status != STATUS_OK)
        return 0;
    struct template_input in = {.variables = variables, .now_s = 1785508245, .limits = {20000, 150, 16384}};
    in.variables_n = take_variables(variables, names, &json, nul == NULL ? bytes : nul + 1,
                                    nul == NULL ? 0 : len - template_len - 1);
    status = template_render(&out, &t, &scratch, &in, &why);
    demand(status == STATUS_OK || status == STATUS_REFUSED || status == STATUS_LIMIT || status == STATUS_USAGE ||
           status == STATUS_UNSUPPORTED);
    demand(status == STATUS_OK ? true : why.text[0] != '\0' && out.spans_n == 0);
    check_output(&out, (const uint8_t *)scratch_memory);
    return 0;
}
