/* SPDX-License-Identifier: Apache-2.0 */
/* The first process: reads the measured configuration, obtains the model's key with evidence, starts the others, and
 * from then on answers attestation requests and watches. */
#ifndef ENCLAVE_WARDEN_H
#define ENCLAVE_WARDEN_H

/* Runs the enclave until it ends; returns an exit code (sys/console.h). */
int warden_main(const char *config_path);

#endif
