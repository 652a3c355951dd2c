/** The characters, compiled for this machine. */
import {chmodSync, mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';

/** The path of a character of `test/characters`, built again. */
export async function character(name: string): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), 'archon-character-'));
	// For every user.
	chmodSync(folder, 0o755);
	const path = join(folder, name);
	await execa('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', path, join(import.meta.dirname, '..', 'characters', `${name}.c`)]);
	return path;
}
