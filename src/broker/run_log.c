/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister broker log`: prints the audit log and verifies its chain. */
#include "broker/run.h"

#include "broker/broker.h"
#include "core/codec/hex.h"
#include "sys/console.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void print_line(void *context, const struct audit_record *r, const char *line, size_t line_len)
{
    (void)context;
    (void)r;
    fwrite(line, 1, line_len, stdout);
}

static void print_row(void *context, const struct audit_record *r, const char *line, size_t line_len)
{
    char when[32] = "?";
    char root[2 * MODEL_ROOT_LEN + 1] = "";
    time_t seconds = (time_t)r->time;
    struct tm utc;
    (void)context;
    (void)line;
    (void)line_len;
    if (gmtime_r(&seconds, &utc) != NULL)
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &utc);
    if (r->has_model)
        hex_write(root, r->model_root, sizeof r->model_root);
    printf("%6llu  %sZ  %-8s %-8s %.16s%s%s%s\n", (unsigned long long)r->seq, when, audit_event_name(r->event),
           r->refused ? "refused" : "ok", root, r->has_model ? "... " : "", r->detail,
           r->kind == EVIDENCE_SIMULATOR ? " [simulator: NOT A TEE]" : "");
}

static void load_known(struct audit_head *known, const char *directory)
{
    char path[BROKER_PATH_MAX];
    struct reason why = {{0}};
    struct store *store = NULL;
    memset(known, 0, sizeof *known);
    enum status status = broker_path(path, directory, "broker.db", &why);
    if (status == STATUS_OK)
        status = store_open(&store, path, &why);
    if (status == STATUS_OK)
        status = broker_load_head(known, store, &why);
    if (status != STATUS_OK)
        console_warning("not checked that the log is whole to its end: %s", why.text);
    store_close(store);
}

static void print_summary(const struct audit_log *log, bool json)
{
    char head[2 * SHA256_LEN + 1];
    hex_write(head, log->head.hash, sizeof log->head.hash);
    if (json)
        printf("{\"records\":%llu,\"head\":\"%s\",\"incomplete_bytes\":%llu}\n", (unsigned long long)log->head.seq,
               head, (unsigned long long)log->torn);
    else
        printf("%llu records, the chain holds; head %s\n", (unsigned long long)log->head.seq, head);
    if (log->torn != 0)
        console_warning("the log ends in an incomplete record of %llu bytes: a crash while writing (the broker cuts it "
                        "off when it writes again), or a broker that writes just now",
                        (unsigned long long)log->torn);
}

int broker_run_log(const struct command_line *line)
{
    const bool json = command_flag(line, "json");
    char path[BROKER_PATH_MAX];
    struct reason why = {{0}};
    struct audit_head known;
    struct audit_log log;
    broker_harden();
    enum status status = broker_path(path, line->arguments[0], "audit.log", &why);
    if (status != STATUS_OK)
        return console_fail(status, &why, NULL);
    load_known(&known, line->arguments[0]);
    status = audit_log_open(&log, path, false, &known, json ? print_line : print_row, NULL, &why);
    if (status != STATUS_OK)
        return console_fail(
            status, &why, status == STATUS_NOT_FOUND ? NULL : "compare with a copy of the log; keep this one as it is");
    print_summary(&log, json);
    audit_log_close(&log);
    return EXIT_CODE_OK;
}
