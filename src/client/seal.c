/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister seal`, and the table of the owner's commands. */
#include "client/seal.h"

#include "client/keys_file.h"
#include "client/seal_source.h"
#include "client/seal_write.h"
#include "core/base/constant_time.h"
#include "core/codec/hex.h"
#include "core/codec/json_writer.h"
#include "sys/console.h"
#include "sys/cpu.h"
#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command_option seal_options[] = {
    {"o", "OUT", "the sealed file to write (mandatory)"},
    {"for", "BROKER_PUB", "seal for the holder of this public key file; may be repeated"},
    {"raw-key", "FILE", "seal for the holder of this 32-byte key in base64, made by `cloister keys new`"},
    {"from-fernet", "KEYFILE", "MODEL is a Fernet file; decrypt it with this key"},
    {"threads", "N", "threads to use (default: one a core)"},
    {"force", NULL, "replace OUT when it is there"},
    {"json", NULL, "print file, lengths and model root as one JSON object"},
    {NULL, NULL, NULL},
};

static const struct command_option convert_options[] = {
    {"o", "OUT", "the GGUF file to write (mandatory)"},
    {"force", NULL, "replace OUT when it is there"},
    {NULL, NULL, NULL},
};

static const struct command_option inspect_options[] = {
    {"json", NULL, "print as one JSON object"},
    {NULL, NULL, NULL},
};

static const struct command_option unseal_options[] = {
    {"o", "OUT", "the plaintext file to write (mandatory)"},
    {"raw-key", "FILE", "32-byte key in base64, made by `cloister keys new`"},
    {"identity", "FILE", "X25519 identity, made by `cloister keys new --identity`"},
    {"threads", "N", "threads to use (default: one a core)"},
    {"force", NULL, "replace OUT when it is there"},
    {NULL, NULL, NULL},
};

const struct command seal_commands[] = {
    {"seal", "MODEL", 1, 1, "encrypt a model for brokers and key holders", seal_options, seal_run},
    {"convert", "MODEL", 1, 1, "write a safetensors folder or split GGUF model as one GGUF file", convert_options,
     convert_run},
    {"inspect", "FILE", 1, 1, "show what a sealed model says of itself, without a key", inspect_options, inspect_run},
    {"unseal", "FILE", 1, 1, "decrypt a sealed model that you hold a key of", unseal_options, unseal_run},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};

/* Everything that the command line names, read. */
struct inputs {
    struct seal_recipient recipients[SEAL_WRAPS_MAX];
    size_t recipients_n;
    struct seal_raw_key raw_key;
    bool has_raw_key;
    struct fernet_key fernet_key;
    bool has_fernet_key;
    unsigned long long threads_n;
};

static enum status read_fernet_key(struct fernet_key *key, const char *path, struct reason *why)
{
    uint8_t *text;
    size_t text_len;
    enum status status = file_read(&text, &text_len, path, FERNET_KEY_TEXT_MAX, why);
    if (status != STATUS_OK)
        return status;
    status = fernet_key_parse(key, (const char *)text, text_len, why);
    file_free(text, text_len);
    return status;
}

static enum status read_inputs(struct inputs *in, const struct command_line *line, struct reason *why)
{
    const char *raw_key_path = command_value(line, "raw-key"), *fernet_path = command_value(line, "from-fernet");
    const char *path;
    enum status status = keys_raw_key_from_environment(&in->raw_key, &in->has_raw_key, why);
    while (status == STATUS_OK && (path = command_value_nth(line, "for", in->recipients_n)) != NULL) {
        if (in->recipients_n == SEAL_WRAPS_MAX - 1) {
            reason_set(why, "a model is sealed for at most 64 keys", NULL);
            return STATUS_LIMIT;
        }
        status = keys_recipient_read(&in->recipients[in->recipients_n++], path, why);
    }
    if (status == STATUS_OK && raw_key_path != NULL) {
        status = keys_raw_key_read(&in->raw_key, raw_key_path, why);
        in->has_raw_key = true;
    }
    if (status == STATUS_OK && fernet_path != NULL) {
        status = read_fernet_key(&in->fernet_key, fernet_path, why);
        in->has_fernet_key = true;
    }
    if (status == STATUS_OK && in->recipients_n == 0 && !in->has_raw_key) {
        reason_set(why, "nobody could open that: give --for BROKER_PUB or --raw-key FILE", NULL);
        status = STATUS_USAGE;
    }
    return status;
}

static void print_result(const struct command_line *line, const char *out, const struct seal_header *h)
{
    char root[2 * SEAL_ROOT_LEN + 1], text[4096 + 512];
    struct writer w;
    struct json_writer j;
    hex_write(root, h->root, sizeof h->root);
    if (!command_flag(line, "json")) {
        printf("sealed      %s\nmodel root  %s\nlength      %llu\n", out, root, (unsigned long long)h->plain_len);
        return;
    }
    writer_init(&w, text, sizeof text);
    json_writer_init(&j, &w);
    json_open_object(&j);
    json_put_text(&j, "file", out);
    json_put_u64(&j, "length", h->plain_len);
    json_put_u64(&j, "metadata_length", h->meta_len);
    json_put_text(&j, "root", root);
    json_close(&j);
    if (json_writer_end(&j) == STATUS_OK)
        printf("%.*s\n", (int)writer_len(&w), text);
}

static enum status seal_to(struct seal_header *header, const char *out, const struct seal_request *request, bool force,
                           struct reason *why)
{
    struct file_draft draft;
    enum status status = keys_check_output(out, force, why);
    if (status == STATUS_OK)
        status = file_draft_open(&draft, out, 0644, why); /* before the first pass: a bad place is told at once */
    if (status != STATUS_OK)
        return status;
    status = seal_write_find_root(header, request, why);
    if (status == STATUS_OK)
        status = seal_write_file(draft.fd, header, request, why);
    if (status == STATUS_OK)
        return file_draft_commit(&draft, force, why);
    file_draft_abort(&draft);
    return status;
}

static const char *hint_for(enum status status)
{
    if (status == STATUS_EXISTS)
        return "--force replaces it";
    if (status == STATUS_LIMIT)
        return "the sealed file takes as much room as the model; nothing was left behind";
    return NULL;
}

int seal_run(const struct command_line *line)
{
    const char *out = command_value(line, "o");
    struct inputs *in = calloc(1, sizeof *in);
    struct seal_source source = {.fd = -1};
    struct seal_header header;
    struct reason why = {""};
    int code = EXIT_CODE_USAGE;
    enum status status = STATUS_NO_MEMORY;
    if (in == NULL)
        return console_fail(status, NULL, NULL);
    in->threads_n = cpu_read().cores_n;
    if (!command_number(line, "threads", MODEL_STREAM_THREADS_MAX, &in->threads_n))
        goto out;
    status = read_inputs(in, line, &why);
    if (status == STATUS_OK && out == NULL) {
        reason_set(&why, "-o OUT is missing", NULL);
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK)
        status = seal_source_open(&source, line->arguments[0], in->has_fernet_key ? &in->fernet_key : NULL, &why);
    if (status == STATUS_OK) {
        struct seal_request request = {&source, in->recipients, in->recipients_n, in->has_raw_key ? &in->raw_key : NULL,
                                       in->threads_n == 0 ? 1 : (unsigned)in->threads_n};
        status = seal_to(&header, out, &request, command_flag(line, "force"), &why);
    }
    code = status == STATUS_OK ? EXIT_CODE_OK : console_fail(status, &why, hint_for(status));
    if (status == STATUS_OK)
        print_result(line, out, &header);
out:
    seal_source_close(&source);
    wipe(in, sizeof *in);
    free(in);
    return code;
}
