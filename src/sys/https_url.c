/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/https_client.h"

#include <ctype.h>
#include <string.h>

static enum status refuse(struct reason *why, const char *text)
{
    reason_set(why, "not a URL of the form https://host[:port]/path: ", NULL);
    reason_add_quoted(why, text, strlen(text));
    return STATUS_USAGE;
}

/* Letters, digits, '-', '.', '_', and ':' of a bracketed IPv6 address. */
static bool copy_host(char *out, size_t out_capacity, const char *host, size_t len, bool bracketed)
{
    if (len == 0 || len >= out_capacity)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool plain = isalnum((unsigned char)host[i]) || host[i] == '-' || host[i] == '.' || host[i] == '_';
        if ((unsigned char)host[i] > 126 || (!plain && !(bracketed && host[i] == ':')))
            return false;
    }
    memcpy(out, host, len);
    out[len] = '\0';
    return true;
}

static bool read_port(uint16_t *port, const char *text, size_t len)
{
    uint32_t value = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || value > 6553)
            return false;
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    *port = (uint16_t)value;
    return len != 0 && value != 0 && value <= 65535;
}

enum status https_url_parse(struct https_url *url, const char *text, struct reason *why)
{
    static const char scheme[] = "https://";
    memset(url, 0, sizeof *url);
    if (strncmp(text, scheme, sizeof scheme - 1) != 0)
        return refuse(why, text);
    const char *host = text + sizeof scheme - 1;
    size_t authority_len = strcspn(host, "/?#");
    const char *path = host + authority_len;
    bool bracketed = host[0] == '[';
    const char *host_end = memchr(host, bracketed ? ']' : ':', authority_len);
    if (bracketed && host_end == NULL)
        return refuse(why, text);
    if (host_end == NULL)
        host_end = path;
    const char *port = bracketed ? host_end + 1 : host_end;
    host += bracketed;
    if (!copy_host(url->host, sizeof url->host, host, (size_t)(host_end - host), bracketed))
        return refuse(why, text);
    url->port = 443;
    if (port != path && (*port != ':' || !read_port(&url->port, port + 1, (size_t)(path - port - 1))))
        return refuse(why, text);
    if (*path != '\0' && *path != '/')
        return refuse(why, text);
    size_t path_len = strlen(path);
    if (path_len >= sizeof url->path)
        return refuse(why, text);
    for (size_t i = 0; i < path_len; i++) {
        if ((unsigned char)path[i] <= 0x20 || (unsigned char)path[i] > 126 || strchr("\"#<>\\^`{|}", path[i]) != NULL)
            return refuse(why, text);
    }
    memcpy(url->path, path_len == 0 ? "/" : path, path_len == 0 ? 2 : path_len + 1);
    return STATUS_OK;
}
