/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char directory[] = "/tmp/cloister-file-XXXXXX";
static char path[64];

static size_t files_in_directory(void)
{
    size_t n = 0;
    DIR *d = opendir(directory);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    if (d != NULL)
        closedir(d);
    return n;
}

static bool holds(const char *text)
{
    uint8_t *bytes;
    size_t len;
    bool same = file_read(&bytes, &len, path, 100, NULL) == STATUS_OK && len == strlen(text) &&
                memcmp(bytes, text, len + 1) == 0;
    file_free(bytes, len);
    return same;
}

static void writes_and_reads(void)
{
    struct reason why;
    struct stat facts;
    check(file_write(path, "first", 5, 0600, 0, &why) == STATUS_OK && holds("first"), "a new file");
    check(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0600, "with its mode");
    check(file_write(path, "second", 6, 0600, 0, &why) == STATUS_EXISTS && holds("first"), "is not overwritten");
    check(strstr(why.text, path) != NULL, "and the reason names it: %s", why.text);
    check(file_write(path, "second", 6, 0640, 1, &why) == STATUS_OK && holds("second"), "unless replacing is asked");
    check(files_in_directory() == 1, "nothing else is left");
}

static void drafts_vanish(void)
{
    struct file_draft d;
    check(file_draft_open(&d, path, 0600, NULL) == STATUS_OK && fd_write_all(d.fd, "half", 4, NULL) == STATUS_OK,
          "a draft");
    check(holds("second") && files_in_directory() == 1, "is not seen while it is written");
    file_draft_abort(&d);
    file_draft_abort(&d);
    check(holds("second") && files_in_directory() == 1, "nor after it is dropped");
    pid_t child = fork();
    if (child == 0) {
        if (file_draft_open(&d, path, 0600, NULL) == STATUS_OK)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    int outcome = 0;
    waitpid(child, &outcome, 0);
    check(WIFSIGNALED(outcome) && holds("second") && files_in_directory() == 1, "nor after its writer is killed");
}

static void refusals(void)
{
    struct reason why;
    uint8_t *bytes;
    size_t len;
    uint8_t out[4];
    check(file_read(&bytes, &len, path, 5, &why) == STATUS_LIMIT && bytes == NULL && len == 0, "over the limit");
    check(file_read(&bytes, &len, "/nonexistent/x", 5, &why) == STATUS_NOT_FOUND, "not there: %s", why.text);
    check(file_read(&bytes, &len, directory, 5, &why) == STATUS_IO, "a directory: %s", why.text);
    check(file_write("/nonexistent/x", "x", 1, 0600, 0, &why) == STATUS_NOT_FOUND, "no directory: %s", why.text);
    int fd = open(path, O_RDONLY);
    check(fd_pread_all(fd, out, 4, 4, &why) == STATUS_TRUNCATED, "past the end: %s", why.text);
    check(fd_pread_all(fd, out, 4, 2, &why) == STATUS_OK && memcmp(out, "cond", 4) == 0, "within");
    close(fd);
    fd = open("/dev/full", O_WRONLY);
    check(fd_write_all(fd, "x", 1, &why) == STATUS_LIMIT, "a full disk: %s", why.text);
    close(fd);
}

int main(void)
{
    if (mkdtemp(directory) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/file", directory);
    writes_and_reads();
    drafts_vanish();
    refusals();
    unlink(path);
    rmdir(directory);
    return tap_done();
}
