/*
 * hub_server.c - a small model hub on 127.0.0.1 for fetch_model.bats.
 *
 *   hub_server FOLDER [OPTION...]
 *
 * Serves FOLDER/<path> as /<path>, with ranges, one request per connection, one after another.
 * Prints its port, writes every request to FOLDER/../requests. Options, each a fault or a habit of
 * a real hub:
 *
 *     cut=NAME     the connection breaks in the middle of NAME, but only the first time
 *     lie=NAME     the length announced for NAME is one more than what follows
 *     swap=NAME    the bytes of NAME are others than its announced digest
 *     store        *.safetensors are redirected to another path that refuses HEAD
 *     moved=A:B    requests for model A are redirected to model B
 *     private      nothing without the token "secret"
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/mapfile.h"
#include "base/path.h"
#include "base/strbuf.h"

enum { MAX_REQUEST = 16384 };

static const char *folder;
static char **options;
static FILE *requests;
static bool was_cut;

struct request {
    bool is_head;
    char path[1024];
    char token[256];
    size_t start; /* of the range, 0 without one */
    bool has_range;
};

/* VALUE of the next option NAME=VALUE, or "" of NAME alone, from *at on; NULL: there is no more. */
static const char *next_option(const char *name, int *at)
{
    size_t n = strlen(name);

    while (options[*at]) {
        const char *option = options[(*at)++];
        if (strcmp(option, name) == 0)
            return "";
        if (strncmp(option, name, n) == 0 && option[n] == '=')
            return option + n + 1;
    }
    return NULL;
}

static bool has(const char *name, const char *value)
{
    const char *given;

    for (int at = 0; (given = next_option(name, &at));)
        if (strcmp(given, value) == 0)
            return true;
    return false;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

static void send_all(int peer, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t sent = send(peer, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the client has gone; its next request tells */
        p += sent;
        n -= (size_t)sent;
    }
}

static void answer(int peer, int code, size_t length, const char *headers)
{
    struct at_strbuf b = { 0 };

    at_strbuf_addf(&b, "HTTP/1.1 %d -\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n", code,
                   length, headers);
    send_all(peer, b.s, b.n);
    at_strbuf_release(&b);
}

/* One that is redirected to another model is answered here. */
static bool is_moved(int peer, const char *path)
{
    const char *rule;
    char headers[2048];

    for (int at = 0; (rule = next_option("moved", &at));) {
        size_t n = strcspn(rule, ":");
        if (path[0] == '/' && strncmp(path + 1, rule, n) == 0 && path[n + 1] == '/') {
            snprintf(headers, sizeof headers, "Location: /%s%s\r\n", rule + n + 1, path + n + 1);
            answer(peer, 307, 0, headers);
            return true;
        }
    }
    return false;
}

static void send_file(int peer, const struct request *r, const char *name,
                      const struct at_mapfile *file)
{
    struct at_digest digest = at_digest_bytes(file->bytes, file->n);
    struct at_strbuf rest = { 0 };
    char headers[512] = "";

    if (r->is_head) {
        snprintf(headers, sizeof headers, "X-Repo-Commit: c0ffee\r\nETag: \"%.40s\"\r\n",
                 digest.hex);
        answer(peer, 200, file->n + has("lie", name), headers);
        return;
    }
    at_strbuf_add(&rest, file->bytes + r->start, file->n - r->start);
    for (size_t i = 0; i < rest.n && has("swap", name); i++)
        rest.s[i] ^= 1;
    if (r->has_range)
        snprintf(headers, sizeof headers, "Content-Range: bytes %zu-%zu/%zu\r\n", r->start,
                 file->n - 1, file->n);
    answer(peer, r->has_range ? 206 : 200, rest.n, headers);
    if (has("cut", name) && !was_cut) {
        was_cut = true;
        rest.n /= 2;
    }
    send_all(peer, rest.s, rest.n);
    at_strbuf_release(&rest);
}

/* A large file lies elsewhere: its size and digest are told, and where it is. */
static void send_to_store(int peer, const char *path, const struct at_mapfile *file)
{
    struct at_digest digest = at_digest_bytes(file->bytes, file->n);
    char headers[2048];

    snprintf(headers, sizeof headers,
             "Location: /store%s\r\nX-Linked-Size: %zu\r\nX-Linked-ETag: \"%s\"\r\n"
             "X-Repo-Commit: c0ffee\r\n",
             path, file->n, digest.hex);
    answer(peer, 302, 0, headers);
}

static void serve(int peer, const struct request *r)
{
    bool in_store = strncmp(r->path, "/store/", 7) == 0;
    const char *path = r->path + (in_store ? 6 : 0), *commit = strstr(path, "/c0ffee/");
    struct at_strbuf name = { 0 };
    struct at_mapfile file = { 0 };
    struct at_error err;

    /* the commit is another name of the branch */
    if (commit)
        at_strbuf_addf(&name, "%s%.*s/main/%s", folder, (int)(commit - path), path, commit + 8);
    else
        at_strbuf_addf(&name, "%s%s", folder, path);
    if (has("private", "") && strcmp(r->token, "secret") != 0)
        answer(peer, 401, 0, "");
    else if (is_moved(peer, r->path))
        ;
    else if (in_store && r->is_head)
        answer(peer, 403, 0, "");
    else if (at_mapfile_open(&file, name.s, &err) != 0)
        answer(peer, 404, 0, "");
    else if (has("store", "") && !in_store && ends_with(name.s, ".safetensors"))
        send_to_store(peer, name.s + strlen(folder), &file);
    else if (r->has_range && r->start >= file.n)
        answer(peer, 416, 0, "");
    else
        send_file(peer, r, at_path_base(name.s), &file);
    at_mapfile_close(&file);
    at_strbuf_release(&name);
}

/* The head of a request, as far as it matters here; false when it is none. */
static bool read_request(int peer, struct request *out)
{
    char text[MAX_REQUEST + 1], method[8], range[64] = "";
    const char *line;
    size_t n = 0;

    *out = (struct request){ 0 };
    do {
        ssize_t got = recv(peer, text + n, MAX_REQUEST - n, 0);
        if (got <= 0)
            return false;
        text[n += (size_t)got] = '\0';
    } while (!strstr(text, "\r\n\r\n"));
    if (sscanf(text, "%7s %1023s", method, out->path) != 2)
        return false;
    out->is_head = strcmp(method, "HEAD") == 0;
    if ((line = strstr(text, "\r\nAuthorization: Bearer ")))
        (void)sscanf(line + 24, "%255[^\r]", out->token);
    if ((line = strstr(text, "\r\nRange: "))) {
        (void)sscanf(line + 9, "%63[^\r]", range);
        out->has_range = sscanf(range, "bytes=%zu-", &out->start) == 1;
    }
    fprintf(requests, "%s %s%s%s\n", method, out->path, *range ? " " : "", range);
    fflush(requests);
    return true;
}

/* A port of this machine that nobody else has. */
static int listen_somewhere(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    int hub = socket(AF_INET, SOCK_STREAM, 0);

    if (hub < 0 || bind(hub, (struct sockaddr *)&at, n) != 0 || listen(hub, 16) != 0 ||
        getsockname(hub, (struct sockaddr *)&at, &n) != 0)
        return -1;
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return hub;
}

int main(int argc, char **argv)
{
    struct at_strbuf log = { 0 };
    int hub;

    if (argc < 2) {
        fprintf(stderr, "usage: hub_server FOLDER [OPTION...]\n");
        return 2;
    }
    folder = argv[1];
    options = argv + 2;
    at_strbuf_addf(&log, "%s/../requests", folder);
    requests = fopen(log.s, "w");
    at_strbuf_release(&log);
    hub = listen_somewhere();
    if (!requests || hub < 0) {
        perror("hub_server");
        return 1;
    }
    for (;;) {
        struct request r;
        int peer = accept(hub, NULL, NULL);
        if (peer < 0)
            return 1;
        if (read_request(peer, &r))
            serve(peer, &r);
        close(peer);
    }
}
