/* Numbers and layouts that TypeScript and C both know. Made from src/os/layouts.ts, which explains them, by scripts/build/layouts.ts. */
#ifndef LAYOUTS_H
#define LAYOUTS_H
#include <stddef.h>
#include <stdint.h>

enum stage {
	STAGE_FORK = 0,
	STAGE_CGROUP = 1,
	STAGE_SESSION = 2,
	STAGE_TERMINAL = 3,
	STAGE_FDS = 4,
	STAGE_OOM = 5,
	STAGE_LIMIT = 6,
	STAGE_AFFINITY = 7,
	STAGE_NICE = 8,
	STAGE_IONICE = 9,
	STAGE_DROP = 10,
	STAGE_KEEP = 11,
	STAGE_GROUPS = 12,
	STAGE_GID = 13,
	STAGE_UID = 14,
	STAGE_NO_NEW = 15,
	STAGE_CWD = 16,
	STAGE_EXEC = 17,
};

enum flag {
	FLAG_SESSION = 1,
	FLAG_FOREGROUND = 2,
	FLAG_TERMINAL = 4,
	FLAG_CWD = 8,
	FLAG_NO_NEW = 16,
	FLAG_AS_STARTED = 32,
	FLAG_GROUP = 64,
	FLAG_LISTEN_PID = 128,
};

enum oom {
	OOM_AS_IS = 0,
	OOM_TRY = 1,
	OOM_MUST = 2,
};

#define NICE_AS_IS 100
#define REQUEST_FDS_MAX 64

struct head {
	uint64_t cap_add;
	uint64_t cap_drop;
	uint64_t tag;
	int32_t flags;
	int32_t umask;
	uint32_t uid;
	uint32_t gid;
	int32_t nice;
	int32_t ioprio;
	int32_t cgroup;
	int32_t oom;
	int32_t limits;
	int32_t affinity;
	int32_t groups;
	int32_t fds;
	int32_t paths;
	int32_t argc;
	int32_t envc;
};
_Static_assert(offsetof(struct head, cap_add) == 0 && sizeof((struct head *)0)->cap_add == 8, "head.cap_add");
_Static_assert(offsetof(struct head, cap_drop) == 8 && sizeof((struct head *)0)->cap_drop == 8, "head.cap_drop");
_Static_assert(offsetof(struct head, tag) == 16 && sizeof((struct head *)0)->tag == 8, "head.tag");
_Static_assert(offsetof(struct head, flags) == 24 && sizeof((struct head *)0)->flags == 4, "head.flags");
_Static_assert(offsetof(struct head, umask) == 28 && sizeof((struct head *)0)->umask == 4, "head.umask");
_Static_assert(offsetof(struct head, uid) == 32 && sizeof((struct head *)0)->uid == 4, "head.uid");
_Static_assert(offsetof(struct head, gid) == 36 && sizeof((struct head *)0)->gid == 4, "head.gid");
_Static_assert(offsetof(struct head, nice) == 40 && sizeof((struct head *)0)->nice == 4, "head.nice");
_Static_assert(offsetof(struct head, ioprio) == 44 && sizeof((struct head *)0)->ioprio == 4, "head.ioprio");
_Static_assert(offsetof(struct head, cgroup) == 48 && sizeof((struct head *)0)->cgroup == 4, "head.cgroup");
_Static_assert(offsetof(struct head, oom) == 52 && sizeof((struct head *)0)->oom == 4, "head.oom");
_Static_assert(offsetof(struct head, limits) == 56 && sizeof((struct head *)0)->limits == 4, "head.limits");
_Static_assert(offsetof(struct head, affinity) == 60 && sizeof((struct head *)0)->affinity == 4, "head.affinity");
_Static_assert(offsetof(struct head, groups) == 64 && sizeof((struct head *)0)->groups == 4, "head.groups");
_Static_assert(offsetof(struct head, fds) == 68 && sizeof((struct head *)0)->fds == 4, "head.fds");
_Static_assert(offsetof(struct head, paths) == 72 && sizeof((struct head *)0)->paths == 4, "head.paths");
_Static_assert(offsetof(struct head, argc) == 76 && sizeof((struct head *)0)->argc == 4, "head.argc");
_Static_assert(offsetof(struct head, envc) == 80 && sizeof((struct head *)0)->envc == 4, "head.envc");
_Static_assert(sizeof(struct head) == 88, "head");

struct limit {
	uint64_t resource;
	uint64_t soft;
	uint64_t hard;
};
_Static_assert(offsetof(struct limit, resource) == 0 && sizeof((struct limit *)0)->resource == 8, "limit.resource");
_Static_assert(offsetof(struct limit, soft) == 8 && sizeof((struct limit *)0)->soft == 8, "limit.soft");
_Static_assert(offsetof(struct limit, hard) == 16 && sizeof((struct limit *)0)->hard == 8, "limit.hard");
_Static_assert(sizeof(struct limit) == 24, "limit");

struct report {
	int32_t stage;
	int32_t error;
	int32_t detail;
};
_Static_assert(offsetof(struct report, stage) == 0 && sizeof((struct report *)0)->stage == 4, "report.stage");
_Static_assert(offsetof(struct report, error) == 4 && sizeof((struct report *)0)->error == 4, "report.error");
_Static_assert(offsetof(struct report, detail) == 8 && sizeof((struct report *)0)->detail == 4, "report.detail");
_Static_assert(sizeof(struct report) == 12, "report");

enum cause_kind {
	CAUSE_FAULT = 0,
	CAUSE_SENT = 1,
	CAUSE_BUG = 2,
	CAUSE_UPGRADE = 3,
};

struct cause {
	int32_t kind;
	int32_t signal;
	int32_t code;
	int32_t sender;
	uint64_t address;
	uint64_t at;
};
_Static_assert(offsetof(struct cause, kind) == 0 && sizeof((struct cause *)0)->kind == 4, "cause.kind");
_Static_assert(offsetof(struct cause, signal) == 4 && sizeof((struct cause *)0)->signal == 4, "cause.signal");
_Static_assert(offsetof(struct cause, code) == 8 && sizeof((struct cause *)0)->code == 4, "cause.code");
_Static_assert(offsetof(struct cause, sender) == 12 && sizeof((struct cause *)0)->sender == 4, "cause.sender");
_Static_assert(offsetof(struct cause, address) == 16 && sizeof((struct cause *)0)->address == 8, "cause.address");
_Static_assert(offsetof(struct cause, at) == 24 && sizeof((struct cause *)0)->at == 8, "cause.at");
_Static_assert(sizeof(struct cause) == 32, "cause");

#define CAUSES_MAX 8
#define CAUSE_WORDS_MAX 512
#define HEADER_ROOM 1024

struct header {
	uint32_t magic;
	int32_t owner;
	uint32_t reexecutions;
	uint32_t soft_limit;
	_Atomic uint64_t pending;
	uint64_t size;
	struct cause causes[8];
	char words[512];
	int32_t program_fd;
	uint64_t ignored;
	uint64_t blocked;
	uint8_t origins[64];
};
_Static_assert(offsetof(struct header, magic) == 0 && sizeof((struct header *)0)->magic == 4, "header.magic");
_Static_assert(offsetof(struct header, owner) == 4 && sizeof((struct header *)0)->owner == 4, "header.owner");
_Static_assert(offsetof(struct header, reexecutions) == 8 && sizeof((struct header *)0)->reexecutions == 4, "header.reexecutions");
_Static_assert(offsetof(struct header, soft_limit) == 12 && sizeof((struct header *)0)->soft_limit == 4, "header.soft_limit");
_Static_assert(offsetof(struct header, pending) == 16 && sizeof((struct header *)0)->pending == 8, "header.pending");
_Static_assert(offsetof(struct header, size) == 24 && sizeof((struct header *)0)->size == 8, "header.size");
_Static_assert(offsetof(struct header, causes) == 32 && sizeof((struct header *)0)->causes == 256, "header.causes");
_Static_assert(offsetof(struct header, words) == 288 && sizeof((struct header *)0)->words == 512, "header.words");
_Static_assert(offsetof(struct header, program_fd) == 800 && sizeof((struct header *)0)->program_fd == 4, "header.program_fd");
_Static_assert(offsetof(struct header, ignored) == 808 && sizeof((struct header *)0)->ignored == 8, "header.ignored");
_Static_assert(offsetof(struct header, blocked) == 816 && sizeof((struct header *)0)->blocked == 8, "header.blocked");
_Static_assert(offsetof(struct header, origins) == 824 && sizeof((struct header *)0)->origins == 64, "header.origins");
_Static_assert(sizeof(struct header) == 888, "header");

enum origin {
	ORIGIN_INSIDE = 0,
	ORIGIN_KERNEL = 1,
	ORIGIN_OUTSIDE = 2,
};

enum {
	STAT_MODE = 0,
	STAT_UID = 1,
	STAT_GID = 2,
	STAT_DEVICE = 3,
	STAT_INODE = 4,
	STAT_LINKS = 5,
	STAT_SIZE = 6,
	STAT_SPECIAL = 7,
	STAT_CHANGED = 8,
	STAT_BORN = 9,
	STAT_FIELDS,
};

#define ANCILLARY_FDS_MAX 16

enum {
	ANCILLARY_COUNT = 0,
	ANCILLARY_IS_CUT = 1,
	ANCILLARY_PID = 2,
	ANCILLARY_UID = 3,
	ANCILLARY_GID = 4,
	ANCILLARY_FDS = 5,
	ANCILLARY_FIELDS = ANCILLARY_FDS + ANCILLARY_FDS_MAX,
};

enum {
	SIGNAL_NUMBER = 0,
	SIGNAL_CODE = 1,
	SIGNAL_PID = 2,
	SIGNAL_UID = 3,
	SIGNAL_ORIGIN = 4,
	SIGNAL_FIELDS,
};

enum {
	CHILD_PID = 0,
	CHILD_CODE = 1,
	CHILD_STATUS = 2,
	CHILD_FIELDS,
};

enum {
	PEER_PID = 0,
	PEER_UID = 1,
	PEER_GID = 2,
	PEER_FIELDS,
};

enum {
	FOUND_FOLDER = 0,
	FOUND_STREAM = 1,
	FOUND_REFUSAL = 2,
	FOUND_WRITER = 3,
	FOUND_ID = 4,
	FOUND_FIELDS,
};

enum {
	DONE_NUMBER = 0,
	DONE_RESULT = 1,
	DONE_INODE = 2,
	DONE_SIZE = 3,
	DONE_TIME = 4,
	DONE_STREAM = 5,
	DONE_FIELDS,
};

enum job_kind {
	JOB_WRITE = 0,
	JOB_OPEN = 1,
	JOB_RENAME = 2,
	JOB_UNLINK = 3,
	JOB_PLACE = 4,
	JOB_TRUNCATE = 5,
	JOB_READ_FOLDER = 6,
	JOB_READ_FILE = 7,
	JOB_RESOLVE = 8,
	JOB_ACCESS = 9,
	JOB_AGE = 10,
	JOB_COMPRESS = 11,
	JOB_SAVE = 12,
	JOB_LOCK = 13,
	JOB_REPLACE = 14,
	JOB_SCAN = 15,
	JOB_MAPPED = 16,
};

enum {
	PLACE_MAKE = 1,
	PLACE_FOLDER = 2,
};

enum {
	OPEN_ANY = 1,
	OPEN_MAKE = 2,
};

enum refusal {
	REFUSED_NOT = 0,
	REFUSED_LINK = 1,
	REFUSED_MAGIC = 2,
	REFUSED_KIND = 3,
	REFUSED_NAMES = 4,
	REFUSED_OWNER = 5,
	REFUSED_FOREIGN = 6,
	REFUSED_OPEN = 7,
};

enum writer {
	WRITER_NONE = 0,
	WRITER_USER = 1,
	WRITER_GROUP = 2,
	WRITER_ANYBODY = 3,
};

enum {
	SCAN_PARTIAL = 1,
	SCAN_NO_ROOM = 2,
	SCAN_MOUNTED = 4,
	SCAN_MISSING = 8,
	SCAN_LATE = 16,
	SCAN_REMOTE = 32,
	SCAN_UNREADABLE = 64,
	SCAN_OWN = 128,
};

#endif
