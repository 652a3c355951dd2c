/** Variables that a service's own user may write: they lead archon to no file of root's, root to no program, and tell no secret. */
import {chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {beforeEach, describe, expect, test} from 'vitest';
import {boot} from './archon.ts';

const NOBODY = 65534;
let folder: string;
/** A folder of the user nobody, and a file of root's that only root may read. */
let theirs: string;
let secret: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'archon-trust-'));
	[theirs, secret] = [join(folder, 'theirs'), join(folder, 'secret')];
	mkdirSync(theirs);
	chmodSync(folder, 0o755);
	chownSync(theirs, NOBODY, NOBODY);
	writeFileSync(secret, 'KEY=hunter2', {mode: 0o600});
});

function write(path: string, text: string, uid: number): void {
	writeFileSync(path, text);
	chownSync(path, uid, uid);
}

/** A service of the user nobody that prints variables and stays. */
const say = (names: string, more: string): string => `services:
  web:
    command: sh -c 'echo "${names}"; exec sleep 1000000'
    user: nobody
    restart: "no"
    ${more}
`;

/** The program that root would run in place of `tool`. */
function trap(): void {
	writeFileSync(join(theirs, 'tool'), `#!/bin/sh\necho "trap as $(id -u)"\n[ "$(id -u)" = 0 ] && touch ${folder}/taken\nexit 0\n`);
	chmodSync(join(theirs, 'tool'), 0o755);
}

describe.runIf(process.getuid?.() === 0)('of a service with a user of its own', () => {
	const HOOKED = '[{command: [tool], user: root, environment: {SAFE: "1"}}, {command: [tool]}]';

	test.for<[what: string, source: () => string]>([
		['a file in its folder', () => {
			write(join(theirs, 'env'), `PATH=${theirs}:/usr/bin:/bin\n`, NOBODY);
			return `env_file: ${theirs}/env`;
		}],
		['a file of root\'s in its folder', () => {
			write(join(theirs, 'env'), `PATH=${theirs}:/usr/bin:/bin\n`, 0);
			return `env_file: ${theirs}/env`;
		}],
		['a folder', () => {
			write(join(theirs, 'PATH'), `${theirs}:/usr/bin:/bin`, NOBODY);
			return `env_dir: ${theirs}`;
		}],
		['a command', () => `env_from: {command: [sh, -c, "echo PATH=${theirs}:/usr/bin:/bin"]}`],
	])('%s gives nothing to a hook of root\'s', async ([, source]) => {
		trap();
		const config = say('up', `${source()}\n    post_start: ${HOOKED}`);
		await using archon = await boot({config});
		await archon.says(/trap as 65534|post_start/);
		expect(existsSync(join(folder, 'taken'))).toBe(false);
	});

	test('a file that only root can have written is for all of its hooks', async () => {
		write(join(folder, 'env'), `PATH=${theirs}:/usr/bin:/bin\n`, 0);
		trap();
		await using archon = await boot({config: say('up', `env_file: ${folder}/env\n    pre_start: ${HOOKED}`)});
		await archon.says(/trap as 0\n[^]*trap as 65534\n/);
	});

	test.for<[what: string, source: () => string]>([
		['a file', () => {
			write(join(theirs, 'env'), `KEY_FILE=${secret}\n`, NOBODY);
			return `env_file: ${theirs}/env`;
		}],
		['a folder', () => {
			write(join(theirs, 'KEY_FILE'), secret, NOBODY);
			return `env_dir: ${theirs}`;
		}],
		['a command', () => `env_from: {command: [echo, "KEY_FILE=${secret}"]}`],
	])('%s names no secret to archon', async ([, source]) => {
		await using archon = await boot({config: say('key $$KEY', `${source()}\n    secrets_from_files: true`)});
		await archon.says(/cannot start web: reading the secret KEY_FILE: others than root may have written it/);
		expect(archon.log()).not.toContain('hunter2');
	});

	test('a file that only root can have written names secrets', async () => {
		write(join(folder, 'env'), `KEY_FILE=${secret}\n`, 0);
		await using archon = await boot({config: say('key $$KEY', `env_file: ${folder}/env\n    secrets_from_files: true`)});
		await archon.says(/key KEY=hunter2/);
	});

	test('a file sees nothing of what archon was started with and its service does not get', async () => {
		write(join(theirs, 'env'), 'A=${TOKEN}.\nTOKEN\nB=own\nC=$B\n', NOBODY);
		const config = say('A=$$A TOKEN=$$TOKEN C=$$C', `env_file: ${theirs}/env\n    environment_base: clean\n    pre_start: [[sh, -c, "echo before $$A$$TOKEN"]]`);
		await using archon = await boot({config, env: {TOKEN: 'hunter2'}});
		await archon.says(/A=\. TOKEN= C=own/);
		expect(archon.log()).not.toContain('hunter2');
	});

	test('a link is not followed when the config is read, so that no hook is told what it leads to', async () => {
		symlinkSync(secret, join(theirs, 'env'));
		await using archon = await boot({config: say('up', `env_file: ${theirs}/env\n    pre_start: [[sh, -c, "echo before $$KEY"]]`)});
		// Its words and archon's come by two pipes.
		await archon.says(/^(?=[^]*before\s)[^]*cannot start web: reading its env_file \S+: it is a symbolic link in a folder that nobody may write/);
		expect(archon.log()).not.toContain('hunter2');
	});

	test.for<[what: string, content: string, says: RegExp]>([
		['no variables', 'not a line\n', /cannot start web: reading its env_file \S+: line 1: this is not NAME=value/],
		['more than any', `A=${'x'.repeat(2 << 20)}\n`, /cannot start web: reading its env_file \S+: it is larger than 128 KiB/],
	])('a file that holds %s keeps no other service from starting', async ([, content, says]) => {
		write(join(theirs, 'env'), content, NOBODY);
		await using archon = await boot({config: `${say('up', `env_file: ${theirs}/env`)}  other: {command: sh -c "echo other; exec sleep 1000000"}\n`});
		await archon.says(says);
		await archon.says(/other +\| other/);
	});
});
