/* SPDX-License-Identifier: Apache-2.0 */
#include "client/replay.h"

#include "client/keys_file.h"
#include "client/receipt.h"
#include "client/replay_model.h"
#include "client/replay_run.h"
#include "core/codec/hex.h"
#include "sys/console.h"
#include "sys/cpu.h"

#include <stdio.h>
#include <string.h>

static int replay_run_command(const struct command_line *line);

static const struct command_option options[] = {
    {"model", "FILE", "the model: a GGUF file, or a sealed one with its key (mandatory)"},
    {"raw-key", "FILE", "32-byte key in base64, made by `cloister keys new`"},
    {"identity", "FILE", "X25519 identity, made by `cloister keys new --identity`"},
    {"key", "HEX", "the Ed25519 key that must have signed (default: only the signature is checked)"},
    {"threads", "N", "threads to use (default: not as many as the receipt's)"},
    {"isa", "NAME", "scalar, avx2, avx512 or amx (default: not the receipt's)"},
    {"json", NULL, "print the verdict as one JSON object"},
    {NULL, NULL, NULL},
};

const struct command replay_commands[] = {
    {"replay", "RECEIPT", 1, 1, "compute a receipt's answer again and compare it token by token", options,
     replay_run_command},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};

/* Another number of threads than the receipt's, within what the machine has (at least 2, so that there is one). */
static unsigned other_threads(const struct receipt_statement *s, const struct cpu *cpu)
{
    unsigned n = cpu->cores_n;
    if (n != s->threads)
        return n;
    return n > 1 ? n - 1 : 2;
}

/* Another instruction set than the receipt's, the fastest there is. */
static const struct kernels *other_kernels(const struct receipt_statement *s, const struct cpu *cpu)
{
    static const char *const names[] = {"amx", "avx512", "avx2", "scalar"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct kernels *found = kernels_choose(names[i], cpu->has);
        if (found != NULL && strcmp(names[i], s->isa) != 0)
            return found;
    }
    return kernels_choose("best", cpu->has);
}

static enum status choose(struct replay_setup *setup, const struct receipt_statement *s,
                          const struct command_line *line, struct reason *why)
{
    const char *isa = command_value(line, "isa");
    struct cpu cpu = cpu_read();
    unsigned long long threads_n = other_threads(s, &cpu);
    (void)command_number(line, "threads", MODEL_STREAM_THREADS_MAX, &threads_n); /* checked before */
    if (threads_n == 0) {
        reason_set(why, "--threads takes a number from 1 to 256", NULL);
        return STATUS_USAGE;
    }
    setup->threads_n = (unsigned)threads_n;
    setup->kernels = isa == NULL ? other_kernels(s, &cpu) : kernels_choose(isa, cpu.has);
    if (setup->kernels != NULL)
        return STATUS_OK;
    reason_set(why, "this processor has no instruction set ", isa, "; give scalar, avx2, avx512 or amx", NULL);
    return STATUS_USAGE;
}

static enum status verify_signature(struct verdict *v, const struct receipt *r, const struct command_line *line,
                                    struct reason *why)
{
    uint8_t key[ED25519_PUBLIC_LEN];
    const char *key_text = command_value(line, "key");
    struct receipt_expect expect = {.key = r->key, .allow_simulator = true};
    if (key_text != NULL) {
        if (hex_parse(key, sizeof key, key_text, strlen(key_text)) != STATUS_OK) {
            reason_set(why, "--key takes 64 hexadecimal digits", NULL);
            return STATUS_USAGE;
        }
        expect.key = key;
    }
    receipt_verify(v, r, &expect);
    if (key_text == NULL) /* compared with itself: say so */
        for (size_t i = 0; i < v->checks_n; i++)
            if (strcmp(v->checks[i].name, "receipt key") == 0)
                reason_set(&v->checks[i].reason, "the one in the receipt; whose it is, `receipt verify` tells", NULL);
    if (r->has_transcript)
        return STATUS_OK;
    reason_set(why, "this receipt has no transcript, so there is nothing to compare with", NULL);
    return STATUS_USAGE;
}

static void compare_root(struct verdict *v, const struct receipt *r, const struct replay_model *m)
{
    if (memcmp(m->root, r->statement.model_root, sizeof m->root) == 0)
        reason_set(verdict_pass(v, "model root"), "the model is the one of the receipt", NULL);
    else
        reason_set(verdict_fail(v, "model root", STATUS_FORGED), "this is another model", NULL);
}

static void compare_tokens(struct verdict *v, const struct replay_result *result, const struct replay_setup *setup)
{
    uint64_t total = result->total_n;
    struct reason *why =
        result->equal_n == total ? verdict_pass(v, "tokens") : verdict_fail(v, "tokens", STATUS_FORGED);
    reason_add_u64(why, result->equal_n);
    reason_add(why, " of ");
    reason_add_u64(why, total);
    reason_add(why, " equal, with ");
    reason_add(why, setup->kernels->name);
    reason_add(why, " on ");
    reason_add_u64(why, setup->threads_n);
    reason_add(why, " threads");
    if (result->equal_n == total)
        return;
    reason_add(why, "; token ");
    reason_add_u64(why, result->equal_n);
    reason_add(why, result->impossible ? " cannot be any" : " is ");
    if (!result->impossible)
        reason_add_u64(why, result->computed);
    reason_add(why, ", the receipt has ");
    reason_add_u64(why, result->wanted);
}

/* Fills the verdict; a status other than OK means that it could not be computed at all. */
static enum status replay(struct verdict *v, const struct receipt *r, const struct command_line *line,
                          struct reason *why)
{
    struct replay_model m = {.weights = NULL};
    struct replay_setup setup;
    struct replay_result result;
    enum status status = verify_signature(v, r, line, why);
    if (status == STATUS_OK)
        status = choose(&setup, &r->statement, line, why);
    if (status == STATUS_OK)
        status = replay_model_open(&m, line, setup.threads_n, why);
    if (status != STATUS_OK)
        return status;
    compare_root(v, r, &m);
    if (memcmp(m.root, r->statement.model_root, sizeof m.root) != 0) {
        reason_set(verdict_not_run(v, "tokens"), "another model gives other tokens", NULL);
    } else {
        status = replay_run(&result, r, &m, &setup, why);
        if (status == STATUS_OK)
            compare_tokens(v, &result, &setup);
    }
    replay_model_close(&m);
    return status;
}

static int replay_run_command(const struct command_line *line)
{
    struct receipt_file file;
    struct verdict v;
    struct reason why = {""};
    unsigned long long threads_n;
    if (!command_number(line, "threads", MODEL_STREAM_THREADS_MAX, &threads_n))
        return EXIT_CODE_USAGE;
    verdict_init(&v);
    enum status status = receipt_file_open(&file, line->arguments[0], &why);
    if (status != STATUS_OK)
        return console_fail(status, &why, NULL);
    status = replay(&v, &file.receipt, line, &why);
    int code = status == STATUS_OK ? receipt_print(&file.receipt, &v, "replayed", command_flag(line, "json"))
                                   : console_fail(status, &why, NULL);
    if (status == STATUS_OK && code != EXIT_CODE_OK)
        console_error("%s is not replayed", line->arguments[0]);
    receipt_file_close(&file);
    return code;
}
