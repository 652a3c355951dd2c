/** Which lines the shell remembers, and how: the latest, each once in a row, and none with a secret in it. Pure. */
import {parse} from './words.ts';

/** Lines that are remembered, and characters of one. */
export const HISTORY_MAX = 1000;
const LINE_MAX = 4096;

/** What a name of an option or variable says of its value. */
const SECRET = /pass(word|wd|phrase)?|secret|token|credential|private|api[-_]?key|auth/i;
/** Options whose value is the path of a secret, and not a secret. */
const PATHS = /[-_](file|path|dir)$/i;
/** `scheme://user:password@host`. */
const IN_URL = /:\/\/[^/\s]*:[^/\s]*@/;

/** Whether a line may be kept: as in other shells, none that begins with a space, and none that names a secret's value. */
export function isKept(line: string): boolean {
	if (line.trim() === '' || line.startsWith(' ') || line.length > LINE_MAX || line.includes('\n')) return false;
	const {commands} = parse(line);
	return commands.every(words => words.every((word, index) => !isSecret(word, words[index + 1])));
}

/** Whether a word gives a secret its value: `--token x`, `--token=x`, `PASSWORD=x`, `-ePASSWORD=x`. */
function isSecret(word: string, next: string | undefined): boolean {
	const equals = word.indexOf('=');
	const name = equals < 0 ? word : word.slice(0, equals);
	if (IN_URL.test(word)) return true;
	if (!SECRET.test(name) || PATHS.test(name)) return false;
	return equals >= 0 ? equals + 1 < word.length : name.startsWith('-') && next !== undefined;
}

/** The history with one more line; the same where it is not to be kept. */
export function remember(history: readonly string[], line: string): readonly string[] {
	return !isKept(line) || history.at(-1) === line ? history : [...history.slice(1 - HISTORY_MAX), line];
}

/** The lines of a file, the latest of them. */
export const linesOf = (text: string): readonly string[] =>
	text.split('\n').filter(line => line !== '' && line.length <= LINE_MAX && !/[\0-\x1f\x7f-\x9f]/.test(line)).slice(-HISTORY_MAX);
