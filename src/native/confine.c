/* What a helper gives up before it listens to anybody: archon's user, and all writing but below one folder (landlock(7)). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "call.h"
#include "functions.h"

/* The same numbers on all architectures. Of landlock.h, which may be older here than the kernel where archon runs. */
#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ADD_RULE 445
#define LANDLOCK_RESTRICT_SELF 446
#define CREATE_RULESET_VERSION 1
#define RULE_PATH_BENEATH 1

struct ruleset { uint64_t files, networks, scopes; };
struct beneath { uint64_t allowed; int32_t folder; } __attribute__((packed));

/* By bits: 1 WRITE_FILE, 4 to 12 REMOVE_DIR to MAKE_SYM; since version 2 REFER, since 3 TRUNCATE. */
#define WRITE_FILE (1ull << 1)
#define WRITES (WRITE_FILE | 0x1ff0ull)
#define REFER (1ull << 13)
#define TRUNCATE (1ull << 14)
/* Since version 6: no signal to processes outside. */
#define SCOPE_SIGNAL (1ull << 1)

/* becomeUser(uid, gid): for good, with no other groups. */
void sys_becomeUser(struct call *call)
{
	uid_t uid = (uid_t)arg_number(call, 0);
	gid_t gid = (gid_t)arg_number(call, 1);
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0)
		return give_result(call, -1);
	give_result(call, setresuid(uid, uid, uid));
}

static int allow(int rules, const char *path, uint64_t allowed)
{
	struct beneath beneath = {.allowed = allowed, .folder = open(path, O_PATH | O_CLOEXEC)};
	if (beneath.folder < 0)
		return -1;
	long result = syscall(LANDLOCK_ADD_RULE, rules, RULE_PATH_BENEATH, &beneath, 0);
	int error = errno;
	close(beneath.folder);
	errno = error;
	return (int)result;
}

/* confineWrites(folder): from here on this process and all that it makes write nowhere else; -ENOSYS, -EOPNOTSUPP: the kernel cannot. */
void sys_confineWrites(struct call *call)
{
	long version = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
	if (version < 0)
		return give_result(call, -1);
	struct ruleset ruleset = {
		.files = WRITES | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0), .scopes = version >= 6 ? SCOPE_SIGNAL : 0,
	};
	/* A kernel takes no more than it knows of. */
	size_t size = version >= 6 ? sizeof ruleset : sizeof ruleset.files;
	int rules = (int)syscall(LANDLOCK_CREATE_RULESET, &ruleset, size, 0);
	if (rules < 0)
		return give_result(call, -1);
	long result = allow(rules, arg_path(call, 0), ruleset.files);
	/* Programs that it makes may throw away what they say. Where there is no such device they cannot. */
	if (result == 0)
		allow(rules, "/dev/null", WRITE_FILE);
	if (result == 0)
		result = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (result == 0)
		result = syscall(LANDLOCK_RESTRICT_SELF, rules, 0);
	int error = errno;
	close(rules);
	errno = error;
	give_result(call, result);
}
