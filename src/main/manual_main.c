/* SPDX-License-Identifier: Apache-2.0 */
/* cloister-manual DIR: writes the manual pages and cloister.bash there.  A program of the build. */
#include "main/groups.h"
#include "main/manual.h"
#include "sys/console.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct target {
    const char *directory;
    bool failed;
};

static FILE *open_file(struct target *t, const char *name, const char *suffix)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", t->directory, name, suffix);
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        console_error("cannot write %s: %s", path, strerror(errno));
        t->failed = true;
    }
    return out;
}

static void close_file(struct target *t, FILE *out)
{
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        console_error("cannot write in %s: %s", t->directory, strerror(errno));
        t->failed = true;
    }
}

static void write_page(void *context, const char *word)
{
    struct target *t = context;
    char name[96];
    snprintf(name, sizeof name, "cloister-%s", word);
    FILE *out = open_file(t, name, ".1");
    if (out == NULL)
        return;
    manual_write_page(out, command_groups, word);
    close_file(t, out);
}

int main(int argc, char **argv)
{
    struct target t = {.directory = argc == 2 ? argv[1] : NULL};
    FILE *out;
    if (argc != 2) {
        console_error("wanted: cloister-manual DIR");
        return EXIT_CODE_USAGE;
    }
    manual_each_page(command_groups, write_page, &t);
    if ((out = open_file(&t, "cloister", ".1")) != NULL) {
        manual_write_overview(out, command_groups);
        close_file(&t, out);
    }
    if ((out = open_file(&t, "cloister-enclave", ".8")) != NULL) {
        manual_write_enclave(out);
        close_file(&t, out);
    }
    if ((out = open_file(&t, "cloister", ".bash")) != NULL) {
        completion_write(out, command_groups);
        close_file(&t, out);
    }
    return t.failed ? EXIT_CODE_USAGE : EXIT_CODE_OK;
}
