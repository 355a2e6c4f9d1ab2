/* SPDX-License-Identifier: Apache-2.0 */
#include "main/manual.h"

#include "sys/version.h"

#include <stdbool.h>
#include <string.h>

/* ---- troff ---- */

/* Text in which nothing is an instruction: of `quoted` words only the bold type is left. */
static void put_text(FILE *out, const char *text)
{
    bool bold = false, line_start = true;
    for (const char *c = text; *c != '\0'; c++) {
        if (line_start && (*c == '.' || *c == '\''))
            fputs("\\&", out);
        line_start = *c == '\n';
        if (*c == '`') {
            bold = !bold;
            fputs(bold ? "\\fB" : "\\fR", out);
        } else if (*c == '\\') {
            fputs("\\e", out);
        } else if (*c == '-') {
            fputs("\\-", out);
        } else if (*c == '\'') {
            fputs("\\(aq", out);
        } else if (*c == '^') {
            fputs("\\(ha", out);
        } else if (*c == '~') {
            fputs("\\(ti", out);
        } else if (*c == '"') {
            fputs("\\(dq", out);
        } else if (*c == '\n' && c[1] == '\n') {
            fputs("\n.PP\n", out);
            c++;
        } else {
            fputc(*c, out);
        }
    }
    fputc('\n', out);
}

static void put_heading(FILE *out, const char *page, int section)
{
    fprintf(out, ".\\\" SPDX-License-Identifier: Apache-2.0\n.TH ");
    for (; *page != '\0'; page++)
        fputc(*page >= 'a' && *page <= 'z' ? *page - 'a' + 'A' : *page, out);
    fprintf(out, " %d \"%s\" \"cloister %s\" \"Cloister manual\"\n", section, CLOISTER_VERSION_DATE, CLOISTER_VERSION);
}

/* One line of shell in bold, its comment plain. */
static void put_example(FILE *out, const char *example)
{
    if (example == NULL)
        return;
    fputs(".SH EXAMPLES\n.nf\n", out);
    put_text(out, example);
    fputs(".fi\n", out);
}

static void put_item(FILE *out, const struct manual_item *item)
{
    fputs(".TP\n.B ", out);
    put_text(out, item->term);
    put_text(out, item->text);
}

static void put_section(FILE *out, const char *heading, const struct manual_item *items)
{
    fprintf(out, ".SH %s\n", heading);
    for (; items->term != NULL; items++)
        put_item(out, items);
}

/* ---- pages of commands ---- */

static size_t word_len(const char *name)
{
    return strcspn(name, " ");
}

static bool is_on_page(const struct command *c, const char *word)
{
    return strlen(word) == word_len(c->name) && strncmp(c->name, word, word_len(c->name)) == 0;
}

static const struct manual_text *find_text(const char *word)
{
    for (const struct manual_text *t = manual_texts; t->page != NULL; t++) {
        if (strcmp(t->page, word) == 0)
            return t;
    }
    return NULL;
}

void manual_each_page(const struct command *const *groups, void (*page)(void *context, const char *word), void *context)
{
    char word[64] = "";
    for (const struct command *const *group = groups; *group != NULL; group++) {
        for (const struct command *c = *group; c->name != NULL; c++) {
            if (is_on_page(c, word))
                continue;
            snprintf(word, sizeof word, "%.*s", (int)word_len(c->name), c->name);
            page(context, word);
        }
    }
}

static void put_synopsis(FILE *out, const struct command *c)
{
    fputs("\\fBcloister ", out);
    fputs(c->name, out);
    fputs(c->options[0].name == NULL ? "\\fR " : "\\fR [\\fIOPTION\\fR...] ", out);
    put_text(out, c->arguments);
}

static void put_options(FILE *out, const struct command *c)
{
    for (const struct command_option *o = c->options; o->name != NULL; o++) {
        fputs(o->name[1] == '\0' ? ".TP\n\\fB\\-" : ".TP\n\\fB\\-\\-", out);
        for (const char *letter = o->name; *letter != '\0'; letter++) {
            if (*letter == '-')
                fputc('\\', out);
            fputc(*letter, out);
        }
        fputs("\\fR", out);
        if (o->argument != NULL)
            fprintf(out, " \\fI%s\\fR", o->argument);
        fputc('\n', out);
        put_text(out, o->help);
    }
    fputs(".TP\n\\fB\\-\\-help\\fR\nprint arguments and options\n", out);
}

static void put_title(FILE *out, const struct command *const *groups, const char *word)
{
    const struct manual_text *text = find_text(word);
    fprintf(out, ".SH NAME\ncloister\\-%s \\- ", word);
    if (text != NULL && text->title != NULL) {
        put_text(out, text->title);
        return;
    }
    for (const struct command *const *group = groups; *group != NULL; group++) {
        for (const struct command *c = *group; c->name != NULL; c++) {
            if (is_on_page(c, word)) {
                put_text(out, c->summary);
                return;
            }
        }
    }
}

static void put_see_also(FILE *out, const char *word)
{
    fputs(".SH EXIT STATUS\n0 on success; the others are those of \\fBcloister\\fR(1).\n"
          ".SH SEE ALSO\n\\fBcloister\\fR(1)",
          out);
    fputs(strcmp(word, "broker") == 0 ? ", \\fBcloister\\-enclave\\fR(8)\n" : "\n", out);
}

void manual_write_page(FILE *out, const struct command *const *groups, const char *word)
{
    const struct manual_text *text = find_text(word);
    char page[96];
    bool group_page = false;
    snprintf(page, sizeof page, "cloister-%s", word);
    put_heading(out, page, 1);
    put_title(out, groups, word);
    fputs(".SH SYNOPSIS\n.nf\n", out);
    for (const struct command *const *group = groups; *group != NULL; group++) {
        for (const struct command *c = *group; c->name != NULL; c++) {
            if (is_on_page(c, word)) {
                put_synopsis(out, c);
                group_page = group_page || c->name[word_len(c->name)] != '\0';
            }
        }
    }
    fputs(".fi\n", out);
    if (text != NULL && text->description != NULL) {
        fputs(".SH DESCRIPTION\n", out);
        put_text(out, text->description);
    }
    fputs(group_page ? ".SH COMMANDS\n" : ".SH OPTIONS\n", out);
    for (const struct command *const *group = groups; *group != NULL; group++) {
        for (const struct command *c = *group; c->name != NULL; c++) {
            if (!is_on_page(c, word))
                continue;
            if (group_page) {
                fprintf(out, ".SS cloister %s\n", c->name);
                put_text(out, c->summary);
            }
            put_options(out, c);
        }
    }
    put_example(out, text == NULL ? NULL : text->example);
    put_see_also(out, word);
}

/* ---- the other pages ---- */

static void put_command_item(FILE *out, const struct command *c)
{
    fprintf(out, ".TP\n\\fBcloister %s\\fR, see \\fBcloister\\-%.*s\\fR(1)\n", c->name, (int)word_len(c->name),
            c->name);
    put_text(out, c->summary);
}

void manual_write_overview(FILE *out, const struct command *const *groups)
{
    put_heading(out, "cloister", 1);
    fputs(".SH NAME\ncloister \\- run AI models for people who do not trust the machine\n"
          ".SH SYNOPSIS\n.nf\n\\fBcloister\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n"
          "\\fBcloister help\\fR [\\fICOMMAND\\fR]\n\\fBcloister version\\fR\n.fi\n.SH DESCRIPTION\n",
          out);
    put_text(out, manual_overview);
    fputs(".SH COMMANDS\n", out);
    for (const struct command *const *group = groups; *group != NULL; group++) {
        for (const struct command *c = *group; c->name != NULL; c++)
            put_command_item(out, c);
    }
    put_section(out, "EXIT STATUS", manual_exit_codes);
    put_section(out, "ENVIRONMENT", manual_environment);
    put_section(out, "FILES", manual_files);
    put_example(out, manual_overview_example);
    fputs(".SH SEE ALSO\n\\fBcloister\\-enclave\\fR(8)\n", out);
}

void manual_write_enclave(FILE *out)
{
    put_heading(out, "cloister-enclave", 8);
    fputs(".SH NAME\ncloister\\-enclave \\- serve a sealed model from inside a TEE\n"
          ".SH SYNOPSIS\n.nf\n\\fBcloister\\-enclave \\-\\-config\\fR \\fIFILE\\fR\n"
          "\\fBcloister\\-enclave \\-\\-help\\fR\n\\fBcloister\\-enclave \\-\\-version\\fR\n.fi\n.SH DESCRIPTION\n",
          out);
    put_text(out, manual_enclave);
    put_section(out, "CONFIGURATION", manual_configuration);
    put_section(out, "EXIT STATUS", manual_exit_codes);
    put_section(out, "ENVIRONMENT", manual_environment);
    put_example(out, manual_enclave_example);
    fputs(".SH SEE ALSO\n\\fBcloister\\fR(1), \\fBcloister\\-broker\\fR(1)\n", out);
}
