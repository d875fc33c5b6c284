/* A call by libssl: writes the request, and reads the answer to its end. 0 is success. */
#pragma once
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	/* The answer's length is in its head. */
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
