/* Makes one call each time it is started, with libssl alone: openssl ADDRESS PORT CALLS. Exits at once, without closing anything. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chat.h"

int main(int argc, char **argv)
{
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
	for (int call = 0; call < atoi(argv[3]); call++)
		if (chat(ssl))
			return fputs("the call failed\n", stderr), 1;
	_exit(0);
}
