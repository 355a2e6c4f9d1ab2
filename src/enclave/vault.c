/* SPDX-License-Identifier: Apache-2.0 */
/* The process that holds the weights.  It has no network, no file after the start, no text: token ids in, token ids
 * out. */
#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "enclave/channel.h"
#include "enclave/egress.h"
#include "enclave/event.h"
#include "enclave/role.h"
#include "enclave/sandbox.h"
#include "enclave/setup.h"
#include "enclave/vault_open.h"
#include "enclave/vault_serve.h"
#include "engine/kernel/kernels.h"
#include "sys/clock.h"
#include "sys/cpu.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { ISA_NAME_LEN = 16 };

static enum status report(struct channel *warden, const struct vault_model *v, uint64_t ms)
{
    uint8_t bytes[4 + 4 + 4 + 4 + 8 + 8 + ISA_NAME_LEN];
    char isa[ISA_NAME_LEN] = {0};
    struct writer w;
    strncpy(isa, v->engine.kernels->name, sizeof isa - 1);
    writer_init(&w, bytes, sizeof bytes);
    writer_u32le(&w, 1); /* vault_open refuses memory that cannot be locked */
    writer_u32le(&w, v->model.vocab_n);
    writer_u32le(&w, v->engine.options.context_max);
    writer_u32le(&w, v->engine.options.pages_max);
    writer_u64le(&w, v->weights_len);
    writer_u64le(&w, ms);
    writer_bytes(&w, isa, sizeof isa);
    return channel_send(warden, MESSAGE_VAULT_OPENED, 0, bytes, writer_len(&w));
}

static void log_cache(const struct engine_options *o, const struct model *m)
{
    static const enum log_event events[] = {
        [CACHE_BF16] = EVENT_CACHE_BF16, [CACHE_Q8] = EVENT_CACHE_Q8, [CACHE_F32] = EVENT_CACHE_F32};
    event_log(ROLE_VAULT, events[o->cache], (int64_t)o->pages_max * CACHE_PAGE,
              (int64_t)(o->pages_max * engine_page_len(m, o->cache)));
}

/* Says how long the weights would take to leave, and refuses below the configured floor. */
static enum status check_exfiltration(const struct vault_model *v, const struct vault_setup *setup, struct reason *why)
{
    struct egress egress;
    egress_init(&egress, setup->egress_bits_per_hour, v->model.vocab_n, 0);
    uint64_t seconds = egress_exfiltration_s(&egress, v->weights_len);
    event_log(ROLE_VAULT, EVENT_EXFILTRATION, (int64_t)(seconds >> 1 > INT64_MAX / 2 ? INT64_MAX / 2 : seconds),
              (int64_t)setup->egress_bits_per_hour);
    if (seconds >= setup->exfiltration_floor_s)
        return STATUS_OK;
    reason_set(why, "the weights could leave in ", NULL);
    reason_add_u64(why, seconds);
    reason_add(why, " s, sooner than \"exfiltration_floor_s\"; lower \"egress_bits_per_hour\"");
    return STATUS_REFUSED;
}

static enum status open_and_serve(struct channel *warden, struct channel *scribe, struct vault_setup *setup,
                                  const struct kernels *kernels)
{
    static struct vault_model v;
    struct reason why = {{0}};
    struct serving *serving = NULL;
    bool landlocked;
    uint64_t started = clock_monotonic_ms();
    enum status status = vault_open(&v, FD_FILE, setup, kernels, &why);
    wipe(&setup->dek, sizeof setup->dek);
    close(FD_FILE);
    if (status == STATUS_OK)
        log_cache(&v.engine.options, &v.model);
    if (status == STATUS_OK)
        status = check_exfiltration(&v, setup, &why);
    if (status == STATUS_OK)
        status = vault_serve_open(&serving, &v, setup, &why);
    if (status == STATUS_OK)
        status = sandbox_enter(ROLE_VAULT, SANDBOX_SERVING, &landlocked);
    if (status != STATUS_OK) {
        vault_close(&v);
        enum status sent = channel_refuse(warden, status, &why);
        return sent == STATUS_OK ? STATUS_NOT_FOUND : sent; /* the warden ends the enclave and says why */
    }
    status = report(warden, &v, clock_monotonic_ms() - started);
    if (status == STATUS_OK)
        status = vault_serve(serving, warden, scribe);
    vault_close(&v);
    return status;
}

/* The fastest kernels that agree with the reference; says so when they are not the fastest that there are. */
static const struct kernels *choose_kernels(void)
{
    const struct kernels *tables[KERNELS_N];
    struct cpu cpu = cpu_read(); /* asks for AMX, which the sandbox does not let through */
    size_t n = kernels_list(tables, cpu.has);
    const struct kernels *kernels = kernels_pick(tables, n, "best");
    if (kernels != tables[0])
        event_log(ROLE_VAULT, EVENT_KERNELS_WRONG, 0, 0);
    return kernels;
}

int vault_main(void)
{
    static struct channel_message m;
    struct channel warden, scribe;
    struct vault_setup setup;
    bool landlocked;
    signal(SIGPIPE, SIG_IGN);
    enum status status = sandbox_harden();
    sandbox_lock_memory(); /* the rest of the process; the weights are locked in any case */
    const struct kernels *kernels = choose_kernels();
    if (status == STATUS_OK)
        status = channel_init(&warden, FD_WARDEN);
    if (status == STATUS_OK)
        status = channel_init(&scribe, FD_SCRIBE);
    if (status == STATUS_OK)
        status = sandbox_enter(ROLE_VAULT, SANDBOX_OPENING, &landlocked);
    if (status == STATUS_OK)
        status = channel_receive(&warden, &m, true);
    if (status == STATUS_NOT_FOUND)
        return 0;
    if (status == STATUS_OK && m.type != MESSAGE_OPEN)
        status = STATUS_REFUSED;
    if (status == STATUS_OK)
        status = vault_setup_read(&setup, m.payload, m.len);
    wipe(&m, sizeof m);
    if (status == STATUS_OK)
        status = open_and_serve(&warden, &scribe, &setup, kernels);
    if (status == STATUS_NOT_FOUND)
        return 0; /* the others ended first */
    event_log(ROLE_VAULT, EVENT_FAILED, (int64_t)status, __LINE__);
    return 1;
}
