/** What a process finds when it starts, read back from the process itself, and what is told when it cannot start. */
import {chmodSync, mkdirSync, openSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {sys} from '../../src/os/sys.ts';
import {folder, make, outputOf, refusalOf} from './bench.ts';

const isRoot = process.getuid?.() === 0;

function script(name: string, text: string, mode = 0o755): string {
	const path = join(folder, name);
	writeFileSync(path, text);
	chmodSync(path, mode);
	return path;
}

// Before the first process: archon reads its environment once.
process.env['FROM_ARCHON'] = 'yes';

describe('a new process', () => {
	test('has no signal blocked, ignored or handled, whatever archon does with its own', async () => {
		sys.ignoreSignal(1);
		sys.ignoreSignal(21);
		const status = await outputOf(['cat', '/proc/self/status']);
		const masks = [...status.matchAll(/^(SigBlk|SigIgn|SigCgt):\s+([0-9a-f]+)/gm)].map(([, name, mask]) => [name, BigInt(`0x${mask}`)]);
		expect(masks).toEqual([['SigBlk', 0n], ['SigIgn', 0n], ['SigCgt', 0n]]);
	});

	test('leads a session of its own', async () => {
		const [pid, , , , group, session] = (await outputOf(['cat', '/proc/self/stat'])).split(' ');
		expect([group, session]).toEqual([pid, pid]);
	});

	test('has its three streams and nothing else, whatever archon holds open', async () => {
		openSync('/etc/passwd', 'r');
		const open = await outputOf(['sh', '-c', 'ls /proc/$$/fd']);
		expect(open.trim().split('\n')).toEqual(['0', '1', '2']);
		expect(await outputOf(['readlink', '/proc/self/fd/0'])).toBe('/dev/null\n');
	});

	test('has the environment of archon, its own, and the marks of its run', async () => {
		const lines = (await outputOf(['env'], {environment: {OWN: 'a=b', EMPTY: ''}})).split('\n');
		expect(lines).toEqual(expect.arrayContaining(['FROM_ARCHON=yes', 'OWN=a=b', 'EMPTY=', 'ARCHON_SERVICE=test']));
		expect(lines.find(line => line.startsWith('ARCHON_RUN='))).toMatch(/=\d+$/);
	});

	test('has each variable once, as who comes last has it', async () => {
		const environment = {FROM_ARCHON: 'no', ARCHON_SERVICE: 'mine', OTHER: '1'};
		const lines = (await outputOf(['env'], {environment}, {environment: {OTHER: '2', MORE: '3'}})).split('\n');
		const of = (name: string): string[] => lines.filter(line => line.startsWith(`${name}=`));
		expect(['FROM_ARCHON', 'ARCHON_SERVICE', 'OTHER', 'MORE'].flatMap(of)).toEqual(['FROM_ARCHON=no', 'ARCHON_SERVICE=test', 'OTHER=2', 'MORE=3']);
	});

	test('gets its words as they are', async () => {
		const words = ['a b', '', '$HOME', '*', 'ü', '"', "'"];
		expect(await outputOf(['printf', '%s|', ...words])).toBe(`${words.join('|')}|`);
	});

	test('has its umask and directory, and archon keeps its own', async () => {
		const before = process.umask();
		const place = join(folder, 'place');
		mkdirSync(place);
		expect(await outputOf(['sh', '-c', 'umask; pwd'], {umask: 0o027, cwd: place})).toBe(`0027\n${place}\n`);
		expect(process.umask()).toBe(before);
	});

	test('is found along the PATH of its own environment', async () => {
		const bin = join(folder, 'bin');
		mkdirSync(bin);
		script('bin/only-here', '#!/bin/sh\necho found\n');
		expect(await outputOf(['only-here'], {environment: {PATH: `/nowhere:${bin}:/bin`}})).toBe('found\n');
		expect(refusalOf(['only-here']).reason).toBe('no such file or directory along PATH');
	});

	test('is found relative to its own directory', async () => {
		script('here', '#!/bin/sh\necho here\n');
		expect(await outputOf(['./here'], {cwd: folder})).toBe('here\n');
	});

	test('is run by the shell where it is a script that names no interpreter, with its arguments', async () => {
		const path = script('bare', 'echo "$0 $# $2"\n');
		expect(await outputOf([path, 'one', 'two words'])).toBe(`${path} 2 two words\n`);
		const [bin, empty] = [folder, script('empty', '')];
		expect(await outputOf(['bare', 'x'], {environment: {PATH: `/nowhere:${bin}:/bin`}})).toBe(`${path} 1 \n`);
		expect(await outputOf([empty])).toBe('');
	});

	test.runIf(isRoot)('has the uid, gid and groups of its user, and its home', async () => {
		const [uid, gid, groups, home] = (await outputOf(['sh', '-c', 'id -u; id -g; id -G; echo $HOME:$USER'], {
			user: {user: 'nobody', group: null},
		})).trim().split('\n');
		expect([uid, gid, groups, home]).toEqual(['65534', '65534', '65534', '/nonexistent:nobody']);
		const numeric = await outputOf(['sh', '-c', 'id -u; id -g; id -G; echo $HOME'], {user: {user: '12345', group: '54321'}});
		expect(numeric.trim().split('\n')).toEqual(['12345', '54321', '54321', '/']);
		const status = await outputOf(['cat', '/proc/self/status'], {user: {user: 'nobody', group: null}});
		expect(/^CapEff:\s+(\w+)/m.exec(status)?.[1]).toBe('0000000000000000');
	});
});

describe('a process that cannot be made', () => {
	test.each([
		{
			what: 'a program that is not there', argv: ['nosuch'], stage: 'executing nosuch', errno: 2,
			reason: 'no such file or directory along PATH',
		},
		{what: 'a path that is not there', argv: ['/no/such'], stage: 'executing /no/such', errno: 2, reason: 'no such file or directory'},
		{what: 'a directory', argv: ['/etc'], stage: 'executing /etc', errno: 13, reason: 'permission denied'},
		{what: 'a path through a file', argv: ['/etc/passwd/x'], stage: 'executing /etc/passwd/x', errno: 20, reason: 'not a directory'},
	])('$what says so', ({argv, stage, errno, reason}) => {
		expect(refusalOf(argv as [string])).toEqual({stage, errno, reason, temporary: false});
	});

	test.runIf(isRoot)('a program that is not there, along a PATH that its user may not search to the end', () => {
		const hidden = join(folder, 'hidden');
		mkdirSync(hidden, {mode: 0o700});
		const environment = {PATH: `${hidden}:/bin`};
		const user = {user: 'nobody', group: null};
		expect(refusalOf(['nosuch'], {environment, user})).toMatchObject({errno: 2, reason: 'no such file or directory along PATH'});
		script('hidden/secret', '#!/bin/sh\n');
		expect(refusalOf(['secret'], {environment, user})).toMatchObject({
			errno: 13, reason: `permission denied: ${hidden}/secret is not executable for this user`,
		});
	});

	test('a file that may not be executed', () => {
		const path = script('locked', '#!/bin/sh\n', 0o644);
		expect(refusalOf([path])).toMatchObject({errno: 13, reason: `permission denied: ${path} is not executable for this user`});
	});

	test('a script whose interpreter is missing names it', () => {
		const path = script('orphaned', '#!/no/interpreter -x\n');
		expect(refusalOf([path])).toMatchObject({
			errno: 2, reason: `no such file or directory: ${path} needs /no/interpreter, which is missing`,
		});
	});

	test('a file that is neither a program nor a script says so', () => {
		const path = script('binary', '\x7fELF\0\0\0');
		expect(refusalOf([path])).toMatchObject({
			errno: 8, reason: `exec format error: ${path} is not a program for this machine, and no script`,
		});
	});

	test('a directory that is not there', () => {
		expect(refusalOf(['true'], {cwd: '/no/where'})).toMatchObject({
			stage: 'changing directory to /no/where', errno: 2, reason: 'no such file or directory',
		});
	});

	test('a user and a group that do not exist', () => {
		expect(refusalOf(['true'], {user: {user: 'unknown', group: null}})).toMatchObject({
			stage: 'finding the user', reason: 'user unknown is not in /etc/passwd',
		});
		expect(refusalOf(['true'], {user: {user: '1', group: 'whichever'}})).toMatchObject({
			stage: 'finding the user', reason: 'group whichever is not in /etc/group',
		});
	});

	test('an argument that C cannot hold, and arguments that the kernel will not take', () => {
		expect(refusalOf(['echo', 'a\0b']).errno).toBe(22);
		expect(refusalOf(['echo', 'x'.repeat(200_000)])).toMatchObject({errno: 7, reason: 'argument list too long'});
	});

	test('leaves no process behind', async () => {
		for (let i = 0; i < 50; i++) refusalOf(['nosuch']);
		const left = await outputOf(['sh', '-c', 'cat /proc/$PPID/task/*/children']);
		expect(left.trim().split(/\s+/).length).toBe(1);
	});
});

test('five hundred processes are made one after the other, each with its own pid', async () => {
	const all = Array.from({length: 500}, () => make(['true']));
	const pids = all.map(made => ('pid' in made ? made.pid : 0));
	expect(new Set(pids).size).toBe(500);
	const ends = await Promise.all(all.map(made => ('pid' in made ? made.exited : null)));
	expect(ends.every(end => end?.outcome.kind === 'code' && end.outcome.code === 0)).toBe(true);
});
