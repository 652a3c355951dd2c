/* What spawn.c and the child that it makes, in child.c, know of each other: a request, and the room in which it is done. */
#ifndef SPAWN_H
#define SPAWN_H
#include <linux/capability.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include "layouts.h"
#include "raw.h"

#define TAG_SUM (3ull << 52) /* of the two limits that are a run's tag, see run-tag.ts */
#define NO_ID UINT32_MAX /* the one number that is no user's and no group's */
#define CAP_ALL UINT64_MAX
struct job {
	const struct head *head;
	const struct limit *limits;
	const uint64_t *affinity;
	const gid_t *groups;
	int32_t fds[REQUEST_FDS_MAX];
	int32_t cgroup;
	const char *oom;
	const char *cwd;
	uint64_t permitted, cap_add, cap_drop;
	uint64_t ignored;                /* signals, by bit signal - 1: by archon, */
	uint64_t to_ignore, to_block;    /* and by the process */
	uint64_t soft_limit;             /* of open files; 0: archon's */
	int32_t aside_end;               /* with it the child leaves archon's table of descriptors; -1: it has a copy */
	char **paths, **argv, **envp;
};

#define STACK (64 * 1024)

/*
 * What archon and one child share. What a child writes here archon does not rely on: only the report is read, and whether
 * it is over.
 */
struct room {
	/* When the child executes or ends, the kernel walks this list (set_robust_list(2)) and marks `holder`, which is all that is in it. */
	struct robust_list_head list;
	struct robust_list link;
	_Atomic uint32_t holder;
	_Atomic bool has_left; /* archon's table of descriptors */
	bool can_leave;        /* no old kernel, nor a filter of system calls, keeps it from that */
	struct report report;
	struct job job;
	char stack[STACK] __attribute__((aligned(16)));
	char request[] __attribute__((aligned(8))); /* and the lists of its strings */
};

struct caps {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static inline long get_caps(struct caps *caps)
{
	*caps = (struct caps){.header = {.version = _LINUX_CAPABILITY_VERSION_3}};
	return RAW(SYS_capget, &caps->header, caps->data);
}

/* In child.c: what the child does from clone(2) on; `place` is its room. */
int begin_child(void *place);

#endif
