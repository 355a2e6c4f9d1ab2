/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/commands.h"

#include "broker/broker.h"
#include "broker/run.h"
#include "broker/serve.h"
#include "core/codec/hex.h"
#include "core/evidence/sim.h"
#include "sys/console.h"
#include "sys/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing of this process reaches another user: no core dump, no ptrace, no readable file. */
void broker_harden(void)
{
    const struct rlimit none = {0, 0};
    umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

struct kek_source broker_kek_source(const struct command_line *line)
{
    return (struct kek_source){.file = command_value(line, "kek"),
                               .passphrase_file = command_value(line, "passphrase-file")};
}

enum status broker_read_simulator_root(uint8_t root[static 32], const char *path, struct reason *why)
{
    uint8_t *text = NULL;
    size_t text_len = 0;
    memset(root, 0, 32);
    enum status status = file_read(&text, &text_len, path, 4096, why);
    if (status != STATUS_OK)
        return status;
    status = sim_root_parse(root, text, text_len, why);
    file_free(text, text_len);
    return status;
}

int broker_fail_open(enum status status, const struct reason *why, const char *directory)
{
    char path[BROKER_PATH_MAX];
    bool there = broker_path(path, directory, "broker.db", NULL) == STATUS_OK && access(path, F_OK) == 0;
    return console_fail(status, why, there ? NULL : "make a broker with `cloister broker init DIR`");
}

static int run_init(const struct command_line *line)
{
    const char *directory = line->arguments[0];
    const char *root_path = command_value(line, "simulator-root");
    struct trust_anchors anchors = {.simulator_known = root_path != NULL};
    const struct kek_source source = broker_kek_source(line);
    struct reason why = {{0}};
    broker_harden();
    if (root_path != NULL) {
        enum status status = broker_read_simulator_root(anchors.simulator_root, root_path, &why);
        if (status != STATUS_OK)
            return console_fail(status, &why, "--simulator-root takes the file of a simulator's public key");
    }
    if (source.file != NULL && source.passphrase_file != NULL) {
        console_error("--kek and --passphrase-file exclude each other");
        return EXIT_CODE_USAGE;
    }
    enum status status = broker_create(directory, &source, &anchors, &why);
    if (status != STATUS_OK)
        return console_fail(status, &why, status == STATUS_EXISTS ? "choose a new directory" : NULL);
    printf("broker made in %s\n", directory);
    printf("seal models for it with: cloister seal MODEL -o OUT --for %s/broker.pub\n", directory);
    if (source.file == NULL && source.passphrase_file == NULL)
        console_warning("the KEK lies in %s/kek: who copies the whole directory has the keys; move it elsewhere and "
                        "name it with --kek",
                        directory);
    if (anchors.simulator_known)
        console_not_a_tee();
    return EXIT_CODE_OK;
}

static int run_trust(const struct command_line *line)
{
    const char *path = command_value(line, "simulator-root");
    const struct kek_source source = {0};
    struct audit_record record = {.event = AUDIT_TRUST, .kind = EVIDENCE_SIMULATOR};
    struct reason why = {{0}};
    uint8_t root[32];
    char digits[65];
    struct broker b;
    broker_harden();
    if (path == NULL) {
        console_error("nothing to trust: name a root with --simulator-root FILE");
        return EXIT_CODE_USAGE;
    }
    enum status status = broker_read_simulator_root(root, path, &why);
    if (status != STATUS_OK)
        return console_fail(status, &why, NULL);
    status = broker_open(&b, line->arguments[0], BROKER_LOCKED, &source, &why);
    if (status != STATUS_OK)
        return broker_fail_open(status, &why, line->arguments[0]);
    hex_write(digits, root, sizeof root);
    snprintf(record.detail, sizeof record.detail, "simulator root %s", digits);
    status = broker_record(&b, &record, &why);
    if (status == STATUS_OK)
        status = broker_set_simulator_root(&b, root, &why);
    broker_close(&b);
    if (status != STATUS_OK)
        return console_fail(status, &why, NULL);
    printf("simulator root %s is trusted by %s; restart a running broker\n", digits, line->arguments[0]);
    console_not_a_tee();
    return EXIT_CODE_OK;
}

static int run_serve(const struct command_line *line)
{
    const char *address = command_value(line, "listen");
    const struct kek_source source = broker_kek_source(line);
    struct reason why = {{0}};
    struct broker b;
    broker_harden();
    enum status status = broker_open(&b, line->arguments[0], BROKER_UNLOCKED, &source, &why);
    if (status != STATUS_OK)
        return broker_fail_open(status, &why, line->arguments[0]);
    status = broker_serve(&b, address == NULL ? "127.0.0.1:8444" : address, command_flag(line, "json"), &why);
    broker_close(&b);
    return status == STATUS_OK ? EXIT_CODE_OK : console_fail(status, &why, NULL);
}

static const struct command_option init_options[] = {
    {"kek", "FILE", "key-encryption key: made there unless it exists (default: DIR/kek)"},
    {"passphrase-file", "FILE", "derive the key-encryption key from a passphrase; /dev/fd/N reads a descriptor"},
    {"simulator-root", "FILE", "trust this simulator's public key (NOT A TEE)"},
    {NULL, NULL, NULL},
};
static const struct command_option trust_options[] = {
    {"simulator-root", "FILE", "trust this simulator's public key (NOT A TEE; mandatory)"},
    {NULL, NULL, NULL},
};
static const struct command_option kek_options[] = {
    {"kek", "FILE", "file of the key-encryption key (default: DIR/kek)"},
    {"passphrase-file", "FILE", "passphrase of the key-encryption key; /dev/fd/N reads a descriptor"},
    {NULL, NULL, NULL},
};
static const struct command_option policy_options[] = {
    {"remove", NULL, "remove the policy NAME"},
    {NULL, NULL, NULL},
};
static const struct command_option log_options[] = {
    {"json", NULL, "one JSON object a line: the records, then a summary"},
    {NULL, NULL, NULL},
};
static const struct command_option serve_options[] = {
    {"listen", "HOST:PORT", "where to listen (default: 127.0.0.1:8444; port 0 lets the kernel choose)"},
    {"kek", "FILE", "file of the key-encryption key (default: DIR/kek)"},
    {"passphrase-file", "FILE", "passphrase of the key-encryption key; /dev/fd/N reads a descriptor"},
    {"json", NULL, "announce address and key as one JSON object"},
    {NULL, NULL, NULL},
};

const struct command broker_commands[] = {
    {"broker init", "DIR", 1, 1, "make a broker: keys, database, audit log", init_options, run_init},
    {"broker trust", "DIR", 1, 1, "trust the root of a simulator", trust_options, run_trust},
    {"broker add", "DIR SEALED", 2, 2, "register the data key of a sealed model", kek_options, broker_run_add},
    {"broker policy", "DIR [NAME [FILE]]", 1, 3, "set, show or list the policies of release", policy_options,
     broker_run_policy},
    {"broker log", "DIR", 1, 1, "print and verify the audit log", log_options, broker_run_log},
    {"broker serve", "DIR", 1, 1, "release keys to proven enclaves over HTTPS", serve_options, run_serve},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};
