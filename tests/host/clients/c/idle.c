/* Opens CONNECTIONS by libssl, makes a call on each, and keeps them until standard input ends: idle ADDRESS PORT CONNECTIONS.
 * Then, unless standard input said "drop", it frees each. */
#define _GNU_SOURCE
#include "libssl.h"

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	int count = atoi(argv[3]);
	SSL **all = calloc(count, sizeof *all);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	for (int n = 0; n < count; n++) {
		all[n] = session(context, argv[1], atoi(argv[2]), "api.openai.com");
		if (!all[n] || chat(all[n]))
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
