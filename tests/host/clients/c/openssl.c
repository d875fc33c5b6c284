/* Makes one call each time it is started, with libssl alone: openssl ADDRESS PORT CALLS. Exits at once, without closing anything. */
#define _GNU_SOURCE
#include "libssl.h"

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	SSL *ssl = session(SSL_CTX_new(TLS_client_method()), argv[1], atoi(argv[2]), "api.openai.com");
	if (!ssl)
		return fputs("no session\n", stderr), 1;
	for (int n = 0; n < atoi(argv[3]); n++)
		if (chat(ssl))
			return fputs("the call failed\n", stderr), 1;
	_exit(0);
}
