/* Libraries in the shapes that compilers gave to real ones, so that what is hooked doesn't depend on this machine's
 * compiler: `cc -shared -nostdlib -D<SHAPE> shapes.S`. Nothing here is ever called. */

.macro function name
	.globl \name
	.type \name, @function
\name:
.endm

.macro end name
	.size \name, . - \name
.endm

.macro local_function name
	.type \name, @function
\name:
.endm

/* A function that begins with `push`: the kernel emulates that. */
.macro pushing name
function \name
	push %rbp
	mov %rsp, %rbp
	pop %rbp
	ret
end \name
.endm

.text

#if defined(OPENSSL_3_0) || defined(OPENSSL_3_2) || defined(INLINED) || defined(OTHER_ARGUMENTS)
/* `SSL_read` of Debian 12's OpenSSL 3.0: `sub` first, a test of the length, then the internal function. */
function SSL_read
	sub $0x18, %rsp
	test %edx, %edx
	js 1f
	mov %rsp, %rcx
	movslq %edx, %rdx
	call ssl_read_internal
	test %eax, %eax
1:	add $0x18, %rsp
	ret
end SSL_read

function SSL_read_ex
	sub $0x8, %rsp
#ifdef INLINED
	cmpq $0, 0x30(%rdi)
	je 1f
#endif
#ifdef OTHER_ARGUMENTS
	xor %esi, %esi
#endif
	call ssl_read_internal
1:	add $0x8, %rsp
	ret
end SSL_read_ex

function SSL_write
	sub $0x18, %rsp
	test %edx, %edx
	js 1f
#ifdef OPENSSL_3_2
	mov %rsp, %r8
	xor %ecx, %ecx
#else
	mov %rsp, %rcx
#endif
	movslq %edx, %rdx
	call ssl_write_internal
1:	add $0x18, %rsp
	ret
end SSL_write

#ifdef OPENSSL_3_2
function SSL_write_ex
	mov %rcx, %r8
	xor %ecx, %ecx
	jmp SSL_write_ex2
end SSL_write_ex

function SSL_write_ex2
	sub $0x8, %rsp
	call ssl_write_internal
	add $0x8, %rsp
	ret
end SSL_write_ex2
#else
function SSL_write_ex
	sub $0x8, %rsp
#ifdef OTHER_ARGUMENTS
	lea 8(%rdi), %rdi
#endif
	call ssl_write_internal
	add $0x8, %rsp
	ret
end SSL_write_ex
#endif

local_function ssl_read_internal
	endbr64
	push %r12
	pop %r12
	ret
end ssl_read_internal

local_function ssl_write_internal
	push %r12
	pop %r12
	ret
end ssl_write_internal

pushing SSL_ctrl
function SSL_free
	test %rdi, %rdi
	je 1f
	sub $0x8, %rsp
	add $0x8, %rsp
1:	ret
end SSL_free
#endif

#if defined(LIBRESSL) || defined(AWS_LC)
/* The `_ex` functions call the others: each byte must be counted once. */
pushing SSL_read
pushing SSL_write
function SSL_read_ex
	push %rbx
	mov %rcx, %rbx
	call SSL_read
	pop %rbx
	ret
end SSL_read_ex
function SSL_write_ex
	push %rbx
	mov %rcx, %rbx
	call SSL_write@plt
	pop %rbx
	ret
end SSL_write_ex
pushing SSL_free
#endif
#ifdef LIBRESSL
pushing SSL_ctrl
#endif
#ifdef AWS_LC
pushing SSL_set_tlsext_host_name
#endif

#ifdef JUMPED_INTO
/* A loop that goes back to the second instruction: a probe there would fire more than once a call. */
function SSL_read
	xor %eax, %eax
1:	jmp 2f
2:	inc %eax
	cmp $3, %eax
	jne 1b
	ret
end SSL_read
pushing SSL_write
pushing SSL_ctrl
#endif

#ifdef FOREIGN
pushing JNI_CreateJavaVM
pushing wolfSSL_read
pushing mbedtls_ssl_read
pushing s2n_recv
#endif

#ifdef MARKED
/* What is left of a stripped static library: texts in the data of a file that is big enough to hold one. */
pushing something_else
.section .rodata
	.zero 0x120000
	.asciz "../../vendor/boringssl/ssl/ssl_lib.cc"
	.asciz "ssl_write_internal"
	.asciz "OpenSSL 3.5.1 1 Jul 2025"
	.ascii "peer closed connection without sending TLS close_notify: https://docs.rs"
	.asciz "/cargo/rustls-0.23.7/src/conn.rs"
#endif

#ifdef USDT
function fire
	push %rbp
1:	nop
2:	nop
	pop %rbp
	ret
end fire
.macro note provider, name, place, arguments
	.balign 4
	.4byte 992f-991f, 994f-993f, 3
991:	.asciz "stapsdt"
992:	.balign 4
993:	.8byte \place
	.8byte _.stapsdt.base
	.8byte 0
	.asciz "\provider"
	.asciz "\name"
	.asciz "\arguments"
994:	.balign 4
.endm
.section .stapsdt.base, "aG", "progbits", .stapsdt.base, comdat
.weak _.stapsdt.base
.hidden _.stapsdt.base
_.stapsdt.base: .space 1
.section .note.stapsdt, "?", "note"
	note other, call, 1b, "8@%rax"
	note sidetone, call, 2b, USDT
#endif

.section .note.GNU-stack, "", @progbits
