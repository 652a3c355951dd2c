/** The lists of what a release holds: `SHA256SUMS` as sha256sum(1) writes it, and quesofiesta's `manifest.txt`. */
import {err, ok, type Result} from '../../../core/result.ts';

/** A file of a release. */
export interface Listed {
	/** Below the folder of the release; never out of it. */
	readonly path: string;
	/** In small hexadecimal digits. */
	readonly sum: string;
	readonly kind: 'sha256' | 'md5';
}

export interface Manifest {
	readonly version: string;
	readonly files: readonly Listed[];
}

/** What lies beside the files of a release, and is not one of them. */
export const LISTS = {signed: 'SHA256SUMS', signature: 'SHA256SUMS.minisig', quesofiesta: 'manifest.txt'} as const;

/** Of a name in a path (NAME_MAX), of a path, and how deep one leads. */
const [NAME_MAX, PATH_MAX, DEPTH_MAX] = [255, 1024, 32];

/** Why a path must not be used; null: it is one below a folder. */
export function flawOfPath(path: string): string | null {
	if (path === '') return 'is empty';
	if (path.startsWith('/')) return 'is absolute';
	if (/[\0-\x1f\x7f]/.test(path) || !path.isWellFormed()) return 'has characters that no name should have';
	const steps = path.split('/');
	if (steps.includes('..')) return 'leads out of the release by ..';
	if (steps.some(step => step === '' || step === '.')) return 'has an empty step';
	// In UTF-8 a character takes up to three bytes for each unit of UTF-16.
	if (path.length > PATH_MAX || steps.length > DEPTH_MAX || steps.some(step => step.length > NAME_MAX)) return 'is too long';
	return Object.values<string>(LISTS).includes(path) ? 'has the name of a list' : null;
}

/** The files of `SHA256SUMS`; or why not one of them is taken. */
export function parseSums(text: string, maxFiles: number): Result<readonly Listed[], string> {
	const files: Listed[] = [];
	for (const [number, line] of linesOf(text)) {
		const [, digits = '', written = ''] = /^([0-9a-fA-F]{64}) [ *](.+)$/.exec(line) ?? [];
		if (digits === '') {
			const more = line.startsWith('\\') ? ' (its name has a newline)' : '';
			return err(`line ${number} of ${LISTS.signed} is not a SHA-256, two spaces and a path${more}`);
		}
		files.push({path: written.replace(/^\.\//, ''), sum: digits.toLowerCase(), kind: 'sha256'});
		if (files.length > maxFiles) return err(`${LISTS.signed} lists more than ${maxFiles} files (max_files)`);
	}
	const flaw = flawOf(files, LISTS.signed);
	return flaw === null ? ok(files) : err(flaw);
}

/** The version and files of `manifest.txt`: `path|md5`, or a SHA-256 in its place. */
export function parseManifest(text: string, maxFiles: number): Result<Manifest, string> {
	const [first, ...others] = linesOf(text);
	const version = first?.[0] === 1 ? first[1] : '';
	if (version === '') return err(`${LISTS.quesofiesta} does not begin with a version`);
	const files: Listed[] = [];
	for (const [number, line] of others) {
		const [, path = '', digits = ''] = /^([^|]+)\|\s*([0-9a-fA-F]{64}|[0-9a-fA-F]{32})$/.exec(line) ?? [];
		if (digits === '') return err(`line ${number} of ${LISTS.quesofiesta} is not path|md5`);
		files.push({path: path.trim().replace(/^\.\//, ''), sum: digits.toLowerCase(), kind: digits.length === 64 ? 'sha256' : 'md5'});
		if (files.length > maxFiles) return err(`${LISTS.quesofiesta} lists more than ${maxFiles} files (max_files)`);
	}
	const flaw = flawOf(files, LISTS.quesofiesta);
	return flaw === null ? ok({version, files}) : err(flaw);
}

function* linesOf(text: string): Generator<readonly [number: number, line: string]> {
	for (const [index, line] of text.split('\n').entries()) {
		const trimmed = line.trimEnd();
		if (trimmed !== '') yield [index + 1, trimmed];
	}
}

function flawOf(files: readonly Listed[], list: string): string | null {
	if (files.length === 0) return `${list} lists no file`;
	const paths = new Set<string>();
	const folders = new Set<string>();
	for (const {path} of files) {
		const flaw = flawOfPath(path);
		if (flaw !== null) return `${list}: the path ${JSON.stringify(path.slice(0, 100))} ${flaw}`;
		if (paths.has(path)) return `${list} lists ${path} twice`;
		paths.add(path);
		for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at));
	}
	const both = files.find(({path}) => folders.has(path));
	return both ? `${list} lists ${both.path} as a file and as a folder` : null;
}
