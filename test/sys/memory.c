/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory is left, from files as the kernel writes them and from files that are not. */
#include "sys/memory.h"

#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

static char root[64];

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s%s", root, name);
    if (text == NULL) {
        unlink(path);
        return;
    }
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
}

static void make_folders(void)
{
    static const char *const folders[] = {"",        "/proc",          "/proc/self",        "/sys",
                                          "/sys/fs", "/sys/fs/cgroup", "/sys/fs/cgroup/pod"};
    snprintf(root, sizeof root, "/tmp/cloister-memory-%ld", (long)getpid());
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s%s", root, folders[i]);
        if (mkdir(path, 0700) != 0)
            abort();
    }
}

static void test_files(void)
{
    static const struct {
        const char *name, *meminfo, *group, *limit, *stat;
        uint64_t wanted;
    } rows[] = {
        {"no files", NULL, NULL, NULL, NULL, 0},
        {"the machine alone", "MemTotal: 9000 kB\nMemAvailable:    5000 kB\n", NULL, NULL, NULL, 5120000},
        {"no such line", "MemTotal: 9000 kB\n", NULL, NULL, NULL, 0},
        {"no number", "MemAvailable: many kB\n", NULL, NULL, NULL, 0},
        {"a number beyond 64 bits of bytes", "MemAvailable: 18446744073709551615 kB\n", NULL, NULL, NULL, 0},
        {"a group without limit", "MemAvailable: 5000 kB\n", "0::/pod\n", "max\n", "anon 10\n", 5120000},
        {"a group's limit", "MemAvailable: 5000 kB\n", "0::/pod\n", "1000000\n", "anon 400000\nfile 9\n", 600000},
        {"a limit and nothing used", "MemAvailable: 5000 kB\n", "0::/pod\n", "1000000\n", NULL, 1000000},
        {"a limit over the machine's", "MemAvailable: 5000 kB\n", "0::/pod\n", "9000000\n", "anon 1\n", 5120000},
        {"a limit that is passed", "MemAvailable: 5000 kB\n", "0::/pod\n", "1000\n", "anon 2000\n", 1},
        {"a limit and no machine", NULL, "1:memory:/x\n0::/pod\n", "1000000\n", "anon 1\n", 999999},
        {"version 1 alone", "MemAvailable: 5000 kB\n", "1:memory:/pod\n", "1000\n", "anon 1\n", 5120000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put("/proc/meminfo", rows[i].meminfo);
        put("/proc/self/cgroup", rows[i].group);
        put("/sys/fs/cgroup/pod/memory.max", rows[i].limit);
        put("/sys/fs/cgroup/pod/memory.stat", rows[i].stat);
        uint64_t got = memory_available(root);
        check(got == rows[i].wanted, "%s: %llu", rows[i].name, (unsigned long long)got);
    }
}

int main(void)
{
    char command[128];
    make_folders();
    test_files();
    snprintf(command, sizeof command, "rm -rf %s", root);
    check(system(command) == 0, "cleaned up");
    check(memory_available("") != 0, "this machine tells");
    return tap_done();
}
