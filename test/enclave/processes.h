/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one process of the enclave in a child; the test plays the others over real channels.  Any failure of the set-up
 * ends the program. */
#ifndef TEST_ENCLAVE_PROCESSES_H
#define TEST_ENCLAVE_PROCESSES_H

#include "enclave/channel.h"
#include "enclave/frame.h"
#include <sys/types.h>

enum { PEERS_MAX = 3, ENDED_BY_SIGNAL = 1000 };

struct process {
    pid_t pid;
    struct channel peers[PEERS_MAX]; /* our ends of its descriptors 3, 4, 5, as far as they are channels */
    size_t peers_n;
};

/* run is called in the child with its descriptors at 3 and up; its result is the exit code.  file: the child's
 * descriptor behind the channels, or -1. */
void process_start(struct process *p, size_t peers_n, int file, int (*run)(void));

/* Closes our ends and returns the exit code, or ENDED_BY_SIGNAL and the signal. */
int process_end(struct process *p);

void process_send(struct process *p, size_t peer, enum message type, uint64_t id, const void *payload, size_t len);

/* The next message from that peer; false when it closed.  A silent child ends the test after 20 s. */
bool process_hear(struct process *p, size_t peer, struct channel_message *m);

#endif
