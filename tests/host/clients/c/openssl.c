/* Makes one call each time it is started, with libssl alone: openssl ADDRESS PORT CALLS. Exits at once, without closing anything. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static const char body[] = "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
	if (argc != 4)
		return 2;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
	inet_pton(AF_INET, argv[1], &address.sin_addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address))
		return perror("connect"), 1;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	SSL_set_tlsext_host_name(ssl, "api.openai.com");
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		return fputs("SSL_connect failed\n", stderr), 1;
	for (int call = 0; call < atoi(argv[3]); call++) {
		char text[8192];
		int length = snprintf(text, sizeof text,
				      "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
				      "Content-Type: application/json\r\nX-Test-Pid: %d\r\nContent-Length: %zu\r\n\r\n%s",
				      getpid(), sizeof body - 1, body);
		if (SSL_write(ssl, text, length) != length)
			return fputs("SSL_write failed\n", stderr), 1;
		/* The answer's length is in its head. */
		size_t have = 0, want = 0;
		while (!want || have < want) {
			int got = SSL_read(ssl, text + have, sizeof text - 1 - have);
			if (got <= 0)
				return fputs("SSL_read failed\n", stderr), 1;
			text[have += got] = 0;
			char *end = strstr(text, "\r\n\r\n"), *said = strcasestr(text, "content-length:");
			if (end && said)
				want = end + 4 - text + atoi(said + 15);
		}
	}
	_exit(0);
}
