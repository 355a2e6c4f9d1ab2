/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister broker policy`: sets, shows, lists and removes the policies that decide over releases. */
#include "broker/run.h"

#include "broker/broker.h"
#include "core/policy/policy.h"
#include "sys/console.h"
#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A policy that could never allow anything, or is about no model, is a mistake. */
static enum status check_useful(const struct policy *p, struct reason *why)
{
    if (policy_check_complete(p, why) != STATUS_OK)
        return STATUS_MALFORMED;
    const char *missing = NULL;
    if (p->kinds == 0)
        missing = "kinds";
    else if (p->measurements_n == 0)
        missing = "measurements";
    else if (p->configurations_n == 0)
        missing = "configurations";
    else if (p->model_roots_n == 0)
        missing = "model_roots";
    if (missing != NULL) {
        reason_set(why, "policy: \"", missing, "\" is empty, so it would refuse everything", NULL);
        return STATUS_MALFORMED;
    }
    if (p->debug) {
        reason_set(why, "policy: \"debug\": expected false, seen true: an open enclave is never given a key", NULL);
        return STATUS_REFUSED;
    }
    return STATUS_OK;
}

static enum status check_name(const char *name, struct reason *why)
{
    size_t len = strlen(name);
    if (len != 0 && len <= STORE_NAME_MAX &&
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len)
        return STATUS_OK;
    reason_set(why, "a policy's name has 1 to 64 letters, digits, '-', '_' or '.'", NULL);
    return STATUS_USAGE;
}

static enum status set_policy(struct broker *b, const char *name, const char *path, bool *simulator, struct reason *why)
{
    uint8_t *text = NULL;
    size_t text_len = 0;
    struct policy p;
    struct arena arena;
    void *memory = malloc(POLICY_ARENA_LEN);
    if (memory == NULL) {
        reason_set(why, "out of memory", NULL);
        return STATUS_NO_MEMORY;
    }
    arena_init(&arena, memory, POLICY_ARENA_LEN);
    enum status status = file_read(&text, &text_len, path, POLICY_TEXT_MAX, why);
    if (status == STATUS_OK)
        status = policy_parse(&p, &arena, text, text_len, why);
    if (status == STATUS_OK)
        status = check_useful(&p, why);
    if (status == STATUS_OK) {
        struct audit_record record = {.event = AUDIT_POLICY};
        snprintf(record.detail, sizeof record.detail, "set %s", name);
        *simulator = (p.kinds & 1u << EVIDENCE_SIMULATOR) != 0;
        status = broker_record(b, &record, why);
    }
    if (status == STATUS_OK)
        status = store_set_policy(b->store, name, text, text_len, why);
    file_free(text, text_len);
    free(memory);
    return status;
}

struct listing {
    const char *only; /* shows the text of this one; NULL lists the names */
    bool found;
};

static bool find_policy(void *context, const char *name, const char *text, size_t text_len)
{
    struct listing *listing = context;
    (void)text;
    (void)text_len;
    listing->found = strcmp(listing->only, name) == 0;
    return !listing->found;
}

static enum status remove_policy(struct broker *b, const char *name, struct reason *why)
{
    struct audit_record record = {.event = AUDIT_POLICY};
    struct listing listing = {.only = name};
    enum status status = store_each_policy(b->store, find_policy, &listing, why);
    if (status == STATUS_OK && !listing.found) {
        reason_set(why, "there is no policy named ", name, NULL);
        status = STATUS_NOT_FOUND;
    }
    snprintf(record.detail, sizeof record.detail, "remove %s", name);
    if (status == STATUS_OK)
        status = broker_record(b, &record, why);
    return status == STATUS_OK ? store_remove_policy(b->store, name, why) : status;
}

static bool list_policy(void *context, const char *name, const char *text, size_t text_len)
{
    struct listing *listing = context;
    if (listing->only == NULL) {
        printf("%s\n", name);
        return true;
    }
    if (strcmp(listing->only, name) != 0)
        return true;
    listing->found = true;
    fwrite(text, 1, text_len, stdout);
    return false;
}

static enum status show(struct broker *b, const char *name, struct reason *why)
{
    struct listing listing = {.only = name};
    enum status status = store_each_policy(b->store, list_policy, &listing, why);
    if (status != STATUS_OK || name == NULL || listing.found)
        return status;
    reason_set(why, "there is no policy named ", name, NULL);
    return STATUS_NOT_FOUND;
}

int broker_run_policy(const struct command_line *line)
{
    const char *name = line->arguments_n > 1 ? line->arguments[1] : NULL;
    const char *path = line->arguments_n > 2 ? line->arguments[2] : NULL;
    const bool removing = command_flag(line, "remove");
    const struct kek_source source = {0};
    struct reason why = {{0}};
    bool simulator = false;
    struct broker b;
    broker_harden();
    if (removing && (name == NULL || path != NULL)) {
        console_error("--remove takes DIR and NAME");
        return EXIT_CODE_USAGE;
    }
    enum status status = name == NULL ? STATUS_OK : check_name(name, &why);
    if (status != STATUS_OK)
        return console_fail(status, &why, NULL);
    status = broker_open(&b, line->arguments[0], BROKER_LOCKED, &source, &why);
    if (status != STATUS_OK)
        return broker_fail_open(status, &why, line->arguments[0]);
    if (removing)
        status = remove_policy(&b, name, &why);
    else if (path != NULL)
        status = set_policy(&b, name, path, &simulator, &why);
    else
        status = show(&b, name, &why);
    broker_close(&b);
    if (status != STATUS_OK)
        return console_fail(status, &why, NULL);
    if (path != NULL || removing)
        printf("policy %s %s\n", name, removing ? "removed" : "set");
    if (simulator)
        console_not_a_tee();
    return EXIT_CODE_OK;
}
