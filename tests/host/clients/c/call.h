/* Calls over HTTP/1.1 by whatever TLS library. */
#pragma once
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#define PLAIN "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
#define STREAMED                                                                                                       \
	"{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],"                          \
	"\"stream\":true,\"stream_options\":{\"include_usage\":true}}"

/* A TLS session and how it is written to and read from. Below 1 is: no more. */
struct tls {
	void *session;
	ssize_t (*send)(void *session, const void *text, size_t length);
	ssize_t (*receive)(void *session, void *text, size_t room);
};

/* A connected socket, or less than 0. */
static int dial(const char *ip, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	inet_pton(AF_INET, ip, &address.sin_addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address))
		return perror("connect"), -1;
	return fd;
}

/* Writes the request, and reads the answer to its end. 0 is success. */
static int call(struct tls tls, const char *body)
{
	static char text[1 << 16];
	int length = snprintf(text, sizeof text,
			      "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
			      "Content-Type: application/json\r\nX-Test-Pid: %d\r\nContent-Length: %zu\r\n\r\n%s",
			      getpid(), strlen(body), body);
	if (tls.send(tls.session, text, length) != length)
		return 1;
	size_t have = 0;
	for (;;) {
		ssize_t got = tls.receive(tls.session, text + have, sizeof text - 1 - have);
		if (got <= 0)
			return 1;
		text[have += got] = 0;
		char *end = strstr(text, "\r\n\r\n");
		char *said = strcasestr(text, "content-length:");
		if (!end)
			continue;
		if (said && said < end ? have >= (size_t)(end + 4 - text) + atoi(said + 15)
				       : !strcmp(text + have - 5, "0\r\n\r\n"))
			return 0;
	}
}
