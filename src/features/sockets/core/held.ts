/** A descriptor that archon holds for a service, as people see it. */
export interface HeldFd {
	/** One that archon has bound for it, or that it has given archon to keep. */
	readonly kind: 'socket' | 'stored';
	readonly name: string;
	/** Its number in archon. */
	readonly fd: number;
	/** `stream :8080`; of what is kept, as the kernel calls it: `socket:[123]`. */
	readonly what: string;
}
