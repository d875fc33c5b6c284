/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel side and user space share; src/kernel/record.rs and table.rs hold the same layouts and constants. */
#ifndef SIDETONE_RECORD_H
#define SIDETONE_RECORD_H

enum kind { KIND_DATA, KIND_CLOSE, KIND_NAME, KIND_FD, KIND_ANNOUNCE, KIND_EXEC, KIND_BOXES };
enum close_reason { CLOSE_FREED, CLOSE_RENAMED };

/* Bits of record.flags. */
#define RECORD_WRITE 1
#define RECORD_FROM_START 2
#define RECORD_FIRST 4
#define RECORD_ENDED 8 /* of a close: the other side had ended before */

/* The head of each record of the ring; the payload follows. */
struct record {
	u64 start_ns, end_ns; /* entry and return of the call */
	u64 conn;
	u64 address;
	u64 offset;     /* of the payload in its direction's stream; a close: the final offset of what was read */
	u64 call_bytes; /* of the whole call; a close: the final offset of what was written */
	u64 cgroup;
	u32 tgid, tid, uid;
	u32 length; /* of the payload */
	u32 index;  /* of the connection in the table */
	s32 value;  /* a file descriptor, a close's reason */
	u8 kind, flags, runtime, unused[5];
	char comm[16];
};

/* Bits of connection.flags. */
#define CONNECTION_IGNORED 1    /* set by user space: the verdict */
#define CONNECTION_FROM_START 2 /* seen before its first byte */
#define CONNECTION_SENT 4       /* a record of it was made */
#define CONNECTION_LOST 8       /* bytes of it could not be sent; user space clears it */
#define CONNECTION_CLOSED 16    /* closed, and the record that says so could not be sent */
#define CONNECTION_RENAMED 32   /* why it was closed */
#define CONNECTION_REAPED 64    /* set by user space: its close is on its way */
#define CONNECTION_FILTERED 128 /* set by user space: its process is not to be captured any more */
#define CONNECTION_OVER 256     /* closed: the same address is another connection */
#define CONNECTION_ENDED 512    /* the process read the end of what the other side sends */
#define CONNECTION_OWNER (1u << 16) /* the bits from here on count its owners besides one */

/* One place of the connection table, which user space maps: a cache line. */
struct connection {
	u64 conn; /* 0: the place is free */
	u64 address;
	u64 process;                  /* process.generation */
	u64 read, written;            /* stream offsets, advanced before the bytes are sent */
	u64 read_sent, written_sent;  /* the same, advanced afterwards: what is below it is in the ring or lost */
	u32 tgid;
	u32 flags;
};

/* A call between its entry and its return. */
struct call {
	u64 id;    /* thread and process; 0: the place is free */
	u64 frame; /* the stack pointer, or the goroutine */
	u64 address, buffer;
	union {
		u64 length_at; /* where the length will be */
		u64 left;      /* at the return: what is not sent yet */
	};
	u64 start_ns;
	u64 conn; /* 0: no connection was known at entry. Stays after the return, with the index: last_of() */
	u32 index;
	u32 cookie;
};

#define VERDICT_UNKNOWN 0
#define VERDICT_WATCHED 1
#define VERDICT_IGNORED 2

struct process {
	u64 generation; /* another one after exec; unique for a process id */
	u64 verdict;
};

/* Settings by user space, and what both sides count together. */
struct state {
	u64 wake_bytes;       /* wake the reader when so many wait */
	u64 ignore_unknown;   /* a process without verdict is not captured */
	u64 max_connections;
	u64 pidns_device, pidns_inode; /* 0: process ids as the machine's first namespace counts them */
	u64 next_conn;
	u64 next_index; /* places of the table that were ever used */
	u64 attention;  /* advanced with each CONNECTION_LOST and CONNECTION_CLOSED */
	u64 rescan;     /* advanced when an exec could not be told */
	u64 has_big_chunks; /* the ring has room for some */
};

/* One for each processor; the order is that of src/kernel/counters.rs. */
struct counters {
	u64 records, bytes;
	u64 ring_full_records, ring_full_bytes;
	u64 fault_records, fault_bytes;
	u64 truncated_bytes;
	u64 ignored_calls, ignored_bytes;
	u64 filtered_calls;
	u64 connections_full_calls, connections_full_bytes;
	u64 calls_full;
	u64 processes_full;
	u64 length_faults;
	u64 unmatched_returns;
};

#define MAX_CONNECTIONS 65536
#define THREAD_CALLS 16384 /* a power of two */

#endif
