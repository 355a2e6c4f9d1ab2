/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/memory.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_LEN = 512 };

/* The number behind a line's first word; false when there is no such file or line. */
static bool read_number(uint64_t *value, const char *path, const char *name)
{
    char line[LINE_MAX_LEN];
    size_t name_len = strlen(name);
    bool found = false;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    while (!found && fgets(line, sizeof line, file) != NULL)
        found = strncmp(line, name, name_len) == 0 && sscanf(line + name_len, " %" SCNu64, value) == 1;
    fclose(file);
    return found;
}

/* The folder of this process's control group; false when there is none of version 2. */
static bool find_group(char *folder, size_t capacity, const char *root)
{
    char path[PATH_MAX], line[LINE_MAX_LEN];
    int len = 0;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    while (len == 0 && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::/", 4) == 0)
            len = snprintf(folder, capacity, "%s/sys/fs/cgroup%s", root, line + 3);
    }
    fclose(file);
    return len > 0 && (size_t)len < capacity;
}

/* What the control group's limit leaves beside memory that is in use and not a cache of files. */
static bool read_group(uint64_t *left, const char *root)
{
    char folder[PATH_MAX], path[PATH_MAX + 16];
    uint64_t limit, used;
    if (!find_group(folder, sizeof folder, root))
        return false;
    snprintf(path, sizeof path, "%s/memory.max", folder);
    if (!read_number(&limit, path, "")) /* "max": no limit */
        return false;
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    if (!read_number(&used, path, "anon "))
        used = 0;
    *left = limit > used ? limit - used : 1; /* 0 would say that it is not known */
    return true;
}

uint64_t memory_available(const char *root)
{
    char path[PATH_MAX];
    uint64_t kilobytes, left;
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    uint64_t available =
        read_number(&kilobytes, path, "MemAvailable:") && kilobytes < UINT64_MAX / 1024 ? kilobytes * 1024 : 0;
    if (read_group(&left, root) && (available == 0 || left < available))
        return left;
    return available;
}
