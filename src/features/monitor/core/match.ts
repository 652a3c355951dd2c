/** Which processes are meant where they are not told by their numbers. */

/** Which processes a rule means: those of which all that is said here holds. */
export interface Match {
	/** The path of the executable, or a pattern with `*` and `?`; null: any. */
	readonly exe: string | null;
	/** A pattern for the command line, its words with spaces between them; null: any. */
	readonly command: string | null;
}

/** By what a rule means its processes, for people: `exe=/usr/sbin/x`. */
export const matchText = ({exe, command}: Match): string =>
	[...exe === null ? [] : [`exe=${exe}`], ...command === null ? [] : [`command=${command}`]].join(' ');
