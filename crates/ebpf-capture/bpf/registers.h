/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a call's arguments and result are: the registers that a uprobe's context holds, as the user ABI fixes them. */
#ifndef SIDETONE_REGISTERS_H
#define SIDETONE_REGISTERS_H

/* The context may only be read at constant offsets: this keeps the compiler from choosing between two of them first. */
#define READ(place)                            \
	({                                     \
		u64 value_ = (place);          \
		asm volatile("" : "+r"(value_)); \
		value_;                        \
	})

#if defined(SIDETONE_X86_64)
struct registers {
	u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp, ss;
};
#define ARGUMENT1(r) ((r)->rdi)
#define ARGUMENT2(r) ((r)->rsi)
#define ARGUMENT3(r) ((r)->rdx)
#define ARGUMENT4(r) ((r)->rcx)
#define ARGUMENT5(r) ((r)->r8)
#define RESULT(r) ((r)->rax)
#define RESULT2(r) ((r)->rdx)
#define ADDRESS(r) ((r)->rip)
/* The stack pointer at entry; at return the return address has been popped. */
#define FRAME_AT_ENTRY(r) ((r)->rsp)
#define FRAME_AT_RETURN(r) ((r)->rsp - 8)
/* Go's register ABI (1.17 and later). */
#define GO_ARGUMENT1(r) ((r)->rax)
#define GO_ARGUMENT2(r) ((r)->rbx)
#define GO_RESULT(r) ((r)->rax)
#define GO_GOROUTINE(r) ((r)->r14)
/* At a return instruction: where the caller keeps room for the arguments that came in registers. */
#define GO_SPILLED(r) ((r)->rsp + 8)

/* A register by the number that the attach cookie of an announcement gives (src/probe.rs). */
INLINE u64 register_by_number(struct registers *r, u32 number)
{
	switch (number) {
	case 0: return READ(r->rax);
	case 1: return READ(r->rbx);
	case 2: return READ(r->rcx);
	case 3: return READ(r->rdx);
	case 4: return READ(r->rsi);
	case 5: return READ(r->rdi);
	case 6: return READ(r->rbp);
	case 7: return READ(r->rsp);
	case 8: return READ(r->r8);
	case 9: return READ(r->r9);
	case 10: return READ(r->r10);
	case 11: return READ(r->r11);
	case 12: return READ(r->r12);
	case 13: return READ(r->r13);
	case 14: return READ(r->r14);
	default: return READ(r->r15);
	}
}
#elif defined(SIDETONE_ARM64)
struct registers {
	u64 x[31], sp, pc;
};
#define ARGUMENT1(r) ((r)->x[0])
#define ARGUMENT2(r) ((r)->x[1])
#define ARGUMENT3(r) ((r)->x[2])
#define ARGUMENT4(r) ((r)->x[3])
#define ARGUMENT5(r) ((r)->x[4])
#define RESULT(r) ((r)->x[0])
#define RESULT2(r) ((r)->x[1])
#define ADDRESS(r) ((r)->pc)
#define FRAME_AT_ENTRY(r) ((r)->sp)
#define FRAME_AT_RETURN(r) ((r)->sp)
#define GO_ARGUMENT1(r) ((r)->x[0])
#define GO_ARGUMENT2(r) ((r)->x[1])
#define GO_RESULT(r) ((r)->x[0])
#define GO_GOROUTINE(r) ((r)->x[28])
#define GO_SPILLED(r) ((r)->sp + 8)
INLINE u64 register_by_number(struct registers *r, u32 number)
{
	switch (number) {
	case 0: return READ(r->x[0]);
	case 1: return READ(r->x[1]);
	case 2: return READ(r->x[2]);
	case 3: return READ(r->x[3]);
	case 4: return READ(r->x[4]);
	case 5: return READ(r->x[5]);
	case 6: return READ(r->x[6]);
	case 7: return READ(r->x[7]);
	case 8: return READ(r->x[8]);
	case 9: return READ(r->x[9]);
	case 10: return READ(r->x[10]);
	case 11: return READ(r->x[11]);
	case 12: return READ(r->x[12]);
	case 13: return READ(r->x[13]);
	case 14: return READ(r->x[14]);
	default: return READ(r->x[15]);
	}
}
#else
#error "say which machine: -DSIDETONE_X86_64 or -DSIDETONE_ARM64"
#endif

#endif
