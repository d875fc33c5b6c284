/* TLS connections by libssl, one after the other, each at the address in memory of the one before: steps NAME=ADDRESS:PORT=WHAT...
 *
 * WHAT is `echo` (some bytes that are no HTTP, to a server that sends some back) or `chat` (a call). Prints the address of each
 * connection's SSL. */
#define _GNU_SOURCE
#include "libssl.h"

/* An allocator that gives what was freed last to whoever next asks for as much: so addresses come back. */
#define SIZES 4096
static struct freed {
	size_t size;
	struct freed *next;
} *freed[SIZES];

static void *give(size_t size, const char *file, int line)
{
	size = (size + 15) & ~15ul;
	struct freed *block = size / 16 < SIZES ? freed[size / 16] : NULL;
	if (block)
		freed[size / 16] = block->next;
	else
		block = malloc(16 + size);
	block->size = size;
	return (char *)block + 16;
}

static void take(void *memory, const char *file, int line)
{
	if (!memory)
		return;
	struct freed *block = (struct freed *)((char *)memory - 16);
	if (block->size / 16 >= SIZES) {
		free(block);
		return;
	}
	block->next = freed[block->size / 16];
	freed[block->size / 16] = block;
}

static void *resize(void *memory, size_t size, const char *file, int line)
{
	void *moved = give(size, file, line);
	if (memory) {
		size_t had = ((struct freed *)((char *)memory - 16))->size;
		memcpy(moved, memory, had < size ? had : size);
		take(memory, file, line);
	}
	return moved;
}

static int echo(SSL *ssl)
{
	char text[256];
	for (int n = 0; n < 20; n++) {
		if (SSL_write(ssl, "\x7fnothing of the web\n", 20) != 20 || SSL_read(ssl, text, sizeof text) <= 0)
			return 1;
		usleep(20000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (CRYPTO_set_mem_functions(give, resize, take) != 1)
		return 3;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	for (int n = 1; n < argc; n++) {
		char name[256], ip[64], what[16];
		int port;
		if (sscanf(argv[n], "%255[^=]=%63[^:]:%d=%15s", name, ip, &port, what) != 4)
			return 2;
		SSL *ssl = session(context, ip, port, name);
		if (!ssl || (strcmp(what, "echo") ? chat(ssl) : echo(ssl)))
			return fprintf(stderr, "%s failed\n", argv[n]), 1;
		printf("%p\n", (void *)ssl);
		fflush(stdout);
		int fd = SSL_get_fd(ssl);
		SSL_shutdown(ssl);
		SSL_free(ssl);
		close(fd);
		/* What is told of the first is to be known before the second begins. */
		usleep(500000);
	}
	return 0;
}
