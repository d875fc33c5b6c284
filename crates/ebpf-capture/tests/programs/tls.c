/* A program on libssl that does what its standard input says, line by line, and answers each line. Both ends of its
 * connections are its own: what one end wrote and the other read is known to the byte. */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX = 8192, BIO_BYTES = 8 << 20 };
static SSL *client[MAX], *server[MAX];
static SSL_CTX *client_ctx, *server_ctx;
static unsigned char *out, *in;
static size_t capacity;

static void fail(const char *what) { printf("failed %s\n", what); fflush(stdout); exit(1); }

static SSL_CTX *context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);
	/* Without certificates: nothing is to be proven. */
	if (!ctx || !SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) ||
	    !SSL_CTX_set_cipher_list(ctx, "ADH-AES128-GCM-SHA256:@SECLEVEL=0"))
		fail("context");
	SSL_CTX_set_dh_auto(ctx, 1);
	return ctx;
}

static void open_pair(int i, const char *name)
{
	BIO *a, *b;
	client[i] = SSL_new(client_ctx);
	server[i] = SSL_new(server_ctx);
	if (!BIO_new_bio_pair(&a, BIO_BYTES, &b, BIO_BYTES))
		fail("pair");
	SSL_set_bio(client[i], a, a);
	SSL_set_bio(server[i], b, b);
	if (*name)
		SSL_set_tlsext_host_name(client[i], name);
	SSL_set_connect_state(client[i]);
	SSL_set_accept_state(server[i]);
	for (int step = 0; step < 20 && (!SSL_is_init_finished(client[i]) || !SSL_is_init_finished(server[i])); step++) {
		SSL_do_handshake(client[i]);
		SSL_do_handshake(server[i]);
	}
	if (!SSL_is_init_finished(client[i]) || !SSL_is_init_finished(server[i]))
		fail("handshake");
}

/* `ex`: by SSL_write_ex and SSL_read_ex. The bytes are a function of the seed and the position. */
static void transfer(SSL *from, SSL *to, size_t bytes, unsigned seed, int ex)
{
	if (bytes > capacity) {
		out = realloc(out, bytes);
		in = realloc(in, bytes);
		capacity = bytes;
	}
	for (size_t i = 0; i < bytes; i++)
		out[i] = (unsigned char)(seed + i * 7 + (i >> 8) * 13);
	size_t done = 0, sent = 0;
	if (ex ? !SSL_write_ex(from, out, bytes, &sent) || sent != bytes : SSL_write(from, out, (int)bytes) != (int)bytes)
		fail("write");
	while (done < bytes) {
		size_t got = 0;
		if (ex) {
			if (!SSL_read_ex(to, in + done, bytes - done, &got))
				fail("read");
		} else {
			int n = SSL_read(to, in + done, (int)(bytes - done));
			if (n <= 0)
				fail("read");
			got = (size_t)n;
		}
		done += got;
	}
	if (memcmp(in, out, bytes))
		fail("compare");
}

/* Connection `j` inside connection `i`, as through a TLS proxy: what j writes is written by i. */
static void open_inside(int i, int j)
{
	BIO *a = BIO_new(BIO_f_ssl()), *b = BIO_new(BIO_f_ssl());
	BIO_set_ssl(a, client[i], BIO_NOCLOSE);
	BIO_set_ssl(b, server[i], BIO_NOCLOSE);
	client[j] = SSL_new(client_ctx);
	server[j] = SSL_new(server_ctx);
	SSL_set_bio(client[j], a, a);
	SSL_set_bio(server[j], b, b);
	SSL_set_connect_state(client[j]);
	SSL_set_accept_state(server[j]);
	for (int step = 0; step < 40 && (!SSL_is_init_finished(client[j]) || !SSL_is_init_finished(server[j])); step++) {
		SSL_do_handshake(client[j]);
		SSL_do_handshake(server[j]);
	}
	if (!SSL_is_init_finished(client[j]) || !SSL_is_init_finished(server[j]))
		fail("handshake inside");
}

/* Where a probe like the USDT probe `sidetone:call` is attached: its arguments are in registers here. */
__attribute__((noinline)) void announce(const void *trace, const void *span, const char *response, const char *request,
					unsigned long start)
{
	__asm__ volatile("" : : "r"(trace), "r"(span), "r"(response), "r"(request), "r"(start));
}

static void release(int i)
{
	SSL_free(client[i]);
	SSL_free(server[i]);
	client[i] = server[i] = 0;
}

int main(int argc, char **argv)
{
	char line[512], name[256];
	int i, j;
	unsigned long bytes, seed, times;
	client_ctx = context(TLS_client_method());
	server_ctx = context(TLS_server_method());
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		*name = 0;
		if (sscanf(line, "open %d %255s", &i, name) >= 1) {
			open_pair(i, name);
			printf("ok %lu %lu\n", (unsigned long)client[i], (unsigned long)server[i]);
		} else if (sscanf(line, "name %d %255s", &i, name) == 2) {
			SSL_set_tlsext_host_name(client[i], name);
			printf("ok\n");
		} else if (sscanf(line, "send %d %lu %lu %lu", &i, &bytes, &seed, &times) == 4) {
			while (times--)
				transfer(client[i], server[i], bytes, (unsigned)seed, 0);
			printf("ok\n");
		} else if (sscanf(line, "reply %d %lu %lu %lu", &i, &bytes, &seed, &times) == 4) {
			while (times--)
				transfer(server[i], client[i], bytes, (unsigned)seed, 1);
			printf("ok\n");
		} else if (sscanf(line, "inside %d %d", &i, &j) == 2) {
			open_inside(i, j);
			printf("ok %lu %lu\n", (unsigned long)client[j], (unsigned long)server[j]);
		} else if (!strncmp(line, "announce", 8)) {
			announce("0123456789abcdef", "ABCDEFGH", "chatcmpl-1", 0, 77);
			printf("ok\n");
		} else if (sscanf(line, "free %d", &i) == 1) {
			release(i);
			printf("ok\n");
		} else if (sscanf(line, "keep %d", &i) == 1) {
			SSL_up_ref(client[i]);
			printf("ok\n");
		} else if (sscanf(line, "drop %d", &i) == 1) {
			SSL_free(client[i]);
			printf("ok\n");
		} else if (sscanf(line, "short %d %lu", &j, &bytes) == 2) {
			for (int k = 0; k < j; k++) {
				open_pair(MAX - 1, "short.test");
				transfer(client[MAX - 1], server[MAX - 1], bytes, 1, 0);
				release(MAX - 1);
			}
			printf("ok\n");
		} else if (sscanf(line, "fork %d %lu", &i, &bytes) == 2) {
			/* A child's copy of the connection: it goes on where its parent is. */
			fflush(stdout);
			pid_t child = fork();
			if (!child) {
				transfer(client[i], server[i], bytes, 5, 0);
				_exit(0);
			}
			int status = 0;
			waitpid(child, &status, 0);
			printf("ok %d %d\n", (int)child, status);
		} else if (!strncmp(line, "exec", 4)) {
			execv(argv[0], argv);
			fail("exec");
		} else if (!strncmp(line, "exit", 4)) {
			return 0;
		} else {
			fail(line);
		}
		fflush(stdout);
	}
	(void)argc;
	return 0;
}
