/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/warden.h"

#include "core/base/constant_time.h"
#include "core/base/reader.h"
#include "core/evidence/keyset.h"
#include "enclave/attestor.h"
#include "enclave/channel.h"
#include "enclave/config.h"
#include "enclave/event.h"
#include "enclave/obtain.h"
#include "enclave/sandbox.h"
#include "enclave/setup.h"
#include "enclave/spawn.h"
#include "enclave/warden_serve.h"
#include "sys/clock.h"
#include "sys/console.h"
#include "sys/file.h"
#include "sys/listen.h"
#include "sys/memory.h"
#include "sys/model_stream.h"
#include "sys/random.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HELLO_MS = 20000,       /* for keys to be made */
    OPEN_MS = 24 * 3600000, /* a large model from a slow disk */
    META_MAX = 256 << 20,
};

struct start {
    struct config config;
    struct attestor attestor;
    struct model_stream model;
    struct seal_dek dek;
    struct spawned spawned;
    struct channel channels[ROLES_N];
    struct channel_message message;
    struct keyset keyset;
    char address[LISTEN_ADDRESS_SIZE];
    bool memory_locked;                 /* of every process */
    uint32_t vocab_n, context, pages_n; /* as the vault found them */
    char isa[16];
    struct reason why;
};

static enum status read_config(struct start *s, const char *path)
{
    uint8_t *text;
    size_t len;
    enum status status = file_read(&text, &len, path, CONFIG_TEXT_MAX, &s->why);
    if (status != STATUS_OK)
        return status;
    status = config_parse(&s->config, text, len, &s->why);
    file_free(text, len);
    return status;
}

static enum status open_model(struct start *s, int *fd)
{
    *fd = open(s->config.model_path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return status_from_errno(&s->why, "cannot open the model", s->config.model_path);
    enum status status = model_stream_open(&s->model, *fd, &s->why);
    if (status == STATUS_OK && memcmp(s->model.header.root, s->config.model_root, SEAL_ROOT_LEN) != 0) {
        reason_set(&s->why, "the sealed model's root is not the configured \"model_root\"", NULL);
        status = STATUS_REFUSED;
    }
    return status;
}

static enum status obtain_key(struct start *s)
{
    uint64_t started = clock_monotonic_ms();
    enum status status = s->config.raw_key ? obtain_from_environment(&s->dek, &s->model, &s->why)
                                           : obtain_from_broker(&s->dek, &s->config, &s->attestor, &s->model, &s->why);
    if (status == STATUS_OK)
        status = model_stream_check_key(&s->model, &s->dek, &s->why);
    if (status == STATUS_OK)
        event_log(ROLE_WARDEN, EVENT_KEY_RELEASED, (int64_t)(clock_monotonic_ms() - started), 0);
    return status;
}

/* A process that cannot start has said why. */
static enum status heed_refusal(struct start *s)
{
    struct reader r;
    reader_init(&r, s->message.payload, s->message.len);
    uint32_t told = reader_u32le(&r);
    size_t text_len = reader_left(&r);
    reason_set(&s->why, "", NULL);
    reason_add_shown(&s->why, reader_bytes(&r, text_len), text_len);
    return told > STATUS_OK && told <= STATUS_BROKEN ? (enum status)told : STATUS_BROKEN;
}

/* Waits for one message of that type from role, of at least len bytes. */
static enum status expect(struct start *s, enum role role, enum message type, size_t len, int timeout_ms)
{
    struct pollfd ready = {.fd = s->channels[role].fd, .events = POLLIN};
    if (poll(&ready, 1, timeout_ms) != 1) {
        reason_set(&s->why, role_name(role), " did not start in time", NULL);
        return STATUS_BUSY;
    }
    enum status status = channel_receive(&s->channels[role], &s->message, true);
    if (status == STATUS_OK && s->message.type == MESSAGE_REFUSED && s->message.len >= 4)
        return heed_refusal(s);
    if (status == STATUS_OK && (s->message.type != type || s->message.len < len))
        status = STATUS_BROKEN;
    if (status != STATUS_OK)
        reason_set(&s->why, role_name(role), " ended while it started; the log says why", NULL);
    return status;
}

static enum status hear_hellos(struct start *s)
{
    struct reader r;
    enum status status = expect(s, ROLE_GATE, MESSAGE_GATE_HELLO, 36, HELLO_MS);
    if (status != STATUS_OK)
        return status;
    reader_init(&r, s->message.payload, s->message.len);
    s->memory_locked = reader_u32le(&r) != 0;
    reader_copy(&r, s->keyset.tls_spki_sha256, sizeof s->keyset.tls_spki_sha256);
    status = reader_end(&r);
    if (status == STATUS_OK)
        status = expect(s, ROLE_SCRIBE, MESSAGE_SCRIBE_HELLO, 37, HELLO_MS);
    if (status != STATUS_OK)
        return status;
    reader_init(&r, s->message.payload, s->message.len);
    s->memory_locked = reader_u32le(&r) != 0 && s->memory_locked;
    reader_copy(&r, s->keyset.receipt_key, sizeof s->keyset.receipt_key);
    s->keyset.hpke_config_len = reader_left(&r);
    if (s->keyset.hpke_config_len > sizeof s->keyset.hpke_config)
        return STATUS_BROKEN;
    reader_copy(&r, s->keyset.hpke_config, s->keyset.hpke_config_len);
    return reader_end(&r);
}

/* The leading bytes of the model, which hold no weights, to the scribe, which opens the vocabulary in them. */
static enum status send_meta(struct start *s)
{
    size_t len = (size_t)s->model.header.meta_len;
    if (len == 0 || len > META_MAX) {
        reason_set(&s->why, "the sealed model has no metadata part; seal a GGUF file", NULL);
        return STATUS_UNSUPPORTED;
    }
    uint8_t *meta = malloc(len);
    if (meta == NULL)
        return STATUS_NO_MEMORY;
    enum status status = model_stream_read_meta(&s->model, &s->dek, meta, len, &s->why);
    for (size_t at = 0; at < len && status == STATUS_OK; at += CHANNEL_PAYLOAD_MAX) {
        size_t part = len - at < CHANNEL_PAYLOAD_MAX ? len - at : CHANNEL_PAYLOAD_MAX;
        status = channel_send(&s->channels[ROLE_SCRIBE], MESSAGE_META, 0, meta + at, part);
    }
    if (status == STATUS_OK)
        status = channel_send(&s->channels[ROLE_SCRIBE], MESSAGE_META_END, 0, NULL, 0);
    wipe(meta, len);
    free(meta);
    if (status == STATUS_OK)
        status = expect(s, ROLE_SCRIBE, MESSAGE_SCRIBE_READY, 2 * SHA256_LEN, HELLO_MS);
    return status;
}

static enum status send_key(struct start *s)
{
    uint8_t bytes[SETUP_LEN_MAX];
    size_t len;
    struct vault_setup setup = {.dek = s->dek,
                                .threads = s->config.threads,
                                .sequences = s->config.sequences,
                                .context = s->config.context,
                                .batch = s->config.batch,
                                .kv_cache = s->config.kv_cache,
                                .kv_cache_bytes = s->config.kv_cache_bytes,
                                .memory_available = memory_available(""),
                                .egress_bits_per_hour = s->config.egress_bits_per_hour,
                                .exfiltration_floor_s = s->config.exfiltration_floor_s,
                                .logprobs = s->config.logprobs};
    enum status status = vault_setup_write(bytes, &len, &setup);
    if (status == STATUS_OK)
        status = channel_send(&s->channels[ROLE_VAULT], MESSAGE_OPEN, 0, bytes, len);
    wipe(&setup, sizeof setup);
    wipe(bytes, sizeof bytes);
    return status;
}

static enum status hear_vault(struct start *s)
{
    struct reader r;
    enum status status = expect(s, ROLE_VAULT, MESSAGE_VAULT_OPENED, 1, OPEN_MS);
    if (status != STATUS_OK)
        return status;
    reader_init(&r, s->message.payload, s->message.len);
    s->memory_locked = reader_u32le(&r) != 0 && s->memory_locked;
    s->vocab_n = reader_u32le(&r);
    s->context = reader_u32le(&r);
    s->pages_n = reader_u32le(&r);
    uint64_t bytes = reader_u64le(&r);
    uint64_t ms = reader_u64le(&r);
    reader_copy(&r, s->isa, sizeof s->isa);
    s->isa[sizeof s->isa - 1] = '\0';
    event_log(ROLE_WARDEN, EVENT_MODEL_OPENED, (int64_t)bytes, (int64_t)ms);
    return reader_end(&r);
}

static enum status send_scribe_setup(struct start *s)
{
    uint8_t bytes[SETUP_LEN_MAX];
    size_t len;
    struct scribe_setup setup = {.threads = s->config.threads,
                                 .sequences = s->config.sequences,
                                 .context = s->context,
                                 .kv_cache = s->config.kv_cache,
                                 .pages_n = s->pages_n,
                                 .vocab_n = s->vocab_n,
                                 .logprobs = s->config.logprobs};
    memcpy(setup.model_name, s->config.model_name, sizeof setup.model_name);
    snprintf(setup.tee, sizeof setup.tee, "%s", evidence_kind_name(s->attestor.kind));
    memcpy(setup.isa, s->isa, sizeof setup.isa);
    memcpy(setup.model_root, s->config.model_root, sizeof setup.model_root);
    memcpy(setup.engine_hash, s->attestor.engine_hash, sizeof setup.engine_hash);
    enum status status = keyset_digest(setup.keyset_digest, &s->keyset);
    if (status == STATUS_OK)
        status = scribe_setup_write(bytes, &len, &setup);
    if (status == STATUS_OK)
        status = channel_send(&s->channels[ROLE_SCRIBE], MESSAGE_SCRIBE_SETUP, 0, bytes, len);
    return status;
}

static void complete_keyset(struct start *s)
{
    memcpy(s->keyset.model_root, s->config.model_root, sizeof s->keyset.model_root);
    memcpy(s->keyset.engine_hash, s->attestor.engine_hash, sizeof s->keyset.engine_hash);
    memcpy(s->keyset.configuration, s->config.hash, sizeof s->keyset.configuration);
    s->keyset.labels = s->attestor.kind == EVIDENCE_SIMULATOR ? LABEL_SIMULATOR : 0;
    s->keyset.labels |= s->memory_locked ? 0 : LABEL_UNLOCKED;
    s->keyset.labels |= geteuid() == 0 ? 0 : LABEL_SHARED_USER;
    s->keyset.labels |= s->config.raw_key ? LABEL_RAW_KEY : 0;
    if (!s->memory_locked)
        event_log(ROLE_WARDEN, EVENT_MEMORY_UNLOCKED, 0, 0);
}

static enum status start_processes(struct start *s, int listen_fd, int model_fd)
{
    bool root = geteuid() == 0;
    enum status status = spawn_all(&s->spawned, listen_fd, model_fd, root ? s->config.user_base : 0);
    if (!root)
        event_log(ROLE_WARDEN, EVENT_USERS_SHARED, 0, 0);
    for (int role = ROLE_GATE; role < ROLES_N && status == STATUS_OK; role++)
        status = channel_init(&s->channels[role], s->spawned.channel[role]);
    return status;
}

/* Everything up to serving.  The model's descriptor stays open until the metadata is read. */
static enum status start_all(struct start *s, const char *config_path)
{
    int listen_fd = -1, model_fd = -1;
    enum status status = read_config(s, config_path);
    if (status == STATUS_OK)
        status = attestor_open(&s->attestor, &s->config, &s->why);
    if (status == STATUS_OK)
        status = open_model(s, &model_fd);
    if (status == STATUS_OK)
        status = listen_on(&listen_fd, s->address, s->config.listen, &s->why);
    if (status != STATUS_OK) {
        if (model_fd >= 0)
            close(model_fd);
        return status;
    }
    int model_again = fcntl(model_fd, F_DUPFD_CLOEXEC, 0);
    status = model_again < 0 ? STATUS_IO : start_processes(s, listen_fd, model_fd);
    s->model.fd = model_again;
    if (status == STATUS_OK)
        status = hear_hellos(s);
    if (status == STATUS_OK)
        status = obtain_key(s);
    if (status == STATUS_OK)
        status = send_meta(s); /* first: a vocabulary that does not open is known before the weights are read */
    if (status == STATUS_OK)
        status = send_key(s);
    wipe(&s->dek, sizeof s->dek);
    if (status == STATUS_OK)
        status = hear_vault(s);
    if (model_again >= 0)
        close(model_again);
    return status;
}

int warden_main(const char *config_path)
{
    static struct start s;
    bool landlocked;
    enum status status = sandbox_harden();
    bool locked = sandbox_lock_memory();
    signal(SIGPIPE, SIG_IGN);
    if (status == STATUS_OK)
        status = start_all(&s, config_path);
    s.memory_locked = s.memory_locked && locked;
    if (status == STATUS_OK) {
        complete_keyset(&s);
        status = send_scribe_setup(&s);
    }
    if (status == STATUS_OK)
        status = channel_send(&s.channels[ROLE_GATE], MESSAGE_SERVE, 0, NULL, 0);
    if (status != STATUS_OK) {
        spawn_end_all(&s.spawned, 2000);
        attestor_close(&s.attestor);
        return console_fail(status, &s.why, NULL);
    }
    printf("cloister-enclave: serving %s on https://%s\n", s.config.model_name, s.address);
    if (s.attestor.kind == EVIDENCE_SIMULATOR)
        console_not_a_tee();
    fflush(stdout);
    int signals = warden_signals();
    if (geteuid() == 0)
        status = sandbox_become_user(s.config.user_base + ROLE_WARDEN);
    if (status == STATUS_OK)
        status = sandbox_enter(ROLE_WARDEN, SANDBOX_SERVING, &landlocked);
    if (status == STATUS_OK && !landlocked)
        event_log(ROLE_WARDEN, EVENT_LANDLOCK_MISSING, 0, 0);
    if (status == STATUS_OK)
        status = warden_serve(s.channels, &s.attestor, &s.keyset, signals);
    spawn_end_all(&s.spawned, 2000);
    attestor_close(&s.attestor);
    return status == STATUS_OK ? EXIT_CODE_OK : EXIT_CODE_USAGE;
}
