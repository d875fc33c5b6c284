/* Makes calls with GnuTLS alone, plain ones and streamed ones in turn on one connection: gnutls ADDRESS PORT CALLS. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int call(gnutls_session_t session, const char *body)
{
	static char text[1 << 16];
	int length = snprintf(text, sizeof text,
			      "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
			      "Content-Type: application/json\r\nX-Test-Pid: %d\r\nContent-Length: %zu\r\n\r\n%s",
			      getpid(), strlen(body), body);
	if (gnutls_record_send(session, text, length) != length)
		return 1;
	size_t have = 0;
	for (;;) {
		ssize_t got = gnutls_record_recv(session, text + have, sizeof text - 1 - have);
		/* TLS 1.3 has messages that are no data. */
		if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
			continue;
		if (got <= 0)
			return 1;
		text[have += got] = 0;
		char *end = strstr(text, "\r\n\r\n"), *said = strcasestr(text, "content-length:");
		if (end && said && said < end && have >= (size_t)(end + 4 - text) + atoi(said + 15))
			return 0;
		if (end && !(said && said < end) && have >= 5 && !strcmp(text + have - 5, "0\r\n\r\n"))
			return 0;
	}
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
	inet_pton(AF_INET, argv[1], &address.sin_addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address))
		return perror("connect"), 1;
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;
	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_init(&session, GNUTLS_CLIENT);
	gnutls_server_name_set(session, GNUTLS_NAME_DNS, "api.openai.com", strlen("api.openai.com"));
	gnutls_set_default_priority(session);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, fd);
	int ret = gnutls_handshake(session);
	if (ret < 0)
		return fprintf(stderr, "%s\n", gnutls_strerror(ret)), 1;
	for (int n = 0; n < atoi(argv[3]); n++)
		if (call(session, "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}") ||
		    call(session, "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],"
				  "\"stream\":true,\"stream_options\":{\"include_usage\":true}}"))
			return fputs("the call failed\n", stderr), 1;
	gnutls_bye(session, GNUTLS_SHUT_WR);
	gnutls_deinit(session);
	return 0;
}
