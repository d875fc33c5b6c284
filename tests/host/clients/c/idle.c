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

#include "chat.h"

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
