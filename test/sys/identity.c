/* SPDX-License-Identifier: Apache-2.0 */
/* TLS identities, listening addresses and URLs. */
#include "sys/https_client.h"
#include "sys/listen.h"
#include "sys/tls_identity.h"
#include "tap.h"

#include <sys/stat.h>

static char directory[] = "/tmp/cloister-identity-XXXXXX";
static char key_path[100], certificate_path[100], other_path[100];

static void test_identity(void)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", NULL}, *const none[] = {NULL};
    struct tls_identity *made = NULL, *loaded = NULL, *other = NULL;
    struct reason why = {{0}};
    struct stat about;
    char pem[2048];
    check(tls_identity_new(&made, names, 1700000000, 86400, &why) == STATUS_OK, "an identity %s", why.text);
    check(made->spki_len == 91, "a P-256 key's SPKI has 91 bytes");
    check(tls_identity_new(&other, none, 1700000000, 86400, &why) == STATUS_USAGE && other == NULL, "no name");
    check(tls_identity_save(made, key_path, certificate_path, &why) == STATUS_OK, "saved %s", why.text);
    check(stat(key_path, &about) == 0 && (about.st_mode & 0777) == 0600, "the key file is its owner's alone");
    check(tls_identity_save(made, key_path, certificate_path, &why) == STATUS_EXISTS, "not over another: %s", why.text);
    check(tls_identity_load(&loaded, key_path, certificate_path, &why) == STATUS_OK && loaded->spki_len == 91 &&
              memcmp(loaded->spki_sha256, made->spki_sha256, SHA256_LEN) == 0,
          "loaded %s", why.text);
    tls_identity_free(loaded);
    check(tls_identity_load(&loaded, key_path, other_path, &why) == STATUS_NOT_FOUND && loaded == NULL,
          "no certificate: %s", why.text);
    check(tls_identity_load(&loaded, certificate_path, certificate_path, &why) == STATUS_REFUSED,
          "a key file that all can read: %s", why.text);
    check(chmod(certificate_path, 0600) == 0 &&
              tls_identity_load(&loaded, certificate_path, certificate_path, &why) == STATUS_MALFORMED,
          "a certificate for a key: %s", why.text);
    check(tls_identity_load(&loaded, key_path, key_path, &why) == STATUS_MALFORMED, "a key for a certificate: %s",
          why.text);
    if (tls_identity_new(&other, names, 1700000000, 86400, &why) != STATUS_OK)
        exit(1);
    unlink(certificate_path);
    check(tls_identity_save(other, other_path, certificate_path, &why) == STATUS_OK &&
              tls_identity_load(&loaded, key_path, certificate_path, &why) == STATUS_FORGED,
          "another key's certificate: %s", why.text);
    check(memcmp(other->spki_sha256, made->spki_sha256, SHA256_LEN) != 0, "two identities differ");
    check(tls_identity_certificate_pem(made, pem, sizeof pem) == STATUS_OK &&
              strstr(pem, "BEGIN CERTIFICATE") == pem + 5,
          "the certificate as PEM");
    check(tls_identity_certificate_pem(made, pem, 100) == STATUS_LIMIT && pem[0] == '\0', "and no room for it");
    tls_identity_free(made);
    tls_identity_free(other);
    tls_identity_free(NULL);
}

static void test_listen(void)
{
    static const char *const bad[] = {"",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:x",
                                      "127.0.0.1:65536",
                                      "::1:80",
                                      "[::1]",
                                      "[127.0.0.1:80",
                                      "example.com:80",
                                      ":80",
                                      "1.2.3:80",
                                      "127.0.0.1:123456",
                                      "127.0.0.1:-1",
                                      "[::1]x:80",
                                      "300.0.0.1:80"};
    char chosen[LISTEN_ADDRESS_SIZE], again[LISTEN_ADDRESS_SIZE];
    struct reason why = {{0}};
    int fd, second;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check(listen_on(&fd, chosen, bad[i], &why) == STATUS_USAGE && fd == -1 && chosen[0] == '\0', "%s", why.text);
    check(listen_on(&fd, chosen, "localhost:0", &why) == STATUS_OK && fd >= 0 &&
              strncmp(chosen, "127.0.0.1:", 10) == 0 && strcmp(chosen + 10, "0") != 0,
          "listens on %s", chosen);
    check(listen_on(&second, again, chosen, &why) == STATUS_BUSY && second == -1, "port taken: %s", why.text);
    close(fd);
    check(listen_on(&fd, again, chosen, &why) == STATUS_OK && strcmp(again, chosen) == 0, "free again");
    close(fd);
    check(listen_on(&fd, chosen, "203.0.113.7:0", &why) == STATUS_USAGE, "another machine's address: %s", why.text);
}

static void test_url(void)
{
    static const struct {
        const char *text, *host;
        unsigned port;
        const char *path;
    } good[] = {
        {"https://a", "a", 443, "/"},
        {"https://a/", "a", 443, "/"},
        {"https://a-b.example:8443/v1/x?q=%20", "a-b.example", 8443, "/v1/x?q=%20"},
        {"https://127.0.0.1:1/x", "127.0.0.1", 1, "/x"},
        {"https://[::1]:65535/x", "::1", 65535, "/x"},
        {"https://[::1]", "::1", 443, "/"},
    };
    static const char *const bad[] = {
        "",
        "https://",
        "http://a/",
        "HTTPS://a/",
        "https:/a",
        "https://:80/",
        "https://a:/",
        "https://a:0/",
        "https://a:65536/",
        "https://a:8x/",
        "https://u@a/",
        "https://a/#f",
        "https://a?q",
        "https://a b/",
        "https://a/ b",
        "https://a\r\n/",
        "https://[::1",
        "https://[::1]x/",
        "https://::1/",
        "https://a/\xc3\xa9",
        "https://\xc3\xa9/",
        "https://a:999999999999/",
    };
    struct https_url url;
    struct reason why = {{0}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check(https_url_parse(&url, good[i].text, &why) == STATUS_OK && strcmp(url.host, good[i].host) == 0 &&
                  url.port == good[i].port && strcmp(url.path, good[i].path) == 0,
              "%s", good[i].text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check(https_url_parse(&url, bad[i], &why) == STATUS_USAGE, "%s", why.text);
    static char longest[4000] = "https://a/";
    memset(longest + 10, 'x', sizeof longest - 11);
    check(https_url_parse(&url, longest, &why) == STATUS_USAGE, "a path that is too long");
}

int main(void)
{
    if (mkdtemp(directory) == NULL)
        return 1;
    snprintf(key_path, sizeof key_path, "%s/key", directory);
    snprintf(certificate_path, sizeof certificate_path, "%s/certificate", directory);
    snprintf(other_path, sizeof other_path, "%s/other", directory);
    test_identity();
    test_listen();
    test_url();
    unlink(key_path);
    unlink(certificate_path);
    unlink(other_path);
    rmdir(directory);
    return tap_done();
}
