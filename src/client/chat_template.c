/* SPDX-License-Identifier: Apache-2.0 */
/* Renders messages with the chat template of a GGUF file or of a file of its own, with the interpreter that the enclave
 * uses (spec/template.md).  The files are anyone's. */
#include "client/chat_template.h"

#include "client/seal_source.h"
#include "core/codec/json_writer.h"
#include "engine/gguf.h"
#include "sys/clock.h"
#include "sys/console.h"
#include "sys/file.h"
#include "template/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    META_MAX = 1 << 28,
    TABLES_LEN = 1 << 25, /* of a GGUF file: more than its greatest number of entries and tensors needs */
    JSON_FILE_MAX = 1 << 24,
    FILES = 2, /* messages, tools */
};

/* What a command holds, freed together. */
struct rendering {
    uint8_t *meta, *own_template;
    size_t own_template_len;
    void *tables, *tree, *scratch;
    struct gguf_text text; /* of the template */
    struct json bos, eos;
    struct {
        uint8_t *bytes;
        size_t len;
        void *memory;
        const struct json *root;
    } files[FILES];
    size_t json_len;
    struct template template;
    struct template_output output;
};

static void rendering_free(struct rendering *g)
{
    for (size_t i = 0; i < FILES; i++) {
        if (g->files[i].bytes != NULL)
            file_free(g->files[i].bytes, g->files[i].len);
        free(g->files[i].memory);
    }
    if (g->own_template != NULL)
        file_free(g->own_template, g->own_template_len);
    free(g->scratch);
    free(g->tree);
    free(g->tables);
    free(g->meta);
}

/* The text of the token whose id the key names; an empty one where there is none. */
static struct json token_text(const struct gguf *g, const char *key)
{
    struct json text = {.type = JSON_STRING, .text = ""};
    const struct gguf_value *tokens;
    uint64_t id, len = 0;
    if (gguf_u64(&id, g, key, NULL) != STATUS_OK ||
        gguf_array(&tokens, g, "tokenizer.ggml.tokens", GGUF_STRING, NULL) != STATUS_OK || id >= tokens->elements_n)
        return text;
    const uint8_t *at = tokens->bytes.bytes, *end = at + tokens->bytes.len;
    for (uint64_t i = 0; i <= id; i++) { /* as long as gguf_parse found them */
        at += len;
        if (end - at < 8)
            return text;
        memcpy(&len, at, sizeof len); /* little endian, as this tool's machines are */
        at += sizeof len;
        if (len > (uint64_t)(end - at))
            return text;
    }
    text.text = (const char *)at;
    text.text_len = (size_t)len;
    return text;
}

static enum status read_meta(struct rendering *g, uint64_t *meta_len, const char *path, struct reason *why)
{
    struct seal_source source;
    enum status status = seal_source_open(&source, path, NULL, why);
    if (status != STATUS_OK)
        return status;
    status = seal_source_meta_len(meta_len, &source, why);
    if (status != STATUS_OK && source.plain_len <= META_MAX) { /* a vocabulary without tensors: gguf_parse judges it */
        *meta_len = source.plain_len;
        status = STATUS_OK;
    }
    if (status == STATUS_OK && (*meta_len == 0 || *meta_len > META_MAX)) {
        reason_set(why, path, " is no GGUF file", NULL);
        status = STATUS_UNSUPPORTED;
    }
    if (status == STATUS_OK) {
        g->meta = malloc((size_t)*meta_len);
        status = g->meta == NULL ? STATUS_NO_MEMORY : seal_source_read(&source, 0, g->meta, (size_t)*meta_len, why);
    }
    seal_source_close(&source);
    return status;
}

static enum status open_model(struct rendering *g, const char *path, struct reason *why)
{
    struct gguf gguf;
    struct arena arena;
    uint64_t meta_len;
    enum status status = read_meta(g, &meta_len, path, why);
    if (status != STATUS_OK)
        return status;
    g->tables = malloc(TABLES_LEN);
    if (g->tables == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, g->tables, TABLES_LEN);
    status = gguf_parse(&gguf, &arena, g->meta, (size_t)meta_len, why);
    if (status != STATUS_OK)
        return status;
    if (g->own_template == NULL && gguf_text(&g->text, &gguf, "tokenizer.chat_template", NULL) != STATUS_OK) {
        reason_set(why, path, " has no chat template", NULL);
        return STATUS_NOT_FOUND;
    }
    g->bos = token_text(&gguf, "tokenizer.ggml.bos_token_id");
    g->eos = token_text(&gguf, "tokenizer.ggml.eos_token_id");
    return STATUS_OK;
}

/* Where the template comes from: --template, or the model. */
static enum status open_template(struct rendering *g, const struct command_line *line, struct reason *why)
{
    const char *model = command_value(line, "model"), *path = command_value(line, "template");
    struct arena arena;
    enum status status = STATUS_OK;
    if (model == NULL && path == NULL) {
        reason_set(why, "--model FILE or --template FILE is missing", NULL);
        return STATUS_USAGE;
    }
    if (path != NULL)
        status = file_read(&g->own_template, &g->own_template_len, path, TEMPLATE_TEXT_MAX, why);
    g->text = (struct gguf_text){g->own_template, g->own_template_len};
    if (status == STATUS_OK && model != NULL)
        status = open_model(g, model, why);
    if (status != STATUS_OK)
        return status;
    size_t tree_len = template_arena_len(g->text.len);
    g->tree = malloc(tree_len);
    if (g->tree == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, g->tree, tree_len);
    return template_parse(&g->template, &arena, g->text.bytes, g->text.len, why);
}

/* A list of JSON values from a file, or from the text when there is no file. */
static enum status open_list(struct rendering *g, size_t i, const char *path, const char *text, struct reason *why)
{
    struct arena arena;
    struct reason parse_why = {""};
    enum status status = STATUS_OK;
    if (path != NULL)
        status = file_read(&g->files[i].bytes, &g->files[i].len, path, JSON_FILE_MAX, why);
    if (status != STATUS_OK || (path == NULL && text == NULL))
        return status;
    size_t len = path == NULL ? strlen(text) : g->files[i].len;
    g->json_len += len;
    g->files[i].memory = malloc(64 + len * 56);
    if (g->files[i].memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, g->files[i].memory, 64 + len * 56);
    status =
        json_parse(&g->files[i].root, &arena, path == NULL ? text : (const char *)g->files[i].bytes, len, &parse_why);
    if (status == STATUS_OK && g->files[i].root->type != JSON_ARRAY) {
        reason_set(&parse_why, "a list is expected", NULL);
        status = STATUS_MALFORMED;
    }
    if (status != STATUS_OK && path != NULL)
        reason_set(why, path, ": ", parse_why.text, NULL);
    return status;
}

static enum status render(struct rendering *g, const struct command_line *line, struct reason *why)
{
    struct arena scratch;
    const struct json yes = {.type = command_flag(line, "no-generation-prompt") ? JSON_FALSE : JSON_TRUE};
    const struct template_variable variables[] = {{"messages", g->files[0].root, true, true},
                                                  {"add_generation_prompt", &yes, false, false},
                                                  {"bos_token", &g->bos, false, false},
                                                  {"eos_token", &g->eos, false, false},
                                                  {"tools", g->files[1].root, true, false}};
    struct template_input in = {.variables = variables,
                                .variables_n = g->files[1].root == NULL ? 4 : 5,
                                .now_s = (int64_t)clock_unix_seconds(),
                                .limits = {.steps = TEMPLATE_STEPS_DEFAULT,
                                           .depth = TEMPLATE_DEPTH_DEFAULT,
                                           .output_len = TEMPLATE_OUTPUT_DEFAULT + 4 * g->json_len}};
    size_t scratch_len = template_scratch_len(&in.limits, g->json_len);
    g->scratch = malloc(scratch_len);
    if (g->scratch == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&scratch, g->scratch, scratch_len);
    enum status status = template_render(&g->output, &g->template, &scratch, &in, why);
    return status == STATUS_REFUSED ? STATUS_USAGE : status; /* no policy's refusal: the messages are wrong for it */
}

static void write_spans(struct json_writer *j, const struct template_output *out)
{
    json_open_object(j);
    json_key(j, "spans");
    json_open_array(j);
    for (size_t i = 0; i < out->spans_n; i++) {
        json_open_object(j);
        json_put_text(j, "from", out->spans[i].from_input ? "input" : "template");
        json_key(j, "text");
        json_text_len(j, out->spans[i].text, out->spans[i].len);
        json_close(j);
    }
    json_close(j);
    json_close(j);
}

static enum status print(const struct template_output *out, bool json)
{
    struct writer w;
    struct json_writer j;
    size_t capacity = 64;
    for (size_t i = 0; i < out->spans_n; i++) {
        if (!json)
            fwrite(out->spans[i].text, 1, out->spans[i].len, stdout);
        capacity += 64 + 6 * out->spans[i].len;
    }
    if (!json)
        return STATUS_OK;
    char *text = malloc(capacity);
    if (text == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, text, capacity);
    json_writer_init(&j, &w);
    write_spans(&j, out);
    enum status status = json_writer_end(&j);
    if (status == STATUS_OK)
        printf("%.*s\n", (int)writer_len(&w), text);
    free(text);
    return status;
}

static int chat_template_run(const struct command_line *line)
{
    static const char sample[] = "[{\"role\":\"user\",\"content\":\"Hello\"}]";
    struct reason why = {""};
    struct rendering g = {.bos = {.type = JSON_STRING, .text = ""}, .eos = {.type = JSON_STRING, .text = ""}};
    enum status status = open_template(&g, line, &why);
    if (status == STATUS_OK)
        status = open_list(&g, 0, command_value(line, "messages"), sample, &why);
    if (status == STATUS_OK)
        status = open_list(&g, 1, command_value(line, "tools"), NULL, &why);
    if (status == STATUS_OK)
        status = render(&g, line, &why);
    if (status == STATUS_OK)
        status = print(&g.output, command_flag(line, "json"));
    rendering_free(&g);
    return status == STATUS_OK ? EXIT_CODE_OK : console_fail(status, &why, NULL);
}

static const struct command_option options[] = {
    {"model", "FILE", "a GGUF file: its chat template, and the texts of its first and last token"},
    {"template", "FILE", "a template in the place of the model's"},
    {"messages", "FILE", "a JSON list of messages (default: one greeting); `-` is standard input"},
    {"tools", "FILE", "a JSON list of tools"},
    {"no-generation-prompt", NULL, "without the words that make the model answer"},
    {"json", NULL, "print the pieces as one JSON object, each from the template or from the input"},
    {NULL, NULL, NULL},
};

const struct command chat_template_commands[] = {
    {"chat-template", "", 0, 0, "print the prompt that a model's chat template makes of messages", options,
     chat_template_run},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};
