/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel offers to programs, from linux/bpf.h's numbers alone: no libbpf, no vmlinux.h. */
#ifndef SIDETONE_HELPERS_H
#define SIDETONE_HELPERS_H

#include <linux/bpf.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define unlikely(x) __builtin_expect(!!(x), 0)

/* A map: the loader of src/kernel/object.rs reads these from section "maps". */
struct map_definition {
	u32 type, key_size, value_size, max_entries, flags;
};

#define HELPER(result, name, ...) static result (*const name)(__VA_ARGS__) = (void *)
HELPER(void *, map_lookup, const void *map, const void *key) BPF_FUNC_map_lookup_elem;
HELPER(long, map_update, const void *map, const void *key, const void *value, u64 flags) BPF_FUNC_map_update_elem;
HELPER(long, map_delete, const void *map, const void *key) BPF_FUNC_map_delete_elem;
HELPER(long, map_push, const void *map, const void *value, u64 flags) BPF_FUNC_map_push_elem;
HELPER(long, map_pop, const void *map, void *value) BPF_FUNC_map_pop_elem;
HELPER(long, read_user, void *to, u32 size, const void *from) BPF_FUNC_probe_read_user;
HELPER(long, read_user_string, void *to, u32 size, const void *from) BPF_FUNC_probe_read_user_str;
HELPER(u64, monotonic_ns, void) BPF_FUNC_ktime_get_ns;
HELPER(u64, current_pid_tgid, void) BPF_FUNC_get_current_pid_tgid;
HELPER(long, current_pid_tgid_in, u64 device, u64 inode, struct bpf_pidns_info *out, u32 size)
	BPF_FUNC_get_ns_current_pid_tgid;
HELPER(u64, current_uid_gid, void) BPF_FUNC_get_current_uid_gid;
HELPER(u64, current_cgroup, void) BPF_FUNC_get_current_cgroup_id;
HELPER(long, current_comm, void *to, u32 size) BPF_FUNC_get_current_comm;
HELPER(u64, attach_cookie, void *ctx) BPF_FUNC_get_attach_cookie;
HELPER(u64, probed_address, void *ctx) BPF_FUNC_get_func_ip;
HELPER(void *, ring_reserve, void *ring, u64 size, u64 flags) BPF_FUNC_ringbuf_reserve;
HELPER(void, ring_submit, void *record, u64 flags) BPF_FUNC_ringbuf_submit;
HELPER(void, ring_discard, void *record, u64 flags) BPF_FUNC_ringbuf_discard;
HELPER(u64, ring_query, void *ring, u64 what) BPF_FUNC_ringbuf_query;

#endif
