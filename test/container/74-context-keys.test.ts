/** What a service is given to live in, read back from the kernel: as root, as another user, and where it cannot be had. */
import {expect, it} from 'vitest';
import {boot, type Boot, type Box} from './harness.ts';

/** What the kernel says of the main process of the service `it`. */
type Look = (box: Box, pid: number) => Promise<string>;

const sh = (script: (pid: number) => string): Look => (box, pid) => box.sh(script(pid));
/** As the user of the process: what it shows to no other user, not even to root without CAP_SYS_PTRACE. */
const asIts = (script: (pid: number) => string): Look =>
	sh(pid => `runuser -u "$(stat -c %U /proc/${pid})" -- sh -c ${quote(script(pid))}`);
const quote = (text: string): string => `'${text.replaceAll('\'', `'\\''`)}'`;
const status = (field: string): Look => sh(pid => `sed -n 's/^${field}:\\s*//p' /proc/${pid}/status`);
const limit = (name: string): Look => sh(pid => `sed -n 's/^${name} \\+\\(\\S*\\) \\+\\(\\S*\\).*/\\1 \\2/p' /proc/${pid}/limits`);
const variable = (name: string): Look => asIts(pid => `tr '\\0' '\\n' </proc/${pid}/environ | sed -n 's/^${name}=//p'`);
const oomScore = sh(pid => `cat /proc/${pid}/oom_score_adj`);
const nice = sh(pid => `cut -d' ' -f19 /proc/${pid}/stat`);

/** One capability by its number, as the mask of /proc/PID/status has it. */
const has = (mask: string, number: number): boolean => (BigInt(`0x${mask}`) >> BigInt(number) & 1n) === 1n;
const [NET_BIND_SERVICE, NET_RAW] = [10, 13];

async function look(keys: string, looks: readonly Look[], more: Partial<Boot> = {}): Promise<string[]> {
	await using box = await boot({image: 'plain', config: `services:\n  it: {command: sleep 1000000, ${keys}}\n`, ...more});
	const pid = await box.pid('it');
	const found: string[] = [];
	for (const one of looks) found.push((await one(box, pid)).trim());
	return found;
}

const both = <T extends readonly unknown[]>(rows: readonly T[]) =>
	(['root', 'nobody'] as const).flatMap(user => rows.map(row => [user, ...row] as const));

it.each(both<readonly [string, Look, string]>([
	['ulimits: {nofile: {soft: 123, hard: 456}}', limit('Max open files'), '123 456'],
	['ulimits: {core: 0}', limit('Max core file size'), '0 0'],
	['ulimits: {nproc: 77}', limit('Max processes'), '77 77'],
	['nice: 7', nice, '7'],
	['oom_score_adj: 500', oomScore, '500'],
	['no_new_privileges: true', status('NoNewPrivs'), '1'],
	['group_add: [audio, 4321]', status('Groups'), expect.stringMatching(/\b29\b.*\b4321\b/)],
	['ionice: idle', sh(pid => `ionice -p ${pid}`), 'idle'],
	['umask: "027"', status('Umask'), '0027'],
	['working_dir: /srv', asIts(pid => `readlink /proc/${pid}/cwd`), '/srv'],
	['tty: true', asIts(pid => `readlink /proc/${pid}/fd/1`), expect.stringMatching(/^\/dev\/pts\/\d+$/)],
]))('as %s with %s it is what the kernel says', async (user, keys, where, expected) => {
	expect(await look(`user: ${user}, ${keys}`, [where])).toEqual([expected]);
});

it('gives a user its own ids, groups, HOME, USER, LOGNAME and SHELL', async () => {
	expect(await look('user: games', [
		status('Uid'), status('Gid'), status('Groups'), ...['HOME', 'USER', 'LOGNAME', 'SHELL'].map(variable),
	])).toEqual(['5\t5\t5\t5', '60\t60\t60\t60', '60', '/usr/games', 'games', 'games', '/usr/sbin/nologin']);
});

it('adds a capability for a user, and nothing else', async () => {
	const masks = await look('user: nobody, cap_add: [NET_BIND_SERVICE]', ['CapEff', 'CapPrm', 'CapAmb'].map(status));
	for (const mask of masks) expect(BigInt(`0x${mask}`)).toBe(1n << BigInt(NET_BIND_SERVICE));
});

it('takes capabilities from root, one or all', async () => {
	const [effective = '', bound = ''] = await look('cap_drop: [NET_RAW]', [status('CapEff'), status('CapBnd')]);
	for (const mask of [effective, bound]) expect([NET_RAW, NET_BIND_SERVICE].map(number => has(mask, number))).toEqual([false, true]);
	expect(await look('cap_drop: [ALL]', ['CapEff', 'CapPrm', 'CapBnd'].map(status))).toEqual(Array(3).fill('0'.repeat(16)));
});

it('makes a service a likelier victim than PID 1 when memory runs out', async () => {
	const [service, init] = await look('', [oomScore, sh(() => 'cat /proc/1/oom_score_adj')]);
	expect(Number(service)).toBeGreaterThan(Number(init));
});

it.each<readonly [string, RegExp]>([
	['ulimits: {nofile: 100000000}', /limit.*: operation not permitted/],
	['nice: -5', /(nice|priority).*: (permission denied|operation not permitted)/],
	['oom_score_adj: -500', /oom_score_adj.*: permission denied/],
	['group_add: [4321]', /groups.*: operation not permitted/],
	['cap_add: [NET_BIND_SERVICE]', /capabilit.*: operation not permitted/],
	['user: nobody', /(user|group).*: operation not permitted/],
])('%s cannot be had in a container of an ordinary user, and the service says so', async (keys, reason) => {
	await using box = await boot({image: 'plain', user: '12345', config: `
services:
  it: {command: sleep 1000000, ${keys}}
  other: {command: sleep 1000000}
`});
	const {note} = await box.comesTo('it', 'failed');
	expect(note).toMatch(reason);
	await box.pid('other');
	expect(await box.log()).toMatch(reason);
});

it.each<readonly [string, Look, string]>([
	['ulimits: {nofile: {soft: 123, hard: 456}}', limit('Max open files'), '123 456'],
	['nice: 7', nice, '7'],
	['oom_score_adj: 500', oomScore, '500'],
	['no_new_privileges: true', status('NoNewPrivs'), '1'],
	['ionice: idle', sh(pid => `ionice -p ${pid}`), 'idle'],
])('%s needs no privilege', async (keys, where, expected) => {
	expect(await look(keys, [where], {user: '12345'})).toEqual([expected]);
});
