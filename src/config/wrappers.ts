/** Shells and other programs that wait for the program that a service is meant to be, and pass no signals on to it. */
import type {Argv} from './command-service.ts';
import type {Advising, Written} from './group.ts';
import {type Reaching, stopToOf} from './keys/shell.ts';

/**
 * Notes that the signal of a key ends a wrapper, or nothing, instead of the program that it waits for. TERM does not matter: archon itself
 * passes it on when the wrapper has ended.
 */
export function noteWrapped(
	{path, map, settings}: Written<Reaching>, key: string, {argv, notes}: Advising,
): void {
	if (stopToOf(settings) === 'group' || !isWrapper(argv)) return;
	const [program] = argv;
	const written = map.entries.get(key)?.value;
	const hint = isShell(program) ? 'write exec before the program, or stop_to: group' : 'write stop_to: group';
	if (written) notes.report(written, `${path}.${key} reaches ${program}, which does not forward signals`, hint);
}

const isShell = (program: string): boolean => /^(?:.*\/)?(?:ba|da|a)?sh$/.test(program);

/** Shells that wait for a program, and what is known to do so. */
function isWrapper([program, option = '', script = '']: Argv): boolean {
	if (/^(?:.*\/)?(?:npm|npx|yarn|pnpm|apachectl|apache2ctl)$/.test(program)) return true;
	return isShell(program) && /^-\w*c$/.test(option) && /[;&|\n]/.test(script) && !/\b(?:exec|trap)\b/.test(script);
}
