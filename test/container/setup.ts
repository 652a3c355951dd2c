/** Before the first container: the images, out of dist/rootfs, and the characters. After the last: nothing is left. */
import {mkdir, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {execa, execaSync} from 'execa';
import {undo} from '../../scripts/undo.ts';
import {CHARACTERS, LABEL, ROOT} from './places.ts';

export async function setup(): Promise<void> {
	await execa('docker', ['info'], {timeout: 30_000}).catch(() => {
		throw new Error('cannot run container tests: no docker daemon answers, run scripts/setup');
	});
	await execa(join(ROOT, 'packaging', 'build-images'), {stdio: 'inherit', timeout: 600_000});
	await compileCharacters();
	teardown();
	undo(teardown);
}

/** Removes the containers of the tests, of an earlier run that was killed, too. */
export function teardown(): void {
	const {stdout} = execaSync('docker', ['ps', '--all', '--quiet', '--filter', `label=${LABEL}`]);
	if (stdout !== '') execaSync('docker', ['rm', '--force', '--volumes', ...stdout.split('\n')], {timeout: 60_000, reject: false});
}

/** Statically, because they run in any image. */
async function compileCharacters(): Promise<void> {
	const folder = join(ROOT, 'test', 'characters');
	await mkdir(CHARACTERS, {recursive: true});
	// What is no program by itself is a part of the engine for tests.
	const sources = (await readdir(folder)).filter(name => name.endsWith('.c') && name !== 'deaths.c');
	for (const source of sources) {
		const program = join(CHARACTERS, source.slice(0, -2));
		await execa('cc', ['-O2', '-Wall', '-Wextra', '-static', '-o', program, join(folder, source)]);
	}
}
