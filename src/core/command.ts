/** A command that archon runs, and as whom. */

/** A program and its arguments; never empty, never a shell unless it names one. */
export type Command = readonly [string, ...string[]];

/** A command of a hook, with the user, directory and environment of its service or its own. */
export type HookCommand = Command | {
	readonly command: Command;
	/** Null: the service's. */
	readonly user: UserSpec | null;
	readonly cwd: string | null;
	/** Variables that override the service's. */
	readonly environment: Readonly<Record<string, string>>;
};

/** A user by name or number, with a group of its own or the user's (compose-spec `user`). */
export interface UserSpec {
	readonly user: string;
	readonly group: string | null;
}
