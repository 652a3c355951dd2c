/** The pager that a person has chosen, and how it is given what a command prints. Pure. */

/** A command for the shell, as $PAGER is one; null: there is no pager. `has`: whether there is such a program. */
export function pagerOf(env: Readonly<Record<string, string | undefined>>, has: (program: string) => boolean): string | null {
	const chosen = env['PAGER']?.trim();
	if (chosen) return chosen;
	return PAGERS.find(([program]) => has(program))?.[1] ?? null;
}

/** less shows colours, and begins at the end, where the newest lines are. */
const PAGERS = [['less', 'less -R +G'], ['more', 'more']] as const;

/** The words that run the command with what it prints, problems as well, given to the pager. */
export const paged = (command: readonly string[], pager: string): [string, ...string[]] =>
	['/bin/sh', '-c', `"$0" "$@" 2>&1 | ${pager}`, ...command];
