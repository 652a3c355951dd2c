/** Errors of system calls in words (errno(3)). */

/** Lower case, as they stand in archon's own sentences. The numbers are the same on all architectures that archon runs on. */
const WORDS: Readonly<Record<number, string>> = {
	1: 'operation not permitted', 2: 'no such file or directory', 3: 'no such process', 4: 'interrupted system call', 5: 'i/o error',
	6: 'no such device or address', 7: 'argument list too long', 8: 'exec format error', 9: 'bad file descriptor', 10: 'no child processes',
	11: 'resource temporarily unavailable', 12: 'not enough memory', 13: 'permission denied', 14: 'bad address in system call argument',
	16: 'resource busy or locked', 17: 'file already exists', 18: 'cross-device link not permitted', 19: 'no such device',
	20: 'not a directory', 21: 'is a directory', 22: 'invalid argument', 23: 'file table overflow',
	24: 'too many open files', 25: 'inappropriate ioctl for device', 26: 'text file is busy', 27: 'file too large',
	28: 'no space left on device', 29: 'invalid seek', 30: 'read-only file system', 31: 'too many links', 32: 'broken pipe',
	34: 'result too large', 36: 'name too long', 38: 'function not implemented', 39: 'directory not empty',
	40: 'too many symbolic links encountered', 71: 'protocol error', 75: 'value too large for defined data type', 84: 'illegal byte sequence',
	88: 'socket operation on non-socket', 89: 'destination address required', 90: 'message too long', 91: 'protocol wrong type for socket',
	92: 'protocol not available', 93: 'protocol not supported', 94: 'socket type not supported', 95: 'operation not supported',
	97: 'address family not supported', 98: 'address already in use', 99: 'address not available', 100: 'network is down',
	101: 'network is unreachable', 103: 'software caused connection abort', 104: 'connection reset by peer', 105: 'no buffer space available',
	106: 'socket is already connected', 107: 'socket is not connected', 110: 'connection timed out', 111: 'connection refused',
	112: 'host is down', 113: 'host is unreachable', 114: 'connection already in progress', 116: 'stale file handle',
	121: 'remote i/o error', 122: 'disk quota exceeded', 125: 'operation canceled',
};

export const errnoText = (errno: number): string => WORDS[errno] ?? `errno ${errno}`;

/** Whether it may pass by itself: EINTR, EIO, EAGAIN, ENOMEM, EBUSY, ENFILE, EMFILE, ETXTBSY, ECANCELED. */
export const isTemporary = (errno: number): boolean => [4, 5, 11, 12, 16, 23, 24, 26, 125].includes(errno);

/** What the resolver's errors mean, by the number that getaddrinfo(3) has for them. */
const RESOLVER_WORDS: Readonly<Record<number, string>> = {
	2: 'unknown node or service', 3: 'temporary failure', 4: 'permanent failure', 5: 'no address', 10: 'out of memory',
};

/** Why the job `resolve` gave no address. */
export const resolverText = (result: number): string => (result > -1000
	? result < 0 ? errnoText(-result) : 'no address'
	: RESOLVER_WORDS[-result - 1000] ?? `the resolver's error ${-result - 1000}`);

/** What archon writes has no reader any more. */
export class BrokenPipe extends Error {}
