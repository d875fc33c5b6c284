// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel side of the capture: probes on the read and write functions of TLS libraries copy what went through into
 * a ring buffer. `cargo xtask bpf` makes sidetone.bpf.o of it.
 *
 * What holds everywhere:
 * - A connection's two streams have offsets that advance also for bytes that could not be sent, so that a jump in the
 *   offsets of its records is exactly what was lost. The final offsets survive in the table when the record of the
 *   close is lost too.
 * - Each byte that is not sent is counted by cause.
 * - No kernel type is used, so nothing depends on the running kernel's layout. Floor: Linux 5.15 (ring buffer 5.8,
 *   atomics 5.12, attach cookies 5.15).
 */
#include "helpers.h"
#include "registers.h"
#include "record.h"

#define MAP(name, t, k, v, n, f) \
	struct map_definition name SEC("maps") = { .type = t, .key_size = k, .value_size = v, .max_entries = n, .flags = f }

struct connection_key {
	u64 address;
	u32 tgid, unused;
};

struct call_key {
	u64 id, frame;
};

MAP(ring, BPF_MAP_TYPE_RINGBUF, 0, 0, 32 << 20, 0);
MAP(state, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct state), 1, BPF_F_MMAPABLE);
MAP(counters, BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct counters), 1, 0);
MAP(processes, BPF_MAP_TYPE_HASH, 4, sizeof(struct process), 65536, 0);
/* (process, address) → the place in `connections`; places that user space gave back are in `free_places`. */
MAP(places, BPF_MAP_TYPE_HASH, sizeof(struct connection_key), 4, MAX_CONNECTIONS, 0);
MAP(connections, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct connection), MAX_CONNECTIONS, BPF_F_MMAPABLE);
MAP(free_places, BPF_MAP_TYPE_QUEUE, 0, 4, MAX_CONNECTIONS, 0);
/* Calls under way: one place a thread (an array: a look-up is two instructions), and the rest in a hash: nested calls,
 * threads whose places collide, goroutines. */
MAP(thread_calls, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct call), THREAD_CALLS, BPF_F_MMAPABLE);
MAP(other_calls, BPF_MAP_TYPE_HASH, sizeof(struct call_key), sizeof(struct call), 16384, 0);

/* Bits of the attach cookie: src/probe.rs. */
#define COOKIE_WRITE 1
#define COOKIE_LENGTH_BY_POINTER 2
#define COOKIE_LENGTH_BY_FIFTH 4
#define COOKIE_RUST_PAYLOAD 8
#define COOKIE_RUST_CHUNKS 16
#define COOKIE_GO_SPILLED 32
#define COOKIE_TELLS_END 64
#define COOKIE_SLICES (1u << 30) /* ours, in a call under way: the buffer is an array of slices */
#define COOKIE_LOST (1u << 31) /* ours, in a call under way: bytes of it could not be sent */
#define COOKIE_RUNTIME(cookie) ((u8)((cookie) >> 8))
#define COOKIE_DELTA(cookie) ((s64)(s32)((cookie) >> 32))
/* Of an announcement: the register of its argument i. */
#define COOKIE_REGISTER(cookie, i) ((cookie) >> (16 + 4 * (i)) & 15)

#define add(where, n) __sync_fetch_and_add(&(where), n)

INLINE struct state *the_state(void)
{
	u32 zero = 0;
	return map_lookup(&state, &zero);
}

/* Programs can be preempted by others on the same processor: hence atomic. */
#define COUNT(field, n)                                          \
	do {                                                     \
		u32 zero_ = 0;                                   \
		struct counters *c_ = map_lookup(&counters, &zero_); \
		if (c_)                                          \
			add(c_->field, n);                       \
	} while (0)

#define COUNT2(field, n, other, m)                               \
	do {                                                     \
		u32 zero_ = 0;                                   \
		struct counters *c_ = map_lookup(&counters, &zero_); \
		if (c_) {                                        \
			add(c_->field, n);                       \
			add(c_->other, m);                       \
		}                                                \
	} while (0)

/* (tgid << 32 | tid) as user space counts them, or 0: a process of a namespace that it can't see. */
INLINE u64 current_id(struct state *s)
{
	if (unlikely(s->pidns_inode)) {
		struct bpf_pidns_info here = {};
		if (current_pid_tgid_in(s->pidns_device, s->pidns_inode, &here, sizeof(here)))
			return 0;
		return (u64)here.tgid << 32 | here.pid;
	}
	return current_pid_tgid();
}

/* The generation of the process, or 0 when it is not to be captured. */
INLINE u64 generation_of(struct state *s, u32 tgid)
{
	struct process *p = map_lookup(&processes, &tgid);
	if (!p) {
		if (s->ignore_unknown)
			return 0;
		struct process new = { .generation = monotonic_ns(), .verdict = VERDICT_UNKNOWN };
		map_update(&processes, &tgid, &new, BPF_NOEXIST);
		p = map_lookup(&processes, &tgid);
		if (!p) {
			COUNT(processes_full, 1);
			return 0;
		}
	}
	if (p->verdict == VERDICT_IGNORED || (p->verdict == VERDICT_UNKNOWN && s->ignore_unknown))
		return 0;
	return p->generation;
}

/* ── connections ── */

INLINE struct connection *find(u64 address, u32 tgid, u64 generation, u32 *index)
{
	struct connection_key key = { .address = address, .tgid = tgid };
	u32 *place = map_lookup(&places, &key);
	if (!place)
		return 0;
	*index = *place;
	struct connection *c = map_lookup(&connections, index);
	/* After exec, or for a process id that is used again, the same address is another connection. */
	return c && c->process == generation ? c : 0;
}

INLINE struct connection *create(struct state *s, u64 address, u32 tgid, u64 generation, u32 flags, u32 *index)
{
	struct connection_key key = { .address = address, .tgid = tgid };
	u32 place = 0;
	if (map_pop(&free_places, &place)) {
		u64 next = add(s->next_index, 1);
		if (next >= s->max_connections)
			return 0;
		place = next;
	}
	*index = place;
	struct connection *c = map_lookup(&connections, index);
	if (!c)
		return 0;
	c->address = address;
	c->process = generation;
	c->read = c->written = c->read_sent = c->written_sent = 0;
	c->tgid = tgid;
	c->flags = flags;
	/* A place of an earlier process may still hold the key; one of this process was made by another thread just now. */
	u32 *old = map_lookup(&places, &key);
	struct connection *other = old ? map_lookup(&connections, old) : 0;
	if (other && other->process == generation && other->conn) {
		map_push(&free_places, index, 0);
		*index = *old;
		return other;
	}
	if (map_update(&places, &key, index, old ? BPF_ANY : BPF_NOEXIST)) {
		map_push(&free_places, index, 0);
		return find(address, tgid, generation, index);
	}
	c->conn = add(s->next_conn, 1) + 1;
	return c;
}

/* Tells user space that the table holds something that the ring does not. */
INLINE void flag(struct state *s, struct connection *c, u32 bits)
{
	__sync_fetch_and_or(&c->flags, bits);
	add(s->attention, 1);
}

/* ── records ── */

/* Waking the reader costs more than all the rest: only when much waits; it looks by itself every few milliseconds. */
INLINE u64 wake(struct state *s)
{
	return ring_query(&ring, BPF_RB_AVAIL_DATA) > s->wake_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

INLINE void fill(struct record *r, u64 id, u8 kind)
{
	r->kind = kind;
	r->flags = 0;
	r->runtime = 0;
	r->tgid = id >> 32;
	r->tid = (u32)id;
	r->uid = (u32)current_uid_gid();
	r->cgroup = current_cgroup();
	r->length = 0;
	r->index = 0;
	r->value = 0;
	current_comm(r->comm, sizeof(r->comm));
}

INLINE void fill_connection(struct record *r, struct connection *c, u32 index)
{
	r->conn = c->conn;
	r->address = c->address;
	r->index = index;
	u32 flags = c->flags;
	if (flags & CONNECTION_FROM_START)
		r->flags |= RECORD_FROM_START;
	if (!(flags & CONNECTION_SENT)) {
		r->flags |= RECORD_FIRST;
		__sync_fetch_and_or(&c->flags, CONNECTION_SENT);
	}
}

/* A record without bytes of a stream, with room for a payload; of no connection when `c` is 0. */
INLINE struct record *reserve(u64 id, u8 kind, u64 room, struct connection *c, u32 index, u64 cookie)
{
	struct record *r = ring_reserve(&ring, sizeof(struct record) + room, 0);
	if (!r) {
		COUNT(ring_full_records, 1);
		return 0;
	}
	fill(r, id, kind);
	r->conn = r->address = 0;
	if (c)
		fill_connection(r, c, index);
	r->start_ns = r->end_ns = monotonic_ns();
	r->offset = r->call_bytes = 0;
	r->runtime = COOKIE_RUNTIME(cookie);
	return r;
}

/* What a call moved, on its way into the ring. */
struct piece {
	struct state *s;
	struct connection *c;
	struct call *call;
	u64 id, offset, call_bytes, start_ns, end_ns;
	u32 index;
};

/* One record of at most `room` bytes. The length is clamped in assembly: the compiler would test another copy of it.
 * That bytes were lost is kept in the call, where the verifier doesn't follow it: two values a chunk would be 2^256 ways. */
#define SEND(p, n, room)                                                                    \
	do {                                                                                \
		u64 n_ = (n);                                                               \
		struct record *r_ = ring_reserve(&ring, sizeof(struct record) + (room), 0); \
		if (!r_) {                                                                  \
			(p)->call->cookie |= COOKIE_LOST;                                   \
			COUNT2(ring_full_records, 1, ring_full_bytes, n_);                  \
			break;                                                              \
		}                                                                           \
		asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(n_) : "i"(room));        \
		if (read_user(r_ + 1, n_, (void *)(p)->call->buffer)) {                           \
			ring_discard(r_, BPF_RB_NO_WAKEUP);                                 \
			(p)->call->cookie |= COOKIE_LOST;                                   \
			COUNT2(fault_records, 1, fault_bytes, n_);                          \
			break;                                                              \
		}                                                                           \
		fill(r_, (p)->id, KIND_DATA);                                               \
		fill_connection(r_, (p)->c, (p)->index);                                    \
		r_->start_ns = (p)->start_ns;                                               \
		r_->end_ns = (p)->end_ns;                                                   \
		r_->offset = (p)->offset;                                                   \
		r_->call_bytes = (p)->call_bytes;                                           \
		r_->length = n_;                                                            \
		r_->flags |= (p)->call->cookie & COOKIE_WRITE;                              \
		r_->runtime = COOKIE_RUNTIME((p)->call->cookie);                            \
		ring_submit(r_, wake((p)->s));                                              \
		COUNT2(records, 1, bytes, n_);                                              \
	} while (0)

#define CHUNK (64 << 10)
#define MAX_CHUNKS 16
#define BIG_CHUNK (1 << 20)
#define MAX_BIG_CHUNKS 32

/* At most CHUNK bytes, in the smallest record that holds them: the ring reserves constant sizes only. */
INLINE void send_one(struct piece *p, u64 n)
{
	if (n > 16384) {
		SEND(p, n, CHUNK);
	} else if (n > 4096) {
		SEND(p, n, 16384);
	} else if (n > 1024) {
		SEND(p, n, 4096);
	} else if (n > 256) {
		SEND(p, n, 1024);
	} else if (n) {
		SEND(p, n, 256);
	}
}

/* Sends `size` bytes in one record when so many are left. The cursor is in the call, where the verifier doesn't follow it:
 * what it knew of each turn of a loop would make the turns ways of their own. */
#define SEND_CHUNK(p, size)                         \
	({                                          \
		struct call *call_ = (p)->call;     \
		int is_sent_ = 0;                   \
		if (call_->left >= (size)) {        \
			SEND(p, size, size);        \
			call_->buffer += (size);    \
			call_->left -= (size);      \
			(p)->offset += (size);      \
			is_sent_ = 1;               \
		}                                   \
		is_sent_;                           \
	})

/* The bytes of one call: whole chunks, then what remains. Up to 33 MiB a call; what is beyond is counted as truncated and shows as a gap. More turns of a
 * bounded loop are more for the verifier to walk. A small ring has no room for big chunks. */
INLINE void send_bytes(struct piece *p)
{
	struct call *call = p->call;
	if (call->left >= CHUNK) {
		if (p->s->has_big_chunks)
			for (u32 i = 0; i < MAX_BIG_CHUNKS && SEND_CHUNK(p, BIG_CHUNK); i++)
				;
		for (u32 i = 0; i < MAX_CHUNKS && SEND_CHUNK(p, CHUNK); i++)
			;
	}
	u64 n = call->left;
	if (n >= CHUNK) {
		call->cookie |= COOKIE_LOST;
		COUNT(truncated_bytes, n);
	} else {
		send_one(p, n);
	}
}

/* rustls writes up to 16 slices at once: an array of (pointer, length), of which the bytes from `skip` on were taken. */
#define MAX_SLICES 16
/* 16 slices, and 128 KiB more: rustls takes 64 KiB at once by itself. */
#define MAX_STEPS 18

struct slice {
	u64 at, length;
};

/* The cursor over slices is in the call again; these of its fields have done their duty. */
#define NEXT_SLICE(call) ((call)->frame)
#define SLICES_LEFT(call) ((call)->start_ns)
#define BYTES_LEFT(call) ((call)->address)

/* Takes the next slice without its first `skip` bytes; says how many are still to be skipped, or -1. */
INLINE s64 next_slice(struct call *call, u64 skip)
{
	struct slice slice = {};
	if (!SLICES_LEFT(call) || read_user(&slice, sizeof(slice), (void *)NEXT_SLICE(call)))
		return -1;
	SLICES_LEFT(call)--;
	NEXT_SLICE(call) += sizeof(slice);
	u64 cut = skip < slice.length ? skip : slice.length;
	slice.length -= cut;
	call->buffer = slice.at + cut;
	call->left = slice.length < BYTES_LEFT(call) ? slice.length : BYTES_LEFT(call);
	return skip - cut;
}

INLINE void send_slices(struct piece *p, u64 n)
{
	struct call *call = p->call;
	s64 skip = call->length_at;
	NEXT_SLICE(call) = call->buffer & ((1ull << 48) - 1);
	SLICES_LEFT(call) = call->buffer >> 48;
	BYTES_LEFT(call) = n;
	call->left = 0;
	for (u32 i = 0; i < MAX_SLICES && skip > 0; i++)
		skip = next_slice(call, skip);
	if (skip == 0) {
		for (u32 i = 0; i < MAX_STEPS && BYTES_LEFT(call); i++) {
			if (!call->left && next_slice(call, 0))
				break;
			u64 now = call->left;
			if (now > CHUNK)
				now = CHUNK;
			/* Fewer sizes than elsewhere: each is walked at each step. */
			if (now > 16384)
				SEND(p, now, CHUNK);
			else if (now > 1024)
				SEND(p, now, 16384);
			else if (now)
				SEND(p, now, 1024);
			now = call->left < CHUNK ? call->left : CHUNK;
			call->buffer += now;
			call->left -= now;
			BYTES_LEFT(call) -= now;
			p->offset += now;
		}
	}
	if (BYTES_LEFT(call)) {
		call->cookie |= COOKIE_LOST;
		COUNT(truncated_bytes, BYTES_LEFT(call));
	}
}

/* ── a call's two ends ── */

INLINE u32 place_of(u64 id)
{
	return (u32)id & (THREAD_CALLS - 1);
}

/* The connection of the last call in a thread's place, when this call is on it too: that spares two look-ups in hashes. */
INLINE struct connection *last_of(struct call *place, u64 address, u32 tgid, u32 *index)
{
	*index = place->index;
	struct connection *c = map_lookup(&connections, index);
	if (!c || c->conn != place->conn || !c->conn || c->address != address || c->tgid != tgid)
		return 0;
	return c->flags & (CONNECTION_CLOSED | CONNECTION_OVER | CONNECTION_REAPED | CONNECTION_FILTERED) ? 0 : c;
}

/* Goroutines change threads, and their stacks move. A call inside a call (TLS through a TLS proxy) is at depth 1. */
#define GO_DEPTH_BIT (1ull << 31)

INLINE int put_elsewhere(struct call *call, int by_thread)
{
	struct call_key key = { .id = call->id, .frame = call->frame };
	long failed;
	if (by_thread) {
		failed = map_update(&other_calls, &key, call, BPF_ANY);
	} else {
		/* A probe behind the check of the stack's size fires again when the stack was moved: the same call. */
		key.id = call->id >> 32;
		struct call *outer = map_lookup(&other_calls, &key);
		if (outer && outer->address != call->address)
			key.id |= GO_DEPTH_BIT;
		failed = map_update(&other_calls, &key, call, BPF_ANY);
	}
	if (failed)
		COUNT(calls_full, 1);
	return failed ? 1 : 0;
}

/* Returns 1 when there is nothing to see at the return. `written`: for a session, what a write was asked to send. */
INLINE int enter(struct state *s, u64 id, u64 frame, int by_thread, u64 address, u64 buffer, u64 length_at, u64 cookie,
		 u64 written)
{
	u32 tgid = id >> 32, index = 0, place = place_of(id);
	struct call *own = by_thread ? map_lookup(&thread_calls, &place) : 0;
	struct connection *c = own ? last_of(own, address, tgid, &index) : 0;
	if (!c) {
		u64 generation = id ? generation_of(s, tgid) : 0;
		if (!generation) {
			COUNT(filtered_calls, 1);
			return 1;
		}
		index = 0;
		c = find(address, tgid, generation, &index);
	}
	u64 conn = c ? c->conn : 0, start_ns = 0;
	if (!c || !(c->flags & CONNECTION_IGNORED)) {
		start_ns = monotonic_ns();
	} else if (written) {
		/* The return, which can be spared, is half of what a probe costs. */
		COUNT2(ignored_calls, 1, ignored_bytes, written);
		add(c->written, written);
		return 1;
	}
	/* The thread's own place, unless another thread's call or an outer one of this thread is there. */
	if (own && ((own->id == id && own->frame == frame) ||
		    (own->id == 0 && __sync_val_compare_and_swap(&own->id, 0, id) == 0))) {
		own->frame = frame;
		own->address = address;
		own->buffer = buffer;
		own->length_at = length_at;
		own->start_ns = start_ns;
		own->conn = conn;
		own->index = index;
		own->cookie = (u32)cookie;
		return 0;
	}
	struct call call = { .id = id, .frame = frame, .address = address, .buffer = buffer, .length_at = length_at };
	call.start_ns = start_ns;
	call.conn = conn;
	call.index = index;
	call.cookie = (u32)cookie;
	return put_elsewhere(&call, by_thread);
}

INLINE void moved(struct state *s, struct call *call, u64 id, u64 n, int is_rust)
{
	u32 tgid = id >> 32, index = call->index;
	u32 writes = call->cookie & COOKIE_WRITE;
	struct connection *c = 0;
	if (call->conn) {
		c = map_lookup(&connections, &index);
		if (c && c->conn != call->conn)
			c = 0;
	}
	if (!call->start_ns) {
		COUNT2(ignored_calls, 1, ignored_bytes, n);
		if (c && writes)
			add(c->written, n);
		else if (c)
			add(c->read, n);
		return;
	}
	if (!n)
		return;
	if (!c) {
		u64 generation = generation_of(s, tgid);
		if (!generation)
			return;
		c = find(call->address, tgid, generation, &index);
		if (!c)
			c = create(s, call->address, tgid, generation, 0, &index);
		if (!c) {
			COUNT2(connections_full_calls, 1, connections_full_bytes, n);
			return;
		}
		call->conn = c->conn;
		call->index = index;
	}
	struct piece p = { .s = s, .c = c, .call = call, .id = id, .call_bytes = n, .index = index };
	p.start_ns = call->start_ns;
	p.end_ns = monotonic_ns();
	p.offset = writes ? add(c->written, n) : add(c->read, n);
	if (is_rust && call->cookie & COOKIE_SLICES) {
		send_slices(&p, n);
	} else {
		call->left = n;
		send_bytes(&p);
	}
	if (writes)
		add(c->written_sent, n);
	else
		add(c->read_sent, n);
	if (unlikely(call->cookie & COOKIE_LOST))
		flag(s, c, CONNECTION_LOST);
}

/* What GnuTLS returns where a connection ends without the other side's word. */
#define GNUTLS_E_PREMATURE_TERMINATION -110

/* The other side has ended the connection, and the process knows. */
INLINE void ended(struct state *s, struct call *call, u64 id)
{
	u32 tgid = id >> 32, index = 0;
	struct process *p = map_lookup(&processes, &tgid);
	struct connection *c = p ? find(call->address, tgid, p->generation, &index) : 0;
	if (c)
		__sync_fetch_and_or(&c->flags, CONNECTION_ENDED);
}

/* `frame` 0: any call of this thread. */
INLINE int leave(struct state *s, u64 id, u64 frame, int by_thread, s64 result, int is_rust)
{
	struct call_key key = { .id = id, .frame = frame };
	struct call *call = 0;
	int own = 0;
	if (by_thread) {
		u32 place = place_of(id);
		call = map_lookup(&thread_calls, &place);
		own = call && call->id == id && (!frame || call->frame == frame);
	} else {
		key.id = id >> 32 | GO_DEPTH_BIT;
		call = map_lookup(&other_calls, &key);
		if (!call)
			key.id = id >> 32;
	}
	if (!own && (by_thread || !call))
		call = map_lookup(&other_calls, &key);
	if (!call)
		return 0; /* it began before the probes came, or is not to be captured */
	u64 n = result > 0 ? result : 0;
	if (n && call->cookie & COOKIE_LENGTH_BY_POINTER) {
		n = 0;
		if (read_user(&n, sizeof(n), (void *)call->length_at))
			COUNT(length_faults, 1);
	}
	if (call->cookie & COOKIE_TELLS_END && (!result || result == GNUTLS_E_PREMATURE_TERMINATION))
		ended(s, call, id);
	moved(s, call, id, n, is_rust);
	if (own)
		call->id = 0;
	else
		map_delete(&other_calls, &key);
	return 0;
}

/* ── C libraries ── */

INLINE int c_entry(struct registers *ctx, int is_session)
{
	struct state *s = the_state();
	if (!s)
		return 1;
	u64 cookie = attach_cookie(ctx), length_at = 0;
	if (cookie & COOKIE_LENGTH_BY_POINTER)
		length_at = cookie & COOKIE_LENGTH_BY_FIFTH ? READ(ARGUMENT5(ctx)) : READ(ARGUMENT4(ctx));
	return enter(s, current_id(s), FRAME_AT_ENTRY(ctx), 1, ARGUMENT1(ctx) + COOKIE_DELTA(cookie), ARGUMENT2(ctx),
		     length_at, cookie, is_session && cookie & COOKIE_WRITE ? (u32)ARGUMENT3(ctx) : 0);
}

INLINE int c_return(struct registers *ctx, u64 frame)
{
	struct state *s = the_state();
	return s ? leave(s, current_id(s), frame, 1, (s32)RESULT(ctx), 0) : 0;
}

SEC("uprobe/call_entry") int call_entry(struct registers *ctx)
{
	c_entry(ctx, 0);
	return 0;
}

SEC("uprobe/call_return") int call_return(struct registers *ctx)
{
	return c_return(ctx, FRAME_AT_RETURN(ctx));
}

SEC("uprobe/call_exit") int call_exit(struct registers *ctx)
{
	return c_return(ctx, 0);
}

/* Both ends in one program (uprobe sessions, Linux 6.13). A 1 at entry spares the return. */
SEC("uprobe/call_session") int call_session(struct registers *ctx)
{
	if (probed_address(ctx) == ADDRESS(ctx))
		return c_entry(ctx, 1) ? 1 : 0;
	return c_return(ctx, FRAME_AT_RETURN(ctx));
}

/* ── rustls: methods of its CommonState, the first argument, through which each byte goes once ── */

/*
 * A connection of rustls may be moved in memory, mostly between its handshake, with which the first bytes of the other
 * side may come, and its use. What stays where it is are the boxes that its state points to: those of its keys. They
 * are told when an address is new, and when one is dropped at which no byte went through; user space compares them.
 *
 * A pointer to a box of a trait is two words: the box, and a table of functions, which is in the program's file and
 * begins with the destructor (or 0), the size and the alignment of what is in the box.
 */
#define STATE_WORDS 128
#define MAX_BOXES 4
/* Nearer to a program's code is the program's own: what many connections share. */
#define PROGRAM_BYTES (512 << 20)

struct boxes {
	u64 at[MAX_BOXES];
};

INLINE u64 distance(u64 a, u64 b)
{
	return a > b ? a - b : b - a;
}

INLINE int is_box(u64 box, u64 table, u64 code)
{
	u64 words[4] = {};
	if (!box || box >> 47 || (box | table) & 7 || distance(table, code) > PROGRAM_BYTES || distance(box, code) <= PROGRAM_BYTES)
		return 0;
	if (read_user(words, sizeof(words), (void *)table))
		return 0;
	return (!words[0] || distance(words[0], code) <= PROGRAM_BYTES) && words[1] && words[1] < 1 << 20 && words[2] &&
	       words[2] <= 64 && distance(words[3], code) <= PROGRAM_BYTES;
}

INLINE void tell_boxes(struct state *s, u64 id, u64 address, u64 code, struct connection *c, u32 index)
{
	struct record *r = reserve(id, KIND_BOXES, sizeof(struct boxes), c, index, 0);
	if (!r)
		return;
	r->address = address;
	r->length = sizeof(struct boxes);
	struct boxes *boxes = (void *)(r + 1);
	__builtin_memset(boxes, 0, sizeof(*boxes));
	/* How many were found is in the record, where the verifier doesn't follow it: it would walk the loop once for each. */
	for (u32 i = 0; i < STATE_WORDS; i++) {
		u64 pair[2] = {};
		if (read_user(pair, sizeof(pair), (void *)(address + i * sizeof(u64))))
			break;
		if (!is_box(pair[0], pair[1], code))
			continue;
		/* The first ones are the state's own. What follows it may be what earlier calls left on the stack. */
		boxes->at[r->value & (MAX_BOXES - 1)] = pair[0];
		if (++r->value == MAX_BOXES)
			break;
	}
	ring_submit(r, wake(s));
}

/* What is at a new address may be a connection that was at another one before. */
INLINE void arrived(struct state *s, u64 id, u64 address, u64 code)
{
	u32 tgid = id >> 32, index = 0, place = place_of(id);
	struct call *own = map_lookup(&thread_calls, &place);
	if (own && last_of(own, address, tgid, &index))
		return;
	u64 generation = id ? generation_of(s, tgid) : 0;
	if (!generation || find(address, tgid, generation, &index))
		return;
	struct connection *c = create(s, address, tgid, generation, 0, &index);
	if (c)
		tell_boxes(s, id, address, code, c, index);
}

SEC("uprobe/rust_entry") int rust_entry(struct registers *ctx)
{
	struct state *s = the_state();
	u64 cookie = attach_cookie(ctx), words[4] = {};
	if (!s || read_user(words, sizeof(words), (void *)ARGUMENT2(ctx)))
		return 0;
	u64 id = current_id(s), frame = FRAME_AT_ENTRY(ctx), address = ARGUMENT1(ctx) + COOKIE_DELTA(cookie);
	arrived(s, id, address, ADDRESS(ctx));
	if (cookie & COOKIE_RUST_PAYLOAD) {
		/* take_received_plaintext(Payload { _, pointer, length }): all of it is there and counts. */
		if (!enter(s, id, frame, 1, address, words[1], 0, cookie, 0))
			leave(s, id, frame, 1, words[2], 0);
		return 0;
	}
	/* buffer_plaintext(OutboundChunks): one slice (0, pointer, length), or (array, slices, start, end). */
	u32 flags = (u32)cookie & ~(COOKIE_SLICES | COOKIE_LOST);
	u64 buffer = words[1], skip = 0;
	if (words[0]) {
		u64 slices = words[1] < MAX_SLICES ? words[1] : MAX_SLICES;
		buffer = words[0] | slices << 48;
		skip = words[2];
		flags |= COOKIE_SLICES;
	}
	enter(s, id, frame, 1, address, buffer, skip, flags, 0);
	return 0;
}

SEC("uprobe/rust_return") int rust_return(struct registers *ctx)
{
	struct state *s = the_state();
	return s ? leave(s, current_id(s), FRAME_AT_RETURN(ctx), 1, RESULT(ctx), 1) : 0;
}

/* ── Go ── */

SEC("uprobe/go_entry") int go_entry(struct registers *ctx)
{
	struct state *s = the_state();
	u64 cookie = attach_cookie(ctx);
	if (s)
		enter(s, current_id(s), GO_GOROUTINE(ctx), 0, GO_ARGUMENT1(ctx), GO_ARGUMENT2(ctx), 0, cookie, 0);
	return 0;
}

/* A read that waits when the probes come has passed the entry: its arguments are where the function put them, above the
 * return address. Without this the first answer on each open connection would go by unseen: a Go program always reads. */
INLINE void enter_late(struct state *s, u64 id, struct registers *ctx, u64 cookie)
{
	struct call_key key = { .id = id >> 32, .frame = GO_GOROUTINE(ctx) };
	u64 arguments[2] = {};
	if (!map_lookup(&other_calls, &key) && !read_user(arguments, sizeof(arguments), (void *)GO_SPILLED(ctx)))
		enter(s, id, key.frame, 0, arguments[0], arguments[1], 0, cookie, 0);
}

SEC("uprobe/go_exit") int go_exit(struct registers *ctx)
{
	struct state *s = the_state();
	if (!s)
		return 0;
	u64 id = current_id(s), cookie = attach_cookie(ctx);
	s64 moved_bytes = GO_RESULT(ctx);
	if (cookie & COOKIE_GO_SPILLED && moved_bytes > 0)
		enter_late(s, id, ctx, cookie);
	return leave(s, id, GO_GOROUTINE(ctx), 0, moved_bytes, 0);
}

/* ── a connection's beginning and end ── */

INLINE void close_connection(struct state *s, u64 id, struct connection *c, u32 index, s32 reason)
{
	struct connection_key key = { .address = c->address, .tgid = c->tgid };
	__sync_fetch_and_or(&c->flags, CONNECTION_OVER);
	map_delete(&places, &key);
	struct record *r = reserve(id, KIND_CLOSE, 0, c, index, 0);
	if (!r) {
		flag(s, c, CONNECTION_CLOSED | (reason == CLOSE_RENAMED ? CONNECTION_RENAMED : 0));
		return;
	}
	if (c->flags & CONNECTION_ENDED)
		r->flags |= RECORD_ENDED;
	r->offset = c->read;
	r->call_bytes = c->written;
	r->value = reason;
	ring_submit(r, wake(s));
}

/* `code`: for a connection that may have been moved, where the program's code is. */
INLINE int closed(u64 address, u64 code)
{
	struct state *s = the_state();
	if (!s)
		return 0;
	u64 id = current_id(s);
	u32 tgid = id >> 32, index = 0;
	struct process *p = map_lookup(&processes, &tgid);
	if (!p)
		return 0;
	struct connection *c = find(address, tgid, p->generation, &index);
	if (c && c->flags >= CONNECTION_OWNER)
		add(c->flags, -CONNECTION_OWNER);
	else if (c)
		close_connection(s, id, c, index, CLOSE_FREED);
	else if (code && p->verdict != VERDICT_IGNORED)
		tell_boxes(s, id, address, code, 0, 0);
	return 0;
}

/* Before the first byte: the connection is known from its start. */
INLINE struct connection *opened(struct state *s, u64 id, u64 address, int is_named, u32 *index)
{
	u32 tgid = id >> 32;
	u64 generation = id ? generation_of(s, tgid) : 0;
	if (!generation)
		return 0;
	struct connection *c = find(address, tgid, generation, index);
	u32 flags = CONNECTION_FROM_START;
	if (c && is_named && (c->read || c->written || c->flags & CONNECTION_IGNORED)) {
		flags |= c->flags & -CONNECTION_OWNER;
		close_connection(s, id, c, *index, CLOSE_RENAMED);
		c = 0;
	}
	if (!c)
		c = create(s, address, tgid, generation, flags, index);
	else if (!c->read && !c->written)
		__sync_fetch_and_or(&c->flags, CONNECTION_FROM_START);
	if (!c)
		COUNT(connections_full_calls, 1);
	return c;
}

#define MAX_NAME 256

INLINE int named(u64 address, u64 name, u64 length, u64 cookie)
{
	struct state *s = the_state();
	if (!s || !name)
		return 0;
	u64 id = current_id(s);
	u32 index = 0;
	struct connection *c = opened(s, id, address, 1, &index);
	if (!c)
		return 0;
	struct record *r = reserve(id, KIND_NAME, MAX_NAME, c, index, cookie);
	if (!r)
		return 0;
	/* A name with a length need not end with a NUL, but may: then it ends there. */
	long n = read_user_string(r + 1, MAX_NAME, (void *)name);
	n = n > 0 ? n - 1 : 0;
	r->length = length && length < (u64)n ? length : n;
	ring_submit(r, wake(s));
	return 0;
}

SEC("uprobe/conn_free") int conn_free(struct registers *ctx)
{
	return closed(ARGUMENT1(ctx) + COOKIE_DELTA(attach_cookie(ctx)), 0);
}

/* Somebody else owns it too: it is freed by the last one. */
SEC("uprobe/conn_keep") int conn_keep(struct registers *ctx)
{
	struct state *s = the_state();
	if (!s)
		return 0;
	u64 id = current_id(s), generation = id ? generation_of(s, id >> 32) : 0;
	u32 index = 0;
	if (!generation)
		return 0;
	struct connection *c = find(ARGUMENT1(ctx), id >> 32, generation, &index);
	if (!c)
		c = create(s, ARGUMENT1(ctx), id >> 32, generation, 0, &index);
	if (c)
		add(c->flags, CONNECTION_OWNER);
	return 0;
}

SEC("uprobe/rust_free") int rust_free(struct registers *ctx)
{
	return closed(ARGUMENT1(ctx) + COOKIE_DELTA(attach_cookie(ctx)), ADDRESS(ctx));
}

SEC("uprobe/go_close") int go_close(struct registers *ctx)
{
	return closed(GO_ARGUMENT1(ctx), 0);
}

INLINE int open_at(u64 address)
{
	struct state *s = the_state();
	u32 index = 0;
	if (s)
		opened(s, current_id(s), address, 0, &index);
	return 0;
}

SEC("uprobe/conn_open") int conn_open(struct registers *ctx)
{
	return open_at(ARGUMENT1(ctx) + COOKIE_DELTA(attach_cookie(ctx)));
}

SEC("uprobe/go_open") int go_open(struct registers *ctx)
{
	return open_at(GO_ARGUMENT1(ctx));
}

SEC("uprobe/conn_control") int conn_control(struct registers *ctx)
{
	if ((u32)ARGUMENT2(ctx) != 55) /* SSL_CTRL_SET_TLSEXT_HOSTNAME */
		return 0;
	return named(ARGUMENT1(ctx), ARGUMENT4(ctx), 0, attach_cookie(ctx));
}

SEC("uprobe/conn_name") int conn_name(struct registers *ctx)
{
	return named(ARGUMENT1(ctx), ARGUMENT2(ctx), 0, attach_cookie(ctx));
}

SEC("uprobe/gnu_name") int gnu_name(struct registers *ctx)
{
	return named(ARGUMENT1(ctx), ARGUMENT3(ctx), ARGUMENT4(ctx), attach_cookie(ctx));
}

SEC("uprobe/conn_fd") int conn_fd(struct registers *ctx)
{
	struct state *s = the_state();
	if (!s)
		return 0;
	u64 id = current_id(s);
	u32 index = 0;
	struct connection *c = opened(s, id, ARGUMENT1(ctx), 0, &index);
	if (!c)
		return 0;
	struct record *r = reserve(id, KIND_FD, 0, c, index, attach_cookie(ctx));
	if (!r)
		return 0;
	r->value = (s32)ARGUMENT2(ctx);
	ring_submit(r, wake(s));
	return 0;
}

/* ── beside connections ── */

/* What the USDT probe `sidetone:call` gives: ids without a name are all zeros, strings end at the first NUL. */
struct announcement {
	u8 trace_id[16], span_id[8];
	u64 start;
	char response_id[128], request_id[128];
};

/* A program that reports its own calls says so of each: two ids, two strings, the start. */
SEC("uprobe/announce") int announce(struct registers *ctx)
{
	struct state *s = the_state();
	if (!s)
		return 0;
	u64 id = current_id(s), cookie = attach_cookie(ctx);
	if (!id || !generation_of(s, id >> 32))
		return 0;
	struct record *r = reserve(id, KIND_ANNOUNCE, sizeof(struct announcement), 0, 0, 0);
	if (!r)
		return 0;
	struct announcement *a = (void *)(r + 1);
	/* What the ring held before must not be taken for a part of a string. */
	__builtin_memset(a, 0, sizeof(*a));
	read_user(a->trace_id, sizeof(a->trace_id), (void *)register_by_number(ctx, COOKIE_REGISTER(cookie, 0)));
	read_user(a->span_id, sizeof(a->span_id), (void *)register_by_number(ctx, COOKIE_REGISTER(cookie, 1)));
	read_user_string(a->response_id, sizeof(a->response_id),
			 (void *)register_by_number(ctx, COOKIE_REGISTER(cookie, 2)));
	read_user_string(a->request_id, sizeof(a->request_id),
			 (void *)register_by_number(ctx, COOKIE_REGISTER(cookie, 3)));
	a->start = register_by_number(ctx, COOKIE_REGISTER(cookie, 4));
	r->call_bytes = r->length = sizeof(*a);
	ring_submit(r, wake(s));
	return 0;
}

/* Raw tracepoint sched_process_exec: what the process's addresses meant is over. */
SEC("raw_tp/process_exec") int process_exec(void *ctx)
{
	struct state *s = the_state();
	if (!s)
		return 0;
	u64 id = current_id(s);
	u32 tgid = id >> 32;
	struct process *p = map_lookup(&processes, &tgid);
	if (!p)
		return 0;
	p->generation = monotonic_ns();
	/* This thread is the only one now; its place must not lead to the last connection of the old program. */
	u32 place = place_of(id);
	struct call *own = map_lookup(&thread_calls, &place);
	if (own)
		own->conn = 0;
	struct record *r = reserve(id, KIND_EXEC, 0, 0, 0, 0);
	if (!r) {
		add(s->rescan, 1);
		return 0;
	}
	ring_submit(r, wake(s));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
