/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister unseal`: the plaintext in one piece, or nothing. */
#include "client/keys_file.h"
#include "client/seal.h"
#include "core/base/constant_time.h"
#include "sys/console.h"
#include "sys/cpu.h"
#include "sys/file.h"
#include "sys/model_stream.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct output {
    int fd;
    pthread_mutex_t lock;
    struct progress progress;
    uint64_t done;
    struct reason why; /* of the first write that failed; under lock */
};

static enum status write_plain(void *ctx, uint64_t offset, const uint8_t *bytes, size_t len)
{
    struct output *output = ctx;
    struct reason why = {""};
    enum status status = fd_pwrite_all(output->fd, bytes, len, offset, &why);
    pthread_mutex_lock(&output->lock);
    output->done += len;
    progress_at(&output->progress, output->done);
    if (status != STATUS_OK && output->why.text[0] == '\0')
        output->why = why;
    pthread_mutex_unlock(&output->lock);
    return status;
}

static enum status unseal_to(const struct model_stream *s, const struct seal_dek *dek, unsigned threads_n,
                             const char *path, bool force, struct reason *why)
{
    struct file_draft draft;
    struct output output = {.done = 0};
    enum status status = keys_check_output(path, force, why);
    if (status == STATUS_OK)
        status = file_draft_open(&draft, path, 0600, why);
    if (status != STATUS_OK)
        return status;
    output.fd = draft.fd;
    if (pthread_mutex_init(&output.lock, NULL) != 0) {
        file_draft_abort(&draft);
        return STATUS_NO_MEMORY;
    }
    progress_start(&output.progress, "unsealing", s->header.plain_len);
    status = model_stream_read(s, dek, model_stream_lanes(), threads_n, write_plain, &output, why);
    progress_end(&output.progress);
    pthread_mutex_destroy(&output.lock);
    if (status == STATUS_OK)
        return file_draft_commit(&draft, force, why);
    if (output.why.text[0] != '\0')
        *why = output.why;
    file_draft_abort(&draft);
    return status;
}

static enum status unseal(const struct command_line *line, int fd, unsigned threads_n, struct reason *why)
{
    struct seal_dek dek = {{0}};
    const char *out = command_value(line, "o");
    struct model_stream *s = malloc(sizeof *s);
    enum status status = STATUS_NO_MEMORY;
    if (s == NULL)
        goto out;
    if (out == NULL) {
        reason_set(why, "-o OUT is missing", NULL);
        status = STATUS_USAGE;
        goto out;
    }
    status = model_stream_open(s, fd, why);
    if (status != STATUS_OK)
        keys_name_file(why, line->arguments[0]);
    if (status == STATUS_OK)
        status = keys_open(&dek, s, line, why);
    if (status == STATUS_OK)
        status = unseal_to(s, &dek, threads_n, out, command_flag(line, "force"), why);
out:
    wipe(&dek, sizeof dek);
    free(s);
    return status;
}

int unseal_run(const struct command_line *line)
{
    struct reason why = {""};
    unsigned long long threads_n = cpu_read().cores_n;
    if (!command_number(line, "threads", MODEL_STREAM_THREADS_MAX, &threads_n))
        return EXIT_CODE_USAGE;
    int fd = open(line->arguments[0], O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return console_fail(status_from_errno(&why, "cannot open", line->arguments[0]), &why, NULL);
    enum status status = unseal(line, fd, threads_n == 0 ? 1 : (unsigned)threads_n, &why);
    close(fd);
    if (status == STATUS_OK)
        return EXIT_CODE_OK;
    return console_fail(status, &why, status == STATUS_EXISTS ? "--force replaces it" : NULL);
}
