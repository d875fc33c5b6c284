// The application of bench B6: two ends of TLS in one process, over the system's libssl.
//
//   pair CERT KEY        reads orders from stdin, a line each, and answers a line each:
//     connect HOST             makes a connection over memory, to that host, with a request that doesn't end
//     call SIZE TIMES          a write and a read of SIZE bytes over that connection, TIMES (a multiple of 8) times: mean ns of CPU time of each
//     serve                    starts an HTTPS server on a port of the system's choice; answers the port
//     load PORT CALLS OPEN MS  CALLS chat calls to that server, OPEN connections at a time, each answered after
//                              MS milliseconds: seconds that it took
//
// It is compiled by the bench itself: cc -O2 pair.c -lssl -lcrypto -lpthread.
#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static SSL_CTX *server_context, *client_context;
static int delay_ms;

static void fail(const char *what) {
    fprintf(stderr, "pair: %s\n", what);
    exit(1);
}

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

// The time that this thread was running: other programs on the machine don't count.
static double spent_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

// ---- over memory ----

// So many calls are timed together: they fit into the memory between the two ends.
#define BATCH 8

static SSL *writer, *reader;

static void connect_over_memory(const char *host) {
    char head[512], in[512];
    BIO *a, *b;
    SSL_free(writer);
    SSL_free(reader);
    writer = SSL_new(client_context);
    reader = SSL_new(server_context);
    if (!BIO_new_bio_pair(&a, 1 << 18, &b, 1 << 18)) fail("no BIO pair");
    SSL_set_bio(writer, a, a);
    SSL_set_bio(reader, b, b);
    SSL_set_tlsext_host_name(writer, host);
    SSL_set_connect_state(writer);
    SSL_set_accept_state(reader);
    for (int i = 0; i < 10; i++) {
        SSL_do_handshake(writer);
        SSL_do_handshake(reader);
    }
    if (!SSL_is_init_finished(writer) || !SSL_is_init_finished(reader)) fail("no handshake over memory");
    // Whoever watches takes it for HTTP, and goes on watching.
    int length = snprintf(head, sizeof head, "POST /upload HTTP/1.1\r\nhost: %s\r\ncontent-length: 9000000000000\r\n\r\n", host);
    if (SSL_write(writer, head, length) != length || SSL_read(reader, in, sizeof in) != length) fail("no first call");
    printf("connected\n");
}

static void call(int size, int times) {
    char *out = malloc(size), *in = malloc(size);
    memset(out, 'a', size);
    double writes = 0, reads = 0;
    for (int done = 0; done < times; done += BATCH) {
        double t0 = spent_ns();
        for (int i = 0; i < BATCH; i++)
            if (SSL_write(writer, out, size) != size) fail("short write");
        double t1 = spent_ns();
        for (int i = 0; i < BATCH; i++)
            if (SSL_read(reader, in, size) != size) fail("short read");
        double t2 = spent_ns();
        writes += t1 - t0;
        reads += t2 - t1;
    }
    printf("%.1f %.1f\n", writes / times, reads / times);
    free(out);
    free(in);
}

// ---- over sockets ----

// Reads one HTTP message whose body has a content-length; answers whether there was one.
static int read_message(SSL *ssl, char *buffer, int room) {
    int have = 0, want = -1;
    while (want < 0 || have < want) {
        int n = SSL_read(ssl, buffer + have, room - 1 - have);
        if (n <= 0) return 0;
        have += n;
        buffer[have] = 0;
        char *end = strstr(buffer, "\r\n\r\n"), *length = strstr(buffer, "content-length: ");
        if (want < 0 && end && length) want = (int)(end + 4 - buffer) + atoi(length + 16);
    }
    return 1;
}

static void *serve_connection(void *argument) {
    int fd = (int)(long)argument;
    SSL *ssl = SSL_new(server_context);
    char buffer[16384], body[2048], answer[4096];
    SSL_set_fd(ssl, fd);
    char text[1025];
    memset(text, 'b', 1024);
    text[1024] = 0;
    int body_length = snprintf(body, sizeof body,
        "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-bench\",\"choices\":[{\"index\":0,"
        "\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},\"finish_reason\":\"stop\"}],"
        "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":11,\"total_tokens\":18}}", text);
    int length = snprintf(answer, sizeof answer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", body_length, body);
    if (SSL_accept(ssl) == 1) {
        while (read_message(ssl, buffer, sizeof buffer)) {
            usleep(delay_ms * 1000);
            if (SSL_write(ssl, answer, length) != length) break;
        }
    }
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static int listener;

static void *accept_all(void *argument) {
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t thread;
        if (fd < 0) return argument;
        if (pthread_create(&thread, NULL, serve_connection, (void *)(long)fd)) fail("no thread");
        pthread_detach(thread);
    }
}

static void serve(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    pthread_t thread;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 1024)) fail("can't listen");
    getsockname(listener, (void *)&address, &length);
    if (pthread_create(&thread, NULL, accept_all, NULL)) fail("no thread");
    printf("%d\n", ntohs(address.sin_port));
}

static int port, calls_each;

static void *call_repeatedly(void *argument) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char buffer[16384], request[4096], body[2048], text[1025];
    memset(text, 'q', 1024);
    text[1024] = 0;
    int body_length = snprintf(body, sizeof body, "{\"model\":\"gpt-bench\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}", text);
    int length = snprintf(request, sizeof request,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: bench.test\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s",
        body_length, body);
    if (connect(fd, (void *)&address, sizeof address)) fail("can't connect");
    SSL *ssl = SSL_new(client_context);
    SSL_set_fd(ssl, fd);
    SSL_set_tlsext_host_name(ssl, "bench.test");
    if (SSL_connect(ssl) != 1) fail("no handshake");
    for (int i = 0; i < calls_each; i++) {
        if (SSL_write(ssl, request, length) != length) fail("can't send");
        if (!read_message(ssl, buffer, sizeof buffer)) fail("no answer");
    }
    SSL_free(ssl);
    close(fd);
    return argument;
}

static void load(int calls, int open) {
    pthread_t threads[256];
    if (open < 1 || open > 256) fail("1 to 256 connections");
    calls_each = calls / open;
    double start = now_ns();
    for (int i = 0; i < open; i++)
        if (pthread_create(&threads[i], NULL, call_repeatedly, NULL)) fail("no thread");
    for (int i = 0; i < open; i++) pthread_join(threads[i], NULL);
    printf("%.6f\n", (now_ns() - start) / 1e9);
}

int main(int count, char **arguments) {
    char line[300];
    char host[256];
    int a, b;
    if (count != 3) fail("usage: pair CERT KEY");
    signal(SIGPIPE, SIG_IGN);
    server_context = SSL_CTX_new(TLS_server_method());
    client_context = SSL_CTX_new(TLS_client_method());
    if (SSL_CTX_use_certificate_file(server_context, arguments[1], SSL_FILETYPE_PEM) != 1
        || SSL_CTX_use_PrivateKey_file(server_context, arguments[2], SSL_FILETYPE_PEM) != 1)
        fail("can't read the certificate or its key");
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "connect %255s", host) == 1) connect_over_memory(host);
        else if (sscanf(line, "call %d %d", &a, &b) == 2 && writer && a > 0 && a <= 16384 && b > 0 && b % BATCH == 0) call(a, b);
        else if (strncmp(line, "serve", 5) == 0) serve();
        else if (sscanf(line, "load %d %d %d %d", &port, &a, &b, &delay_ms) == 4) load(a, b);
        else fail("unknown order");
    }
    return 0;
}
