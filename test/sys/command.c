/* SPDX-License-Identifier: Apache-2.0 */
/* The command line's parser on a table of its own, and the manual and the completion of the real table: nothing that a
 * command takes may be missing there. */
#include "sys/command.h"

#include "main/groups.h"
#include "main/manual.h"
#include "sys/console.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/wait.h>

/* ---- a tool whose commands print what they were given ---- */

static int echo_run(const struct command_line *line)
{
    unsigned long long n = 7;
    if (!command_number(line, "number", 100, &n))
        return EXIT_CODE_USAGE;
    printf("%s(", line->command->name);
    for (int i = 0; i < line->arguments_n; i++)
        printf("%s%s", i == 0 ? "" : ",", line->arguments[i]);
    printf(") o=%s word=%s", command_value(line, "o") == NULL ? "-" : command_value(line, "o"),
           command_value(line, "word") == NULL ? "-" : command_value(line, "word"));
    for (size_t i = 0; command_value_nth(line, "word", i) != NULL; i++)
        printf(" %zu:%s", i, command_value_nth(line, "word", i));
    printf(" flag=%d n=%llu\n", command_flag(line, "flag"), n);
    return line->arguments[line->arguments_n] == NULL ? 42 : 43;
}

static const struct command_option options[] = {
    {"o", "OUT", "output"},      {"word", "WORD", "a word"}, {"flag", NULL, "a flag"},
    {"number", "N", "a number"}, {NULL, NULL, NULL},
};
static const struct command_option none[] = {{NULL, NULL, NULL}};
static const struct command one[] = {
    {"copy", "FROM TO", 2, 2, "copy one to another", options, echo_run},
    {"list", "[FILE...]", 0, -1, "list files", options, echo_run},
    {"bare", "", 0, 0, "do nothing", none, echo_run},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};
static const struct command two[] = {
    {"key new", "OUT", 1, 1, "make a key", options, echo_run},
    {"key", "[FILE]", 0, 1, "show a key", none, echo_run},
    {"box open", "", 0, 0, "open a box", none, echo_run},
    {"box shut it", "", 0, 0, "shut a box", none, echo_run},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};
static const struct command *const groups[] = {one, two, NULL};

static char out_text[65536], err_text[65536];

static void read_text(char *text, size_t capacity, int fd)
{
    ssize_t len = pread(fd, text, capacity - 1, 0);
    text[len < 0 ? 0 : len] = '\0';
    close(fd);
}

/* Runs the tool in a child; its exit code, with what it printed in out_text and err_text. */
static int run(int argc, char **argv)
{
    char out_path[] = "/tmp/cloister-command-XXXXXX", err_path[] = "/tmp/cloister-command-XXXXXX";
    int out = mkstemp(out_path), err = mkstemp(err_path), state = -1;
    unlink(out_path);
    unlink(err_path);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        int code = command_main(groups, argc, argv);
        fflush(NULL);
        _exit(code);
    }
    bool ended = waitpid(child, &state, 0) == child && WIFEXITED(state);
    read_text(out_text, sizeof out_text, out);
    read_text(err_text, sizeof err_text, err);
    return ended ? WEXITSTATUS(state) : -1;
}

struct use {
    const char *words;   /* separated by '|' */
    int code;            /* 42: the command ran */
    const char *printed; /* in standard output; for an error in standard error */
};

static const struct use uses[] = {
    {"copy|a|b", 42, "copy(a,b) o=- word=- flag=0 n=7\n"},
    {"copy|-o|x|a|b", 42, "copy(a,b) o=x"},
    {"copy|a|b|-o|x", 42, "copy(a,b) o=x"},
    {"copy|a|--flag|b", 42, "copy(a,b) o=- word=- flag=1"},
    {"copy|-o=x|a|b", 42, "o=x"},
    {"copy|--word=|a|b", 42, "word= 0:"},
    {"copy|--word=a=b|a|b", 42, "word=a=b 0:a=b"},
    {"copy|--word||a|b", 42, "word= 0:"},
    {"copy|--word|--flag|a|b", 42, "word=--flag 0:--flag flag=0"},
    {"copy|--word|--|a|b", 42, "word=-- 0:--"},
    {"list|--word|1|--word=2|--word|3", 42, "word=3 0:1 1:2 2:3 "},
    {"copy|--|--flag|-o", 42, "copy(--flag,-o) o=- word=- flag=0"},
    {"list|--|--|--help", 42, "list(--,--help)"},
    {"list|-|a", 42, "list(-,a)"},
    {"list|", 42, "list()"},
    {"list", 42, "list()"},
    {"bare", 42, "bare()"},
    {"list|--number|100", 42, "n=100\n"},
    {"list|--number=0", 42, "n=0\n"},
    {"list|--number|1|--number|2", 42, "n=2\n"},
    {"key|new|x", 42, "key new(x)"},
    {"key|old", 42, "key(old)"},
    {"key", 42, "key()"},
    {"box|shut|it", 42, "box shut it()"},

    {"copy|a", 1, "an argument is missing; wanted: FROM TO"},
    {"copy", 1, "an argument is missing"},
    {"copy|a|b|c", 1, "one argument too many: c"},
    {"bare|x", 1, "one argument too many: x"},
    {"key|new", 1, "an argument is missing; wanted: OUT"},
    {"copy|a|b|--nix", 1, "unknown option --nix"},
    {"copy|a|b|--nix=1", 1, "unknown option --nix=1"},
    {"copy|a|b|-word|x", 1, "unknown option -word"},
    {"copy|a|b|--o|x", 1, "unknown option --o"},
    {"copy|a|b|-ox", 1, "unknown option -ox"},
    {"copy|a|b|--wor|x", 1, "unknown option --wor"},
    {"copy|a|b|--words|x", 1, "unknown option --words"},
    {"copy|a|b|--=x", 1, "unknown option --=x"},
    {"copy|a|b|-=x", 1, "unknown option -=x"},
    {"copy|a|b|---flag", 1, "unknown option ---flag"},
    {"bare|-x", 1, "unknown option -x"},
    {"copy|a|b|--word", 1, "a value is missing after option --word"},
    {"copy|a|b|-o", 1, "a value is missing after option -o"},
    {"copy|a|b|--flag=1", 1, "no value belongs to option --flag=1"},
    {"copy|a|b|--flag=", 1, "no value belongs to option --flag="},
    {"list|--number|101", 1, "--number takes a whole number from 0 to 100"},
    {"list|--number|-1", 1, "--number takes"},
    {"list|--number|+1", 1, "--number takes"},
    {"list|--number| 1", 1, "--number takes"},
    {"list|--number|1 ", 1, "--number takes"},
    {"list|--number|0x10", 1, "--number takes"},
    {"list|--number|1e1", 1, "--number takes"},
    {"list|--number|", 1, "--number takes"},
    {"list|--number=", 1, "--number takes"},
    {"list|--number|18446744073709551616", 1, "--number takes"},
    {"list|--number|99999999999999999999999999", 1, "--number takes"},
    {"nix", 1, "no command nix"},
    {"", 1, "no command "},
    {"cop|a|b", 1, "no command cop"},
    {"copying|a|b", 1, "no command copying"},
    {"box open", 1, "no command box open"},
    {"--nix", 1, "no command --nix"},
    {"open", 1, "no command open"},
    {"bo|open", 1, "no command bo"},
    {"box", 1, "cloister box is a group of commands"},
    {"box|nix", 1, "cloister box has no command nix"},
    {"box|shut", 1, "cloister box has no command shut"},
    {"help|nix", 1, "no command nix"},
    {"help|box|nix", 1, "cloister box has no command nix"},
    {"help|copy|a", 1, "one argument too many: a"},

    {"--help", 0, "copy one to another"},
    {"help", 0, "box shut it"},
    {"help|copy", 0, "usage: cloister copy [OPTION...] FROM TO\n"},
    {"help|key|new", 0, "usage: cloister key new [OPTION...] OUT\n"},
    {"help|box", 0, "shut a box"},
    {"box|--help", 0, "shut a box"},
    {"copy|--help", 0, "  --number N                   a number\n"},
    {"copy|a|b|c|d|--help", 0, "  -o OUT                       output\n"},
    {"bare|--help", 0, "usage: cloister bare\n\ndo nothing\n"},
    {"key|--help", 0, "usage: cloister key [FILE]\n"},
    {"--version", 0, "cloister 0."},
    {"version", 0, "cloister 0."},
};

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static void try_use(const struct use *use)
{
    char text[512], name[] = "cloister", *argv[64] = {name};
    int argc = 1;
    snprintf(text, sizeof text, "%s", use->words);
    for (char *word = text, *next; word != NULL; word = next) {
        next = strchr(word, '|');
        if (next != NULL)
            *next++ = '\0';
        argv[argc++] = word;
    }
    int code = run(argc, argv);
    bool failed = use->code == 1;
    bool good = code == use->code && strstr(failed ? err_text : out_text, use->printed) != NULL;
    good =
        good && count(err_text, "cloister: error: ") == (failed ? 1 : 0) && (failed ? out_text : err_text)[0] == '\0';
    if (!check(good, "%s", use->words))
        note("exit code %d, out \"%s\", err \"%s\"", code, out_text, err_text);
}

/* As many options, and as many arguments, as are never needed. */
static void try_many(void)
{
    char name[] = "cloister", list[] = "list", word[] = "x", flag[] = "--flag";
    char *argv[3 + COMMAND_WORDS_MAX] = {name, list};
    for (int option = 0; option < 2; option++) {
        for (int i = 0; i <= COMMAND_WORDS_MAX; i++)
            argv[2 + i] = option ? flag : word;
        check(run(2 + COMMAND_WORDS_MAX, argv) == 42, "%d %s", COMMAND_WORDS_MAX, option ? "options" : "arguments");
        check(run(3 + COMMAND_WORDS_MAX, argv) == 1 && strstr(err_text, "too many") != NULL, "one more");
    }
    check(run(1, argv) == 1 && strstr(err_text, "a command is missing") != NULL && out_text[0] == '\0', "no words");
    check(run(0, argv) == 1 && strstr(err_text, "a command is missing") != NULL, "not even a name");
}

/* ---- the real table ---- */

struct manual {
    const char *word;
    char *page;
};

static void keep_page(void *context, const char *word)
{
    struct manual *m = context;
    size_t len, page_n = 0;
    while (m[page_n].word != NULL)
        page_n++;
    m[page_n].word = strdup(word);
    FILE *out = open_memstream(&m[page_n].page, &len);
    manual_write_page(out, command_groups, word);
    fclose(out);
}

/* name as it stands in a page, where each '-' is "\-". */
static void escape(char *out, const char *prefix, const char *name, const char *suffix)
{
    const char *parts[] = {prefix, name, suffix};
    for (size_t i = 0; i < 3; i++) {
        for (const char *c = parts[i]; *c != '\0'; c++) {
            if (*c == '-')
                *out++ = '\\';
            *out++ = *c;
        }
    }
    *out = '\0';
}

static void check_texts(const struct command *c, const char *page, const char *completion, const char *overview)
{
    char wanted[600];
    bool good = c->summary[0] >= 'a' && c->summary[0] <= 'z' && c->summary[strlen(c->summary) - 1] != '.';
    snprintf(wanted, sizeof wanted, "\\fBcloister %s\\fR", c->name);
    good = good && strstr(page, wanted) != NULL && strstr(overview, wanted) != NULL;
    check(good, "%s: summary, synopsis and its place in the overview", c->name);
    snprintf(wanted, sizeof wanted, "    '%s')\n", c->name);
    const char *start = strstr(completion, wanted);
    char *row = start == NULL ? strdup("") : strndup(start, (size_t)(strstr(start, ";;") - start));
    for (const struct command_option *o = c->options; o->name != NULL; o++) {
        const char *dashes = o->name[1] == '\0' ? "-" : "--";
        char in_page[512], in_row[128];
        escape(in_page, dashes, o->name, "");
        snprintf(wanted, sizeof wanted, ".TP\n\\fB%s\\fR%s%s", in_page, o->argument == NULL ? "\n" : " \\fI",
                 o->argument == NULL ? "" : o->argument);
        snprintf(in_row, sizeof in_row, " %s%s", dashes, o->name);
        check(o->help[0] != '\0' && strstr(page, wanted) != NULL, "%s %s%s", c->name, dashes, o->name);
        check(count(row, in_row) >= (o->argument == NULL ? 1U : 2U), "%s %s%s: %s", c->name, dashes, o->name,
              o->argument == NULL ? "a flag in the completion" : "with a value in the completion");
    }
    free(row);
}

static void try_manual(void)
{
    static struct manual pages[64];
    char *completion, *overview, *enclave;
    size_t len, texts_n = 0, pages_n = 0;
    FILE *out = open_memstream(&completion, &len);
    completion_write(out, command_groups);
    fclose(out);
    out = open_memstream(&overview, &len);
    manual_write_overview(out, command_groups);
    fclose(out);
    out = open_memstream(&enclave, &len);
    manual_write_enclave(out);
    fclose(out);
    manual_each_page(command_groups, keep_page, pages);
    while (pages[pages_n].word != NULL)
        pages_n++;
    while (manual_texts[texts_n].page != NULL)
        texts_n++;
    check(pages_n == texts_n, "%zu pages, each with a text", pages_n);
    for (size_t i = 0; i < texts_n; i++) {
        bool found = false;
        for (size_t k = 0; k < pages_n; k++)
            found = found || strcmp(manual_texts[i].page, pages[k].word) == 0;
        check(found, "the text for %s has its page", manual_texts[i].page);
    }
    for (const struct command *const *group = command_groups; *group != NULL; group++) {
        for (const struct command *c = *group; c->name != NULL; c++) {
            size_t word_len = strcspn(c->name, " "), k = 0;
            while (k < pages_n && (strlen(pages[k].word) != word_len || strncmp(pages[k].word, c->name, word_len) != 0))
                k++;
            if (check(k < pages_n, "%s has a page", c->name))
                check_texts(c, pages[k].page, completion, overview);
        }
    }
    for (int code = EXIT_CODE_OK; code <= EXIT_CODE_STALE; code++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, ".TP\n.B %d\n", code);
        check(strstr(overview, wanted) != NULL && strstr(enclave, wanted) != NULL, "exit code %d is explained", code);
    }
    check(strstr(overview, "NOT A TEE") != NULL, "the overview says NOT A TEE");
    for (size_t k = 0; k < pages_n; k++)
        free(pages[k].page);
    free(completion);
    free(overview);
    free(enclave);
}

int main(void)
{
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        try_use(&uses[i]);
    try_many();
    try_manual();
    return tap_done();
}
