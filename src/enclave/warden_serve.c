/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/warden_serve.h"

#include "core/base/writer.h"
#include "core/evidence/bundle.h"
#include "enclave/event.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct serving {
    struct channel *channels;
    const struct attestor *attestor;
    const struct keyset *keyset;
    struct channel_message message;
    uint8_t text[BUNDLE_TEXT_MAX];
};

int warden_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* A fresh bundle over the client's nonce and the keyset. */
static enum status attest(void *context, const struct channel_message *m)
{
    struct serving *s = context;
    uint8_t digest[SHA256_LEN];
    uint8_t report_data[REPORT_DATA_LEN];
    uint8_t evidence[ATTESTOR_EVIDENCE_MAX];
    struct writer w;
    struct bundle bundle = {.kind = s->attestor->kind, .evidence = evidence, .keyset = *s->keyset};
    memcpy(bundle.nonce, m->payload, sizeof bundle.nonce);
    enum status status = keyset_digest(digest, s->keyset);
    if (status != STATUS_OK)
        return status;
    report_data_for_client(report_data, bundle.nonce, digest);
    status = attestor_evidence(s->attestor, evidence, &bundle.evidence_len, report_data);
    writer_init(&w, s->text, sizeof s->text);
    if (status == STATUS_OK)
        status = bundle_write(&w, &bundle);
    if (status == STATUS_OK)
        status = channel_queue_parts(&s->channels[ROLE_GATE], MESSAGE_BUNDLE, m->id, s->text, writer_len(&w));
    if (status == STATUS_OK)
        status = channel_queue(&s->channels[ROLE_GATE], MESSAGE_BUNDLE_END, m->id, NULL, 0);
    return status;
}

/* While serving the gate alone may speak, and only to ask for evidence. */
static const struct channel_rule rules[] = {
    {ROLE_GATE, MESSAGE_ATTEST, EVIDENCE_NONCE_LEN, EVIDENCE_NONCE_LEN, attest},
};

static enum status hear(struct serving *s, enum role role)
{
    enum status status = channel_receive(&s->channels[role], &s->message, false);
    if (status == STATUS_BUSY)
        return STATUS_OK;
    if (status == STATUS_NOT_FOUND)
        event_log(ROLE_WARDEN, EVENT_PEER_LOST, (int64_t)role, 0);
    if (status != STATUS_OK)
        return status;
    status = channel_dispatch(rules, sizeof rules / sizeof rules[0], (int)role, s, &s->message);
    if (status == STATUS_REFUSED)
        event_log(ROLE_WARDEN, EVENT_PROTOCOL, (int64_t)role, (int64_t)s->message.type);
    return status;
}

enum status warden_serve(struct channel channels[static ROLES_N], const struct attestor *attestor,
                         const struct keyset *keyset, int signals)
{
    static struct serving s;
    s.channels = channels;
    s.attestor = attestor;
    s.keyset = keyset;
    for (;;) {
        struct pollfd ready[ROLES_N] = {{.fd = signals, .events = POLLIN}};
        for (int role = ROLE_GATE; role < ROLES_N; role++) {
            ready[role].fd = channels[role].fd;
            ready[role].events = (short)(POLLIN | (channel_has_queued(&channels[role]) ? POLLOUT : 0));
        }
        if (poll(ready, ROLES_N, -1) < 0)
            continue;
        if (ready[0].revents != 0) {
            struct signalfd_siginfo what = {0};
            if (read(signals, &what, sizeof what) != sizeof what)
                return STATUS_BROKEN;
            event_log(ROLE_WARDEN, EVENT_ENDING, what.ssi_signo, 0);
            return what.ssi_signo == SIGCHLD ? STATUS_BROKEN : STATUS_OK;
        }
        for (int role = ROLE_GATE; role < ROLES_N; role++) {
            enum status status = STATUS_OK;
            if ((ready[role].revents & ~POLLOUT) != 0)
                status = hear(&s, (enum role)role);
            if (status == STATUS_OK)
                status = channel_flush(&channels[role]);
            if (status != STATUS_OK)
                return status;
        }
    }
}
