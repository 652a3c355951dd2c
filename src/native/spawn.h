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
#include "raw.h"

/* The order is that of STAGES in sys.ts. */
enum stage {
	STAGE_FORK, STAGE_CGROUP, STAGE_SESSION, STAGE_TERMINAL, STAGE_FDS, STAGE_OOM, STAGE_LIMIT, STAGE_NICE, STAGE_IONICE,
	STAGE_DROP, STAGE_KEEP, STAGE_GROUPS, STAGE_GID, STAGE_UID, STAGE_NO_NEW, STAGE_CWD, STAGE_EXEC,
};

enum flag {
	FLAG_SESSION = 1, FLAG_FOREGROUND = 2, FLAG_TERMINAL = 4, FLAG_CWD = 8, FLAG_NO_NEW = 16, FLAG_AS_STARTED = 32,
};

enum oom { OOM_AS_IS, OOM_TRY, OOM_MUST };

#define NICE_AS_IS 100
#define MARK_SUM (3ull << 52) /* of the two limits that are a mark, see mark.ts */
#define NOBODY UINT32_MAX /* the one number that is no user's and no group's */
#define CAP_ALL UINT64_MAX
#define FDS_MAX 64

/* A request, as request.ts lays it out: this head, then limits, groups, fds, and strings each ending in NUL. */
struct head {
	uint64_t cap_add;  /* by bit: kept across the change of user; CAP_ALL: whatever archon has */
	uint64_t cap_drop; /* by bit: taken away, but for cap_add */
	uint64_t mark;     /* the limits that its descendants are known by, see mark.ts; 0: none */
	int32_t flags;
	int32_t umask;     /* -1: as it is */
	uid_t uid;         /* -1: as it is */
	gid_t gid;         /* -1: as it is */
	int32_t nice;      /* NICE_AS_IS: as it is */
	int32_t ioprio;    /* class and level as ioprio_set(2) has them; -1: as it is */
	int32_t cgroup;    /* the open cgroup.procs of where it belongs; -1: where archon is */
	int32_t oom;       /* OOM_AS_IS, or else the first string is for oom_score_adj */
	int32_t limits;    /* how many */
	int32_t groups;    /* how many; -1: as they are */
	int32_t fds;       /* how many; the child's 0, 1, 2, … in order, -1: closed */
	int32_t paths;     /* how many files to try to execute, in order */
	int32_t argc;
	int32_t envc;
};

struct limit {
	uint64_t resource;
	uint64_t soft;
	uint64_t hard;
};

struct report {
	int32_t stage;
	int32_t error;
	int32_t detail; /* which capability, limit or descriptor; -1: nothing to say */
};

struct job {
	const struct head *head;
	const struct limit *limits;
	const gid_t *groups;
	int32_t fds[FDS_MAX];
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
