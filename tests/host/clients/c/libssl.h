/* Calls by libssl. */
#pragma once
#include <openssl/ssl.h>

#include "call.h"

static ssize_t libssl_send(void *ssl, const void *text, size_t length)
{
	return SSL_write(ssl, text, length);
}

static ssize_t libssl_receive(void *ssl, void *text, size_t room)
{
	return SSL_read(ssl, text, room);
}

/* A session under that server name, or NULL. */
static SSL *session(SSL_CTX *context, const char *ip, int port, const char *name)
{
	int fd = dial(ip, port);
	if (fd < 0)
		return NULL;
	SSL *ssl = SSL_new(context);
	SSL_set_tlsext_host_name(ssl, name);
	SSL_set_fd(ssl, fd);
	return SSL_connect(ssl) == 1 ? ssl : NULL;
}

static int chat(SSL *ssl)
{
	return call((struct tls){ssl, libssl_send, libssl_receive}, PLAIN);
}
