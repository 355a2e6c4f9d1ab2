/* SPDX-License-Identifier: Apache-2.0 */
/* The command line as data: each command is a row with its options; parsing, --help, the man pages and the shell
 * completion come from the same rows. */
#ifndef SYS_COMMAND_H
#define SYS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct command_option {
    const char *name;     /* without the dashes; a single letter makes "-o" */
    const char *argument; /* what the value is called in help, or NULL for a flag */
    const char *help;
};

struct command_line;

struct command {
    const char *name;      /* "seal"; of a command within a group: "broker serve" */
    const char *arguments; /* positionals for help, such as "MODEL [FILE...]" */
    int arguments_min;
    int arguments_max; /* -1: any number */
    const char *summary;
    const struct command_option *options; /* ends with a row whose name is NULL; --help is always there */
    int (*run)(const struct command_line *line);
};

enum { COMMAND_WORDS_MAX = 64 };

struct command_line {
    const struct command *command;
    const char *arguments[COMMAND_WORDS_MAX + 1]; /* positionals, NULL-terminated */
    int arguments_n;
    struct {
        const struct command_option *option;
        const char *value;
    } given[COMMAND_WORDS_MAX];
    size_t given_n;
};

/* The last value given for an option, or NULL; nth (from 0) of a repeated one, or NULL. */
const char *command_value(const struct command_line *line, const char *option);
const char *command_value_nth(const struct command_line *line, const char *option, size_t nth);
bool command_flag(const struct command_line *line, const char *option);

/* A value as a number of at most max; returns false after printing an error when it is not one.  Leaves *out alone when
 * the option is not given. */
bool command_number(const struct command_line *line, const char *option, unsigned long long max,
                    unsigned long long *out);

/* Finds the command for argv among groups (ends with NULL; each ends with a row whose name is NULL), parses its options
 * and runs it; answers help and version by itself.
 * Options may stand before or after positionals; "--" ends them; "--name=value" and "--name value" are the same.
 * Returns the exit code. */
int command_main(const struct command *const *groups, int argc, char **argv);

#endif
