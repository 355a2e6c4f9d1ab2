/* SPDX-License-Identifier: Apache-2.0 */
/* Completion for bash: first words, second words of groups, options of each command; file names everywhere else. */
#include "main/manual.h"

#include <stdbool.h>
#include <string.h>

static void put_options(FILE *out, const struct command *c)
{
    fprintf(out, "    '%s')\n        options='--help", c->name);
    for (const struct command_option *o = c->options; o->name != NULL; o++)
        fprintf(out, " %s%s", o->name[1] == '\0' ? "-" : "--", o->name);
    fputs("'\n        valued='", out);
    for (const struct command_option *o = c->options; o->name != NULL; o++) {
        if (o->argument != NULL)
            fprintf(out, " %s%s", o->name[1] == '\0' ? "-" : "--", o->name);
    }
    fputs(" '\n        ;;\n", out);
}

struct listing {
    FILE *out;
    const struct command *const *groups;
};

static void put_word(void *context, const char *word)
{
    struct listing *listing = context;
    fprintf(listing->out, " %s", word);
}

/* A case for a group of commands; nothing for a command that stands alone. */
static void put_group(void *context, const char *word)
{
    struct listing *listing = context;
    size_t len = strlen(word);
    bool open = false;
    for (const struct command *const *group = listing->groups; *group != NULL; group++) {
        for (const struct command *c = *group; c->name != NULL; c++) {
            if (strncmp(c->name, word, len) != 0 || c->name[len] != ' ')
                continue;
            if (!open)
                fprintf(listing->out, "    %s) words='", word);
            fprintf(listing->out, "%s%s", open ? " " : "", c->name + len + 1);
            open = true;
        }
    }
    if (open)
        fputs("' ;;\n", listing->out);
}

void completion_write(FILE *out, const struct command *const *groups)
{
    struct listing listing = {.out = out, .groups = groups};
    fputs("# SPDX-License-Identifier: Apache-2.0\n# bash completion for cloister and cloister-enclave\n"
          "_cloister() {\n    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local command=${COMP_WORDS[1]} words='' options='' valued=''\n    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='",
          out);
    fputs("help version --help --version", out);
    manual_each_page(groups, put_word, &listing);
    fputs(
        "'\n        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n        return\n    fi\n    case $command in\n",
        out);
    manual_each_page(groups, put_group, &listing);
    fputs("    esac\n    if [ -n \"$words\" ]; then\n        if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
          "            COMPREPLY=($(compgen -W \"$words --help\" -- \"$word\"))\n            return\n        fi\n"
          "        command=\"$command ${COMP_WORDS[2]}\"\n    fi\n    case $command in\n",
          out);
    for (const struct command *const *group = groups; *group != NULL; group++) {
        for (const struct command *c = *group; c->name != NULL; c++)
            put_options(out, c);
    }
    fputs("    esac\n    case $valued in\n    *\" $before \"*) return ;; # a value: -o default completes file names\n  "
          "  esac\n"
          "    case $word in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n    esac\n}\n"
          "_cloister_enclave() {\n    [ \"$COMP_CWORD\" -ne 1 ] ||\n"
          "        COMPREPLY=($(compgen -W '--config --help --version' -- \"${COMP_WORDS[1]}\"))\n}\n"
          "complete -o default -F _cloister cloister\ncomplete -o default -F _cloister_enclave cloister-enclave\n",
          out);
}
