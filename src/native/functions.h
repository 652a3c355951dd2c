/* The functions of the seam, and what their files share. src/os/sys.ts says of each what it takes and gives. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H
#include <stdint.h>
#include "call.h"
#include "layouts.h"

/* In process.c: the arguments that the program was started with. */
void remember_arguments(char **arguments);
char **remembered_arguments(void);
int left_memory(void);

/* In descriptors.c: a terminal that is raw is as it was before; archon is about to end. */
void restore_terminal(void);

/* In spawn.c: begins to make a process as the request of `size` bytes says; a number for its end, or -EAGAIN. */
int32_t archon_begin(const void *request, size_t size);

/* In spawn.c: what came of it: its pid, or -1, and a report of stage, errno and detail. */
int32_t archon_end(int32_t number, void *report);

/* In spawn.c: the soft limit of open files that archon was started with, which its children have; 0: it is archon's own. */
extern uint64_t first_soft_limit;

/* In spawn.c: what archon ignores is looked up again at the next spawn. */
void forget_ignored(void);

/* In process.c: what archon was started with, by bit signal - 1. */
extern uint64_t first_ignored, first_blocked;

/* In files.c: when a file was made, in milliseconds since 1970; 0 where its file system does not know. */
double birth_of(int folder, const char *path, int flags);

/* In files.c: flags of open(2) as sys.ts has them. */
int open_flags(int flags);

/* In reexec.c: a signal that was read is pending until it is forgotten. */
void note_signal(int signal, enum origin origin);

/* In reexec.c: re-executes archon after a bug; returns where that cannot be. */
void survive(const char *words);

/* In compress.c: names in an open folder. 0, or -1 and errno; and the inode of what was compressed. */
long compress_file(int folder, const char *from, const char *to, int kind, double *inode);

/*
 * In mapped.c: programs and libraries that a process has mapped and that are another file by now, or none: each as `deleted`
 * or `replaced`, a space, and its path; then the folder of each that is mapped, after `in `. Each with a NUL behind it.
 */
long find_mapped(int pid, char **data, size_t *length);

/* Each by its name, and the file that it is in. */
#define EACH_FUNCTION(F) \
	/* process.c */ \
	F(arguments) F(environment) F(getpid) F(getuid) F(getgid) F(getgroups) F(getsid) F(hostname) F(pageSize) F(strerror) \
	F(chdir) F(fchdir) F(releaseFilePages) F(exit) F(kill) F(waitAny) F(waitPid) F(childrenBesides) F(pidfdOpen) F(pidfdStatus) \
	F(pidfdSignal) F(becomeSubreaper) F(isSubreaper) F(setParentDeathSignal) F(setName) F(hardLimit) F(beginSpawn) F(endSpawn) \
	F(lendToChildren) F(closeToOthers) \
	F(fork) F(setsid) F(setpgid) F(restoreSignals) F(setVariable) F(inherit) F(execute) \
	/* events.c */ \
	F(epollCreate) F(epollControl) F(epollWait) F(openWatches) F(addWatch) F(removeWatch) F(readWatches) F(isWatched) \
	F(watchClock) F(now) F(sinceBoot) \
	F(openSignals) F(changeSignals) F(readSignal) F(ignoreSignal) \
	/* descriptors.c */ \
	F(close) F(read) F(readAt) F(write) F(writeAt) F(writePieces) F(memoryFile) F(pipe) F(reserveFds) F(openTerminal) \
	F(leaveTerminal) F(attachTerminal) F(takeTerminal) F(terminalMode) F(setTerminalMode) F(terminalSize) F(setTerminalSize) \
	F(setBlocking) F(isTerminal) F(isReader) F(isCloseOnExec) F(growPipe) F(awaitReadable) F(fchown) F(fchmod) F(ftruncate) \
	F(anotherFd) F(duplicate) F(sleep) \
	/* files.c */ \
	F(open) F(openAt) F(stat) F(lstat) F(fstat) F(lstatAt) F(access) F(readFolder) \
	F(readFolderAt) F(readLink) F(readLinkAt) F(realPath) F(readText) F(readBytes) F(mkdir) F(unlink) \
	F(mkdirAt) F(unlinkAt) F(rename) F(chmod) F(lock) F(symlink) F(fsync) \
	/* places.c */ \
	F(findPlace) F(openIn) \
	/* sockets.c */ \
	F(listenUnix) F(accept) F(connectUnix) F(socketPair) F(bindDatagrams) F(peer) F(peerGroups) F(peerLives) \
	F(receive) F(send) F(closeForeign) F(closeInbox) \
	F(isAddress) F(connectInet) F(listenInet) F(bindInet) F(bindUnix) F(setSocketFile) F(setBacklog) F(socketType) F(hasConnections) \
	F(tryPort) F(listenAbstract) F(bindFor) F(peerAddress) F(ownAddress) F(ports) F(tuneTcp) F(socketError) F(shutdownWrite) \
	/* jobs.c */ \
	F(jobsFd) F(startJob) F(awaitJob) F(takeJob) \
	/* bytes.c */ \
	F(decodeUtf8) F(isUtf8) F(decodeLatin1) F(encodeUtf8) F(writeUtf8) F(writeLatin1) F(hashText) \
	/* lines.c, json.c */ \
	F(countLines) F(endOfLines) F(dropReturns) F(prefixLines) F(jsonLines) \
	/* compress.c */ \
	F(decompress) \
	/* digest.c */ \
	F(digest) F(digestFile) F(verifySignature) \
	/* confine.c */ \
	F(becomeUser) F(confineWrites) \
	/* lua.c */ \
	F(luaOpen) F(luaRun) F(luaCall) F(luaTake) F(luaUsed) \
	/* reexec.c */ \
	F(enterSection) F(leaveSection) F(leftMemory) F(openMemory) F(memorySize) F(raiseFdLimit) F(viewMemory) F(releaseMemory) \
	F(forgetSignal) F(pendingSignals) F(armFaultHandler) F(keepFd) F(reexecute)

#define DECLARE(name) void sys_##name(struct call *call);
EACH_FUNCTION(DECLARE)
#undef DECLARE

#endif
