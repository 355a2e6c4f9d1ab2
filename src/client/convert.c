/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister convert`: a safetensors folder or a split GGUF model written as one GGUF file, the bytes that `cloister
 * seal` would seal. */
#include "client/keys_file.h"
#include "client/seal.h"
#include "client/seal_source.h"
#include "sys/console.h"
#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>

static enum status copy(int fd, struct seal_source *source, struct reason *why)
{
    enum status status = STATUS_OK;
    struct progress progress;
    uint8_t *buffer = malloc(SEAL_CHUNK_LEN);
    if (buffer == NULL)
        return STATUS_NO_MEMORY;
    progress_start(&progress, "converting", source->plain_len);
    for (uint64_t done = 0; done < source->plain_len && status == STATUS_OK;) {
        uint64_t left = source->plain_len - done;
        size_t part = left < SEAL_CHUNK_LEN ? (size_t)left : SEAL_CHUNK_LEN;
        status = seal_source_read(source, done, buffer, part, why);
        if (status == STATUS_OK)
            status = fd_write_all(fd, buffer, part, why);
        done += part;
        progress_at(&progress, done);
    }
    progress_end(&progress);
    free(buffer);
    return status;
}

static enum status write_to(const char *out, struct seal_source *source, bool force, struct reason *why)
{
    struct file_draft draft;
    enum status status = keys_check_output(out, force, why);
    if (status == STATUS_OK)
        status = file_draft_open(&draft, out, 0644, why);
    if (status != STATUS_OK)
        return status;
    status = copy(draft.fd, source, why);
    if (status == STATUS_OK)
        status = seal_source_check_unchanged(source, why);
    if (status == STATUS_OK)
        return file_draft_commit(&draft, force, why);
    file_draft_abort(&draft);
    return status;
}

int convert_run(const struct command_line *line)
{
    const char *out = command_value(line, "o");
    struct seal_source source = {.fd = -1};
    struct reason why = {""};
    enum status status = STATUS_USAGE;
    if (out == NULL)
        reason_set(&why, "-o OUT is missing", NULL);
    else
        status = seal_source_open(&source, line->arguments[0], NULL, &why);
    if (status == STATUS_OK && !seal_source_is_imported(&source)) {
        reason_set(&why, line->arguments[0], " is one file already; seal it as it is", NULL);
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK)
        status = write_to(out, &source, command_flag(line, "force"), &why);
    if (status == STATUS_OK)
        printf("converted   %s\nlength      %llu\n", out, (unsigned long long)source.plain_len);
    seal_source_close(&source);
    return status == STATUS_OK ? EXIT_CODE_OK
                               : console_fail(status, &why, status == STATUS_EXISTS ? "--force replaces it" : NULL);
}
