/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister inspect`: the public header and for whom a model is sealed.  Nothing of it is proven without a key. */
#include "client/keys_file.h"
#include "client/seal.h"
#include "core/codec/hex.h"
#include "core/codec/json_writer.h"
#include "sys/console.h"
#include "sys/file.h"
#include "sys/model_stream.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_LEN = 64 * 1024 };

static const char *kind_name(unsigned kind)
{
    switch (kind) {
    case SEAL_WRAP_BROKER: return "x25519";
    case SEAL_WRAP_RAW_KEY: return "raw key";
    default: return "unknown";
    }
}

static void print_text(const struct model_stream *s)
{
    char root[2 * SEAL_ROOT_LEN + 1], id[2 * SEAL_FILE_ID_LEN + 1];
    hex_write(root, s->header.root, SEAL_ROOT_LEN);
    hex_write(id, s->header.file_id, SEAL_FILE_ID_LEN);
    printf("sealed model, version %d\nmodel root  %s\nfile id     %s\n", SEAL_VERSION, root, id);
    printf("length      %llu bytes in %llu chunks\nmetadata    %llu bytes\n", (unsigned long long)s->header.plain_len,
           (unsigned long long)seal_chunks_n(&s->header), (unsigned long long)s->header.meta_len);
    for (size_t i = 0; i < s->wraps.wraps_n; i++) {
        hex_write(id, s->wraps.wraps[i].recipient_id, SEAL_RECIPIENT_ID_LEN);
        printf("sealed for  %s  %s\n", id, kind_name(s->wraps.wraps[i].kind));
    }
    printf("nothing of this is proven without a key; `cloister unseal` checks it\n");
}

static enum status print_json(const struct model_stream *s)
{
    struct writer w;
    struct json_writer j;
    char *text = malloc(TEXT_LEN);
    if (text == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, text, TEXT_LEN);
    json_writer_init(&j, &w);
    json_open_object(&j);
    json_put_u64(&j, "chunks", seal_chunks_n(&s->header));
    json_put_hex(&j, "file_id", s->header.file_id, SEAL_FILE_ID_LEN);
    json_put_u64(&j, "length", s->header.plain_len);
    json_put_u64(&j, "metadata_length", s->header.meta_len);
    json_put_hex(&j, "root", s->header.root, SEAL_ROOT_LEN);
    json_put_u64(&j, "version", SEAL_VERSION);
    json_key(&j, "wraps");
    json_open_array(&j);
    for (size_t i = 0; i < s->wraps.wraps_n; i++) {
        json_open_object(&j);
        json_put_text(&j, "kind", kind_name(s->wraps.wraps[i].kind));
        json_put_hex(&j, "recipient", s->wraps.wraps[i].recipient_id, SEAL_RECIPIENT_ID_LEN);
        json_close(&j);
    }
    json_close(&j);
    json_put_u64(&j, "wraps_sequence", s->wraps_sequence);
    json_close(&j);
    enum status status = json_writer_end(&j);
    if (status == STATUS_OK)
        printf("%.*s\n", (int)writer_len(&w), text);
    free(text);
    return status;
}

int inspect_run(const struct command_line *line)
{
    struct reason why = {""};
    int fd = open(line->arguments[0], O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return console_fail(status_from_errno(&why, "cannot open", line->arguments[0]), &why, NULL);
    struct model_stream *s = malloc(sizeof *s);
    enum status status = s == NULL ? STATUS_NO_MEMORY : model_stream_open(s, fd, &why);
    if (status != STATUS_OK && s != NULL)
        keys_name_file(&why, line->arguments[0]);
    else if (status == STATUS_OK && command_flag(line, "json"))
        status = print_json(s);
    else if (status == STATUS_OK)
        print_text(s);
    free(s);
    close(fd);
    return status == STATUS_OK ? EXIT_CODE_OK : console_fail(status, &why, NULL);
}
