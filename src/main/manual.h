/* SPDX-License-Identifier: Apache-2.0 */
/* The manual: pages in man(7) from the table of commands and the texts of manual_text.c. */
#ifndef MAIN_MANUAL_H
#define MAIN_MANUAL_H

#include "sys/command.h"
#include <stddef.h>
#include <stdio.h>

/* A heading with what stands under it; in lists, a term with its explanation. */
struct manual_item {
    const char *term;
    const char *text;
};

/* What a page says beyond the rows of its commands. */
struct manual_text {
    const char *page;        /* a command's first word, the page being cloister-WORD(1) */
    const char *title;       /* of a group of commands; NULL: the summary of the command */
    const char *description; /* paragraphs, an empty line between them; NULL: the summary says all */
    const char *example;     /* lines of shell; NULL: none */
};

extern const struct manual_text manual_texts[];       /* ends with a row whose page is NULL */
extern const struct manual_item manual_exit_codes[];  /* of both programs; ends with NULL */
extern const struct manual_item manual_environment[]; /* of both programs */
extern const struct manual_item manual_files[];
extern const struct manual_item manual_configuration[]; /* members of the enclave's configuration */
extern const char manual_overview[];
extern const char manual_overview_example[];
extern const char manual_enclave[];
extern const char manual_enclave_example[];

/* Calls page for each page's word, in the order of the table and each once. */
void manual_each_page(const struct command *const *groups, void (*page)(void *context, const char *word),
                      void *context);

/* cloister(1), cloister-WORD(1) and cloister-enclave(8). */
void manual_write_overview(FILE *out, const struct command *const *groups);
void manual_write_page(FILE *out, const struct command *const *groups, const char *word);
void manual_write_enclave(FILE *out);

/* The completion of bash. */
void completion_write(FILE *out, const struct command *const *groups);

#endif
