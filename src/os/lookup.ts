/** The files that the name of a program may mean. */

/** As execvp(3) would try them: a name with a slash is a path, an empty element of PATH is the directory. */
export function candidates(program: string, path: string): string[] {
	if (program.includes('/')) return [program];
	return path.split(':').map(directory => (directory === '' ? program : `${directory.replace(/\/$/, '')}/${program}`));
}
