/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/event.h"

#include "core/base/writer.h"

#include <unistd.h>

struct event_words {
    const char *what;
    const char *first; /* what the numbers are called, or NULL when there is none */
    const char *second;
};

static struct event_words words_of(enum log_event event)
{
    switch (event) {
    case EVENT_PROCESS_STARTED: return (struct event_words){"process started", "pid", NULL};
    case EVENT_PROCESS_ENDED: return (struct event_words){"process ended", "pid", "wait status"};
    case EVENT_ENDING: return (struct event_words){"the enclave ends", "signal", NULL};
    case EVENT_USERS_SHARED: return (struct event_words){"not root: the processes run as one user", NULL, NULL};
    case EVENT_MEMORY_UNLOCKED: return (struct event_words){"memory is not locked, see ulimit -l", NULL, NULL};
    case EVENT_LANDLOCK_MISSING: return (struct event_words){"this kernel has no Landlock; seccomp alone", NULL, NULL};
    case EVENT_KEY_RELEASED: return (struct event_words){"model key released", "ms", NULL};
    case EVENT_MODEL_OPENED: return (struct event_words){"model opened", "bytes", "ms"};
    case EVENT_CACHE_BF16: return (struct event_words){"KV cache bf16", "tokens", "bytes"};
    case EVENT_CACHE_Q8: return (struct event_words){"KV cache q8", "tokens", "bytes"};
    case EVENT_CACHE_F32: return (struct event_words){"KV cache f32", "tokens", "bytes"};
    case EVENT_KERNELS_WRONG:
        return (struct event_words){"this processor's fastest kernels compute something else than the reference, others "
                                    "are used",
                                    NULL, NULL};
    case EVENT_EXFILTRATION:
        return (struct event_words){"time to exfiltrate the weights at the permitted egress", "seconds",
                                    "bits an hour"};
    case EVENT_SERVING: return (struct event_words){"serving", "port", NULL};
    case EVENT_REQUEST_ENDED: return (struct event_words){"request ended", "tokens in", "tokens out"};
    case EVENT_BUDGET_SPENT: return (struct event_words){"egress budget of the last hour is spent", "bits", NULL};
    case EVENT_PROTOCOL: return (struct event_words){"message not allowed in this state", "state", "message"};
    case EVENT_PEER_LOST: return (struct event_words){"a peer process is gone", NULL, NULL};
    case EVENT_FAILED: return (struct event_words){"failed", "status", "line"};
    }
    return (struct event_words){"unknown event", NULL, NULL};
}

const char *role_name(enum role role)
{
    switch (role) {
    case ROLE_WARDEN: return "warden";
    case ROLE_GATE: return "gate";
    case ROLE_SCRIBE: return "scribe";
    case ROLE_VAULT: return "vault";
    }
    return "unknown";
}

static void write_number(struct writer *w, const char *name, int64_t number)
{
    writer_text(w, ", ");
    writer_text(w, name);
    writer_text(w, number < 0 ? " -" : " ");
    writer_decimal(w, number < 0 ? (uint64_t) - (number + 1) + 1 : (uint64_t)number);
}

void event_log(enum role role, enum log_event event, int64_t first, int64_t second)
{
    char line[256];
    struct writer w;
    struct event_words words = words_of(event);
    writer_init(&w, line, sizeof line);
    writer_text(&w, "cloister-enclave: ");
    writer_text(&w, role_name(role));
    writer_text(&w, ": ");
    writer_text(&w, words.what);
    if (words.first != NULL)
        write_number(&w, words.first, first);
    if (words.second != NULL)
        write_number(&w, words.second, second);
    writer_text(&w, "\n");
    if (writer_end(&w) == STATUS_OK && write(STDERR_FILENO, line, writer_len(&w)) < 0)
        return; /* the log is gone; there is nowhere to say so */
}
