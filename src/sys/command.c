/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/command.h"

#include "sys/console.h"
#include "sys/version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *command_value_nth(const struct command_line *line, const char *option, size_t nth)
{
    for (size_t i = 0; i < line->given_n; i++) {
        if (strcmp(line->given[i].option->name, option) == 0 && nth-- == 0)
            return line->given[i].value;
    }
    return NULL;
}

const char *command_value(const struct command_line *line, const char *option)
{
    const char *last = NULL;
    for (size_t i = 0; i < line->given_n; i++) {
        if (strcmp(line->given[i].option->name, option) == 0)
            last = line->given[i].value;
    }
    return last;
}

bool command_flag(const struct command_line *line, const char *option)
{
    for (size_t i = 0; i < line->given_n; i++) {
        if (strcmp(line->given[i].option->name, option) == 0)
            return true;
    }
    return false;
}

bool command_number(const struct command_line *line, const char *option, unsigned long long max,
                    unsigned long long *out)
{
    const char *text = command_value(line, option);
    char *end = NULL;
    if (text == NULL)
        return true;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    bool digit = text[0] >= '0' && text[0] <= '9'; /* strtoull takes spaces and signs as well */
    if (errno != 0 || !digit || *end != '\0' || value > max) {
        console_error("--%s takes a whole number from 0 to %llu, not \"%s\"", option, max, text);
        return false;
    }
    *out = value;
    return true;
}

static const char *dashes(const struct command_option *option)
{
    return option->name[1] == '\0' ? "-" : "--";
}

static void print_help(const struct command *command)
{
    printf("usage: cloister %s%s%s%s\n\n%s\n", command->name, command->options[0].name == NULL ? "" : " [OPTION...]",
           command->arguments[0] == '\0' ? "" : " ", command->arguments, command->summary);
    if (command->options[0].name != NULL)
        printf("\n");
    for (const struct command_option *o = command->options; o->name != NULL; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s%s", dashes(o), o->name, o->argument == NULL ? "" : " ",
                 o->argument == NULL ? "" : o->argument);
        printf("  %-28s %s\n", left, o->help);
    }
}

static int wrong_use(const struct command *command, const char *what, const char *word)
{
    console_error("%s %s", what, word);
    console_hint("see `cloister %s --help`", command->name);
    return EXIT_CODE_USAGE;
}

/* The option that word names, with *value behind its '='; NULL when there is none. */
static const struct command_option *find_option(const struct command *command, const char *word, const char **value)
{
    const char *name = word + (word[1] == '-' ? 2 : 1);
    const char *equals = strchr(name, '=');
    size_t name_len = equals == NULL ? strlen(name) : (size_t)(equals - name);
    *value = equals == NULL ? NULL : equals + 1;
    for (const struct command_option *o = command->options; o->name != NULL; o++) {
        bool same_dashes = (o->name[1] == '\0') == (word[1] != '-');
        if (same_dashes && strlen(o->name) == name_len && strncmp(o->name, name, name_len) == 0)
            return o;
    }
    return NULL;
}

/* Takes the option at argv[*at] (and its value) into line.  Returns an exit code. */
static int take_option(struct command_line *line, int argc, char **argv, int *at)
{
    const char *value;
    const struct command_option *option = find_option(line->command, argv[*at], &value);
    if (option == NULL)
        return wrong_use(line->command, "unknown option", argv[*at]);
    if (option->argument == NULL && value != NULL)
        return wrong_use(line->command, "no value belongs to option", argv[*at]);
    if (option->argument != NULL && value == NULL) {
        if (*at + 1 >= argc)
            return wrong_use(line->command, "a value is missing after option", argv[*at]);
        value = argv[++*at];
    }
    if (line->given_n == COMMAND_WORDS_MAX)
        return wrong_use(line->command, "too many options at", argv[*at]);
    line->given[line->given_n].option = option;
    line->given[line->given_n].value = value;
    line->given_n++;
    return EXIT_CODE_OK;
}

static int parse_and_run(const struct command *command, int argc, char **argv)
{
    struct command_line line = {.command = command};
    bool options_end = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (!options_end && strcmp(word, "--") == 0) {
            options_end = true;
        } else if (!options_end && strcmp(word, "--help") == 0) {
            print_help(command);
            return EXIT_CODE_OK;
        } else if (!options_end && word[0] == '-' && word[1] != '\0') {
            int code = take_option(&line, argc, argv, &i);
            if (code != EXIT_CODE_OK)
                return code;
        } else if (line.arguments_n == COMMAND_WORDS_MAX) {
            return wrong_use(command, "too many arguments at", word);
        } else {
            line.arguments[line.arguments_n++] = word;
        }
    }
    if (line.arguments_n < command->arguments_min)
        return wrong_use(command, "an argument is missing; wanted:", command->arguments);
    if (command->arguments_max >= 0 && line.arguments_n > command->arguments_max)
        return wrong_use(command, "one argument too many:", line.arguments[command->arguments_max]);
    return command->run(&line);
}

/* Words of name ("broker serve") that argv starts with; 0 when it does not start with all of them. */
static int words_matched(const char *name, int argc, char **argv)
{
    int words = 0;
    while (*name != '\0') {
        size_t len = strcspn(name, " ");
        if (words >= argc || strlen(argv[words]) != len || strncmp(argv[words], name, len) != 0)
            return 0;
        words++;
        name += len;
        name += *name == ' ';
    }
    return words;
}

static void print_commands(FILE *out, const struct command *const *groups, const char *first_word)
{
    size_t len = first_word == NULL ? 0 : strlen(first_word);
    fprintf(out, "usage: cloister COMMAND [OPTION...] [ARGUMENT...]\n\n");
    for (const struct command *const *group = groups; *group != NULL; group++) {
        for (const struct command *c = *group; c->name != NULL; c++) {
            if (len == 0 || (strncmp(c->name, first_word, len) == 0 && c->name[len] == ' '))
                fprintf(out, "  %-18s %s\n", c->name, c->summary);
        }
    }
    if (first_word == NULL)
        fprintf(out, "  %-18s %s\n  %-18s %s\n", "help [COMMAND]", "list the commands, or tell one's options",
                "version", "print name and version");
    fprintf(out, "\n`cloister COMMAND --help` tells a command's options.\n");
}

/* The command whose name argv starts with, the one of most words; NULL when there is none.  *group: argv[0] is the
 * first word of commands. */
static const struct command *find_command(const struct command *const *groups, int argc, char **argv, int *words_n,
                                          bool *group)
{
    const struct command *best = NULL;
    *words_n = 0;
    *group = false;
    if (argc == 0)
        return NULL;
    size_t len = strlen(argv[0]);
    for (const struct command *const *row = groups; *row != NULL; row++) {
        for (const struct command *c = *row; c->name != NULL; c++) {
            int words = words_matched(c->name, argc, argv);
            *group = *group || (len != 0 && strncmp(c->name, argv[0], len) == 0 && c->name[len] == ' ');
            if (words > *words_n) {
                best = c;
                *words_n = words;
            }
        }
    }
    return best;
}

static int unknown_command(const struct command *const *groups, int argc, char **argv, bool group)
{
    if (!group) {
        console_error("no command %s", argv[0]);
        console_hint("`cloister help` lists the commands");
        return EXIT_CODE_USAGE;
    }
    print_commands(stderr, groups, argv[0]);
    if (argc > 1)
        console_error("cloister %s has no command %s", argv[0], argv[1]);
    else
        console_error("cloister %s is a group of commands: name one of these", argv[0]);
    return EXIT_CODE_USAGE;
}

static int print_help_for(const struct command *const *groups, int argc, char **argv)
{
    int words_n;
    bool group;
    const struct command *command = find_command(groups, argc, argv, &words_n, &group);
    if (command != NULL && words_n < argc)
        return wrong_use(command, "one argument too many:", argv[words_n]);
    if (command == NULL && argc > 0 && !(group && argc == 1))
        return unknown_command(groups, argc, argv, group);
    if (command != NULL)
        print_help(command);
    else
        print_commands(stdout, groups, argc == 0 ? NULL : argv[0]);
    return EXIT_CODE_OK;
}

int command_main(const struct command *const *groups, int argc, char **argv)
{
    int words_n;
    bool group;
    if (argc < 2) {
        print_commands(stderr, groups, NULL);
        console_error("a command is missing");
        return EXIT_CODE_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        printf("cloister %s\n", CLOISTER_VERSION);
        return EXIT_CODE_OK;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return print_help_for(groups, argc - 2, argv + 2);
    const struct command *command = find_command(groups, argc - 1, argv + 1, &words_n, &group);
    if (command != NULL)
        return parse_and_run(command, argc - 1 - words_n, argv + 1 + words_n);
    if (group && argc == 3 && strcmp(argv[2], "--help") == 0)
        return print_help_for(groups, 1, argv + 1);
    return unknown_command(groups, argc - 1, argv + 1, group);
}
