/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: RL-11, RL-12, RL-14. */
#include "broker/audit_log.h"

#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char path[64];
static const struct audit_head unknown;

static void sample(struct audit_record *r, uint64_t number)
{
    memset(r, 0, sizeof *r);
    r->time = 1767225600 + number;
    r->event = AUDIT_RELEASE;
    r->refused = number % 2 == 1;
    r->has_model = true;
    memset(r->model_root, 0x77, sizeof r->model_root);
    memset(r->key_id, 0x78, sizeof r->key_id);
    r->kind = EVIDENCE_SIMULATOR;
    r->measurement_len = 48;
    memset(r->measurement, 0x22, 48);
    snprintf(r->detail, sizeof r->detail, "record \"%llu\"", (unsigned long long)number);
}

static size_t write_line(char *line, struct audit_record *r)
{
    struct writer w;
    writer_init(&w, line, AUDIT_LINE_MAX);
    check(audit_record_write(&w, r) == STATUS_OK, "a record is written");
    return writer_len(&w);
}

static void records(void)
{
    static char line[AUDIT_LINE_MAX];
    struct audit_record r, back, none;
    struct reason why;
    memset(&none, 0, sizeof none);
    sample(&r, 1);
    r.seq = 7;
    memset(r.previous, 0x55, sizeof r.previous);
    size_t len = write_line(line, &r);
    check(audit_record_parse(&back, line, len, &why) == STATUS_OK && memcmp(&back, &r, sizeof r) == 0,
          "and parses back to the same");
    size_t wrong = 0;
    for (size_t bit = 0; bit < len * 8; bit++) {
        line[bit / 8] = (char)(line[bit / 8] ^ 1 << bit % 8);
        enum status status = audit_record_parse(&back, line, len, &why);
        wrong += (status != STATUS_MALFORMED && status != STATUS_FORGED) || memcmp(&back, &none, sizeof none) != 0;
        line[bit / 8] = (char)(line[bit / 8] ^ 1 << bit % 8);
    }
    check(wrong == 0, "RL-11: each of its %zu bits flipped is refused", len * 8);
    wrong = 0;
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = guarded_copy(line, cut);
        wrong += audit_record_parse(&back, copy, cut, &why) == STATUS_OK;
        guarded_free(copy, cut);
    }
    check(wrong == 0, "RL-11: cut at every length it is refused");
    struct audit_record longest = r;
    memset(longest.detail, '"', sizeof longest.detail - 1); /* each becomes two characters */
    longest.seq = longest.time = UINT64_MAX;
    longest.measurement_len = 64;
    len = write_line(line, &longest);
    check(len <= AUDIT_LINE_MAX && audit_record_parse(&back, line, len, &why) == STATUS_OK, "the longest fits");
    struct audit_record bare = {.seq = 1, .event = AUDIT_INIT};
    len = write_line(line, &bare);
    check(audit_record_parse(&back, line, len, &why) == STATUS_OK && !back.has_model && back.measurement_len == 0,
          "the barest too");
    for (int event = 0; event < AUDIT_EVENTS_N; event++) {
        bare.event = (enum audit_event)event;
        len = write_line(line, &bare);
        check(audit_record_parse(&back, line, len, &why) == STATUS_OK && (int)back.event == event, "event %s",
              audit_event_name(bare.event));
    }
}

static size_t read_file(char *out, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    size_t len = fread(out, 1, capacity, file);
    fclose(file);
    return len;
}

static void write_file(const char *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    if (fwrite(bytes, 1, len, file) != len)
        printf("Bail out! cannot write %s\n", path);
    fclose(file);
}

static bool append(uint64_t number)
{
    struct audit_log log;
    struct audit_record r;
    struct reason why = {{0}};
    sample(&r, number);
    if (audit_log_open(&log, path, true, &unknown, NULL, NULL, &why) != STATUS_OK)
        return false;
    bool appended = audit_log_append(&log, &r, &why) == STATUS_OK;
    audit_log_close(&log);
    return appended;
}

static enum status reopen(struct audit_log *log, const struct audit_head *known, struct reason *why)
{
    why->text[0] = '\0';
    enum status status = audit_log_open(log, path, false, known, NULL, NULL, why);
    if (status == STATUS_OK)
        audit_log_close(log);
    return status;
}

/* Every prefix of the file: a crash at any byte. */
static void torn(const char *whole, size_t len)
{
    struct audit_log log;
    struct reason why;
    size_t wrong = 0, line_start = 0, lines = 0;
    for (size_t cut = 0; cut < len; cut++) {
        write_file(whole, cut);
        if (cut > 0 && whole[cut - 1] == '\n') {
            line_start = cut;
            lines++;
        }
        if (reopen(&log, &unknown, &why) != STATUS_OK || log.head.seq != lines || log.torn != cut - line_start)
            wrong++;
    }
    check(wrong == 0, "RL-12: cut at each of %zu bytes, whole records are kept and the rest is reported", len);
    wrong = 0;
    for (size_t cut = line_start; cut < len; cut += 37) {
        static char repaired[16384];
        write_file(whole, cut);
        bool appended = append(99);
        size_t repaired_len = read_file(repaired, sizeof repaired);
        enum status status = reopen(&log, &unknown, &why);
        bool noted = memmem(repaired, repaired_len, "\"event\":\"repair\"", 16) != NULL;
        if (!appended || status != STATUS_OK || log.torn != 0 || noted != (cut != line_start) ||
            memcmp(repaired, whole, line_start) != 0)
            wrong++;
    }
    check(wrong == 0, "RL-12: the next append cuts the rest off, notes it, and loses nothing else");
    write_file(whole, len);
}

static void altered(const char *whole, size_t len)
{
    static char changed[16384];
    struct audit_log log;
    struct reason why;
    size_t wrong = 0;
    for (size_t i = 0; i < len; i++) {
        memcpy(changed, whole, len);
        changed[i] = (char)(changed[i] ^ 1);
        write_file(changed, len);
        enum status status = reopen(&log, &unknown, &why);
        /* the last newline alone looks like a crash; the database's head tells (below) */
        bool newline = i == len - 1;
        if ((!newline && status == STATUS_OK) || (!newline && strstr(why.text, "line ") == NULL))
            wrong++;
    }
    check(wrong == 0, "RL-11: every byte changed is noticed, and the line named");
    const char *second = (const char *)memchr(whole, '\n', len) + 1;
    write_file(second, len - (size_t)(second - whole));
    check(reopen(&log, &unknown, &why) == STATUS_FORGED && strstr(why.text, "line 1") != NULL,
          "RL-11: a first record taken out is noticed");
    const char *third = (const char *)memchr(second, '\n', len - (size_t)(second - whole)) + 1;
    size_t first_len = (size_t)(second - whole), tail = len - (size_t)(third - whole);
    memcpy(changed, whole, first_len);
    memcpy(changed + first_len, third, tail);
    write_file(changed, first_len + tail);
    check(reopen(&log, &unknown, &why) == STATUS_FORGED && strstr(why.text, "line 2") != NULL,
          "RL-11: one taken out of the middle is noticed");
    memset(changed, 'x', AUDIT_LINE_MAX + 1);
    write_file(changed, AUDIT_LINE_MAX + 1);
    check(reopen(&log, &unknown, &why) == STATUS_MALFORMED, "RL-11: an endless line is refused");
    write_file(whole, len);
}

static void heads(const char *whole, size_t len)
{
    struct audit_log log;
    struct reason why;
    check(reopen(&log, &unknown, &why) == STATUS_OK, "the log is whole again");
    struct audit_head known = log.head;
    check(reopen(&log, &known, &why) == STATUS_OK, "RL-13: and ends where the database says");
    write_file(whole, len - 1);
    check(reopen(&log, &known, &why) == STATUS_FORGED && strstr(why.text, "cut short") != NULL,
          "RL-13: an answered record without its newline is no crash");
    write_file(whole, 0);
    check(reopen(&log, &known, &why) == STATUS_FORGED, "RL-13: an emptied log is noticed");
    write_file(whole, len);
    known.hash[0] ^= 1;
    check(reopen(&log, &known, &why) == STATUS_FORGED, "RL-13: another history of the same length is noticed");
}

/* The file may grow to this many bytes and no further: a full disk at any byte of a record. */
static void full(void)
{
    struct audit_log log;
    struct audit_record r;
    struct reason why = {{0}};
    struct rlimit before, limit;
    size_t wrong = 0, tried = 0;
    if (!check(audit_log_open(&log, path, true, &unknown, NULL, NULL, &why) == STATUS_OK, "the log opens") ||
        getrlimit(RLIMIT_FSIZE, &before) != 0)
        return;
    signal(SIGXFSZ, SIG_IGN);
    for (size_t room = 0; room < 500; room += 7, tried++) {
        uint64_t seq = log.head.seq, end = log.end;
        sample(&r, room);
        limit = before;
        limit.rlim_cur = end + room;
        (void)!setrlimit(RLIMIT_FSIZE, &limit);
        enum status status = audit_log_append(&log, &r, &why);
        (void)!setrlimit(RLIMIT_FSIZE, &before);
        struct stat st;
        wrong += status != STATUS_LIMIT || log.head.seq != seq || stat(path, &st) != 0 || (uint64_t)st.st_size != end;
    }
    check(wrong == 0, "RL-4: %zu times full within a record: told, and the log is as it was", tried);
    sample(&r, 1);
    check(audit_log_append(&log, &r, &why) == STATUS_OK, "with room it goes on");
    audit_log_close(&log);
    check(reopen(&log, &unknown, &why) == STATUS_OK && log.torn == 0, "and is whole");
}

/* Two processes append at once. */
static void together(void)
{
    enum { EACH = 20 };
    struct audit_log log;
    struct reason why;
    check(reopen(&log, &unknown, &why) == STATUS_OK, "before");
    uint64_t before = log.head.seq;
    for (int child = 0; child < 2; child++) {
        if (fork() != 0)
            continue;
        struct audit_record r;
        if (audit_log_open(&log, path, true, &unknown, NULL, NULL, &why) != STATUS_OK)
            _exit(1);
        for (int i = 0; i < EACH; i++) {
            sample(&r, (uint64_t)i);
            if (audit_log_append(&log, &r, &why) != STATUS_OK)
                _exit(1);
        }
        _exit(0);
    }
    int status, good = 0;
    while (wait(&status) > 0)
        good += status == 0;
    check(good == 2 && reopen(&log, &unknown, &why) == STATUS_OK && log.head.seq == before + 2 * EACH,
          "two processes append at once and the chain holds");
}

int main(void)
{
    static char whole[16384];
    struct reason why;
    snprintf(path, sizeof path, "/tmp/cloister-audit-%d", (int)getpid());
    records();
    check(audit_log_create(path, &why) == STATUS_OK, "a log is made");
    check(audit_log_create(path, &why) == STATUS_EXISTS, "and not made twice");
    for (uint64_t i = 0; i < 4; i++)
        check(append(i), "record %llu is appended", (unsigned long long)i);
    struct stat st;
    check(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "others cannot read it");
    size_t len = read_file(whole, sizeof whole);
    torn(whole, len);
    altered(whole, len);
    heads(whole, len);
    full();
    together();
    unlink(path);
    return tap_done();
}
