/* Makes calls with GnuTLS alone, plain ones and streamed ones in turn on one connection: gnutls ADDRESS PORT CALLS. */
#define _GNU_SOURCE
#include <gnutls/gnutls.h>

#include "call.h"

static ssize_t send_record(void *session, const void *text, size_t length)
{
	return gnutls_record_send(session, text, length);
}

static ssize_t receive_record(void *session, void *text, size_t room)
{
	ssize_t got;
	/* TLS 1.3 has messages that are no data. */
	do
		got = gnutls_record_recv(session, text, room);
	while (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED);
	return got;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	int fd = dial(argv[1], atoi(argv[2]));
	if (fd < 0)
		return 1;
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
	struct tls tls = {session, send_record, receive_record};
	for (int n = 0; n < atoi(argv[3]); n++)
		if (call(tls, PLAIN) || call(tls, STREAMED))
			return fputs("the call failed\n", stderr), 1;
	gnutls_bye(session, GNUTLS_SHUT_WR);
	gnutls_deinit(session);
	return 0;
}
