/* SPDX-License-Identifier: Apache-2.0 */
/* Speed of opening a sealed model, as TSV on standard output: what, threads, GB/s by the clock (median of all rounds
 * and best), and GB for each second of processor time (median; what one core gives when nothing else wants it). Every
 * measure is taken once a round, one after the other, so that a noisy machine is noisy for all of them.  Beside them
 * `openssl speed` for the two primitives and `cat` of the same file. usage: seal [DIRECTORY]   where a sealed file of
 * 256 MiB is written, read and removed (default: /tmp) */
#include "core/seal/fixture.h"
#include "sys/clock.h"
#include "sys/cpu.h"
#include "sys/file.h"
#include "sys/model_stream.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHUNKS = 256, ROUNDS = 7, MEASURES_MAX = 24, PATH_LEN = 4096 };

static const double total = (double)CHUNKS * (double)SEAL_CHUNK_LEN;

struct bench {
    struct fixture f;
    struct model_stream stream;
    char path[PATH_LEN];
    uint8_t *placed;
    uint8_t *chunk;
};

struct measure {
    const char *name;
    unsigned threads;
    double (*run)(struct bench *b, const struct measure *m); /* GB/s */
    const struct sha256_lanes *lanes;
    double values[ROUNDS];     /* GB/s by the clock */
    double cpu_values[ROUNDS]; /* GB for each second of this process's processor time */
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "bench/seal: %s failed\n", what);
    exit(1);
}

static double speed(uint64_t start_ns)
{
    return total / (double)(clock_monotonic_ns() - start_ns);
}

/* A command whose output's last number before "k" is thousands of bytes a second. */
static double openssl_speed(const char *algorithm)
{
    char command[256], line[512];
    double value = 0;
    snprintf(command, sizeof command, "openssl speed -elapsed -seconds 1 -bytes 1048576 -evp %s 2>/dev/null",
             algorithm);
    FILE *pipe = popen(command, "r");
    while (pipe != NULL && fgets(line, sizeof line, pipe) != NULL) {
        char *space = strrchr(line, ' ');
        if (space != NULL && strchr(space, 'k') != NULL)
            value = strtod(space, NULL) * 1e3 / 1e9;
    }
    if (pipe != NULL)
        pclose(pipe);
    return value;
}

static double run_openssl_gcm(struct bench *b, const struct measure *m)
{
    (void)b;
    (void)m;
    return openssl_speed("aes-256-gcm");
}

static double run_openssl_sha256(struct bench *b, const struct measure *m)
{
    (void)b;
    (void)m;
    return openssl_speed("sha256");
}

static double run_cat(struct bench *b, const struct measure *m)
{
    char command[PATH_LEN + 32];
    (void)m;
    snprintf(command, sizeof command, "cat '%s' >/dev/null", b->path);
    uint64_t start = clock_monotonic_ns();
    must(system(command) == 0, "cat");
    return speed(start);
}

static double run_hash(struct bench *b, const struct measure *m)
{
    uint8_t hash[SHA256_LEN];
    uint64_t start = clock_monotonic_ns();
    for (size_t i = 0; i < CHUNKS; i++)
        seal_tree_chunk(m->lanes, hash, b->f.plain + i * SEAL_CHUNK_LEN, SEAL_CHUNK_LEN);
    return speed(start);
}

static double run_decrypt(struct bench *b, const struct measure *m)
{
    (void)m;
    uint64_t start = clock_monotonic_ns();
    for (uint64_t i = 0; i < CHUNKS; i++)
        must(seal_chunk_open(b->chunk, &b->f.dek, &b->f.header, b->f.header_hash, i, b->f.file + seal_chunk_offset(i),
                             SEAL_CHUNK_SEALED_MAX) == STATUS_OK,
             "decrypting");
    return speed(start);
}

static enum status place(void *ctx, uint64_t offset, const uint8_t *bytes, size_t len)
{
    struct bench *b = ctx;
    memcpy(b->placed + offset, bytes, len);
    return STATUS_OK;
}

/* As the enclave does it: from the file, through decryption and hash, to its place, and the root. */
static double run_open(struct bench *b, const struct measure *m)
{
    struct reason why = {""};
    uint64_t start = clock_monotonic_ns();
    must(model_stream_read(&b->stream, &b->f.dek, m->lanes, m->threads, place, b, &why) == STATUS_OK, "opening");
    return speed(start);
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void bench_open(struct bench *b, const char *directory)
{
    struct reason why = {""};
    memset(b, 0, sizeof *b);
    fixture_open(&b->f, (size_t)CHUNKS * SEAL_CHUNK_LEN, 1);
    snprintf(b->path, sizeof b->path, "%s/cloister-bench-%d.sealed", directory, (int)getpid());
    must(file_write(b->path, b->f.file, b->f.file_len, 0600, 1, &why) == STATUS_OK, why.text);
    int fd = open(b->path, O_RDONLY | O_CLOEXEC);
    must(fd >= 0 && model_stream_open(&b->stream, fd, &why) == STATUS_OK, "opening the file");
    b->placed = malloc((size_t)CHUNKS * SEAL_CHUNK_LEN);
    b->chunk = malloc(SEAL_CHUNK_SEALED_MAX);
    must(b->placed != NULL && b->chunk != NULL, "memory");
    memset(b->placed, 1, (size_t)CHUNKS * SEAL_CHUNK_LEN); /* pages are there before the clock runs */
}

static size_t list_measures(struct measure *list)
{
    const struct sha256_lanes *all[] = {&sha256_lanes_scalar, &sha256_lanes_avx2, &sha256_lanes_avx512};
    const struct sha256_lanes *best = model_stream_lanes();
    static char names[3][64];
    size_t n = 0, lanes_n = __builtin_cpu_supports("avx512bw") ? 3 : __builtin_cpu_supports("avx2") ? 2 : 1;
    unsigned cores_n = cpu_read().cores_n;
    list[n++] = (struct measure){"openssl speed aes-256-gcm", 1, run_openssl_gcm, NULL, {0}, {0}};
    list[n++] = (struct measure){"openssl speed sha256", 1, run_openssl_sha256, NULL, {0}, {0}};
    list[n++] = (struct measure){"cat", 1, run_cat, NULL, {0}, {0}};
    for (size_t i = 0; i < lanes_n; i++) {
        snprintf(names[i], sizeof names[i], "hash, %s", all[i]->name);
        list[n++] = (struct measure){names[i], 1, run_hash, all[i], {0}, {0}};
    }
    list[n++] = (struct measure){"decrypt", 1, run_decrypt, NULL, {0}, {0}};
    list[n++] = (struct measure){"read, decrypt, hash and place", 1, run_open, best, {0}, {0}};
    list[n++] = (struct measure){"read, decrypt, hash and place", 2, run_open, best, {0}, {0}};
    if (cores_n > 2)
        list[n++] = (struct measure){"read, decrypt, hash and place", cores_n, run_open, best, {0}, {0}};
    return n;
}

static void take(struct bench *b, struct measure *m, size_t round)
{
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    m->values[round] = m->run(b, m);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    m->cpu_values[round] =
        total / ((double)(after.tv_sec - before.tv_sec) * 1e9 + (double)(after.tv_nsec - before.tv_nsec));
}

static void print(struct measure *m)
{
    qsort(m->values, ROUNDS, sizeof m->values[0], compare);
    qsort(m->cpu_values, ROUNDS, sizeof m->cpu_values[0], compare);
    printf("%s\t%u\t%.2f\t%.2f\t", m->name, m->threads, m->values[ROUNDS / 2], m->values[ROUNDS - 1]);
    if (m->run == run_cat || m->run == run_openssl_gcm || m->run == run_openssl_sha256)
        printf("-\n"); /* another process's */
    else
        printf("%.2f\n", m->cpu_values[ROUNDS / 2]);
}

int main(int argc, char **argv)
{
    static struct bench b;
    static struct measure list[MEASURES_MAX];
    size_t n = list_measures(list);
    bench_open(&b, argc > 1 ? argv[1] : "/tmp");
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < n; i++)
            take(&b, &list[i], round);
    printf("what\tthreads\tGB/s median\tGB/s best\tGB per CPU second\n");
    for (size_t i = 0; i < n; i++)
        print(&list[i]);
    unlink(b.path);
    close(b.stream.fd);
    free(b.placed);
    free(b.chunk);
    fixture_close(&b.f);
    return 0;
}
