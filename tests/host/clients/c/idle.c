/* Opens CONNECTIONS by libssl, makes a call on each, and keeps them until standard input ends: idle ADDRESS PORT CONNECTIONS.
 * Then, unless standard input said "drop", it frees each. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int chat(SSL *ssl)
{
	static const char body[] = "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
	char text[8192];
	int length = snprintf(text, sizeof text,
			      "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
			      "Content-Type: application/json\r\nX-Test-Pid: %d\r\nContent-Length: %zu\r\n\r\n%s",
			      getpid(), sizeof body - 1, body);
	if (SSL_write(ssl, text, length) != length)
		return 1;
	size_t have = 0, want = 0;
	while (!want || have < want) {
		int got = SSL_read(ssl, text + have, sizeof text - 1 - have);
		if (got <= 0)
			return 1;
		text[have += got] = 0;
		char *end = strstr(text, "\r\n\r\n"), *said = strcasestr(text, "content-length:");
		if (end && said)
			want = end + 4 - text + atoi(said + 15);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	int count = atoi(argv[3]);
	SSL **all = calloc(count, sizeof *all);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
	inet_pton(AF_INET, argv[1], &address.sin_addr);
	for (int n = 0; n < count; n++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&address, sizeof address))
			return perror("connect"), 1;
		all[n] = SSL_new(context);
		SSL_set_tlsext_host_name(all[n], "api.openai.com");
		SSL_set_fd(all[n], fd);
		if (SSL_connect(all[n]) != 1 || chat(all[n]))
			return fputs("a call failed\n", stderr), 1;
	}
	printf("%d connections\n", count);
	fflush(stdout);
	char line[16] = "";
	if (fgets(line, sizeof line, stdin) && !strcmp(line, "drop\n"))
		_exit(0);
	for (int n = 0; n < count; n++)
		SSL_free(all[n]);
	return 0;
}
