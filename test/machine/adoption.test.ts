/** A PID 1 that has lost its memory knows its services again by the marks that they carry. */
import {execa} from 'execa';
import {openSync, readdirSync, readFileSync, readlinkSync, statSync, writeSync} from 'node:fs';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';
import {character} from './characters.ts';

/** Where the handoff begins: behind the head that is the fault handler's, at a page of its own. */
const HANDOFF = 4096;

const linkOf = (path: string): string => {
	try {
		return readlinkSync(path);
	} catch {
		return '';
	}
};

/** What archon wrote down for its next instance becomes nonsense. */
function damage({pid}: Archon): void {
	const folder = `/proc/${pid}/fd`;
	const fd = readdirSync(folder).find(name => linkOf(`${folder}/${name}`) === '/memfd:archon (deleted)');
	writeSync(openSync(`${folder}/${fd}`, 'r+'), Buffer.alloc(64, 'nonsense'), 0, 64, HANDOFF);
}

const LOST = /cannot use the state that it had saved: it is not one/;

/** Re-executed without memory; `meanwhile` is done while it sees nothing. */
async function forget(archon: Archon, meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
	archon.signal('SIGSTOP');
	await meanwhile();
	damage(archon);
	archon.signal('SIGSEGV');
	archon.signal('SIGCONT');
	await archon.says(LOST);
}

/** Runs a command in archon's namespaces, as `docker exec` does. */
const inside = ({pid}: Archon, ...command: readonly string[]) => execa('nsenter', [`--target=${pid}`, '--pid', '--mount', '--', ...command]);

const counted = (archon: Archon): number => Number([...archon.log().matchAll(/^speaker +\| (\d+)$/gm)].at(-1)?.[1] ?? 0);

const SPEAKER = 'sh -c "i=0; while :; do i=$$((i+1)); echo $$i; sleep 0.02; done"';

test('services go on, are heard and are ended, although nothing is known of them', async () => {
	await using archon = await boot({config: `services:
  speaker: {command: '${SPEAKER}'}
  silent: {command: sleep 1000000, logging: none, depends_on: [speaker]}
`});
	await archon.says(/^speaker +\| 3$/m);
	await archon.says(/started silent/);
	const before = await archon.status();
	await forget(archon);
	const after = await archon.status();
	for (const name of ['speaker', 'silent']) expect(after[name]).toMatchObject({status: 'running', pid: before[name]?.pid, restarts: 0});
	const count = counted(archon);
	await expect.poll(() => counted(archon)).toBeGreaterThan(count + 2);
	// And it is written down again.
	archon.signal('SIGSEGV');
	await archon.says(/re-executed: 2 services keep running/);
	expect((await archon.status())['speaker']?.pid).toBe(before['speaker']?.pid);
	await inside(archon, 'kill', '-9', String(before['speaker']?.pid));
	await archon.says(/speaker was killed by SIGKILL/);
	await expect.poll(async () => (await archon.status())['speaker']).toMatchObject({status: 'running', restarts: 1});
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toMatch(/stopped silent \(SIGTERM\)/);
	expect(archon.log()).toMatch(/stopped speaker \(SIGTERM\)/);
});

test('a service that ended meanwhile is started, and who merely has its variables is not taken for it', async () => {
	await using archon = await boot({config: `services:
  gone: {command: sleep 1000000}
  stays: {command: sleep 1000001}
`});
	await archon.says(/started stays/);
	const before = await archon.status();
	const {gone, stays} = before;
	const marks = (await execa('cat', [`/proc/${archon.pid}/root/proc/${stays?.pid}/environ`])).stdout.split('\0')
		.filter(word => word.startsWith('ARCHON_')).map(word => word.replace('=stays', '=gone'));
	const impostor = inside(archon, 'env', ...marks, 'setsid', 'sleep', '1000002');
	impostor.catch(() => {});
	await expect.poll(async () => (await inside(archon, 'ps', '-e', '-o', 'args')).stdout).toContain('sleep 1000002');
	await forget(archon, () => inside(archon, 'kill', '-9', String(gone?.pid)));
	await archon.says(/started gone[^]*started gone/);
	// It listens again, as nothing is known of the socket either.
	await expect.poll(() => archon.status().catch(() => ({}))).toMatchObject({stays: {status: 'running', pid: stays?.pid, restarts: 0}});
	const {pid} = (await archon.status())['gone'] ?? {};
	expect(readFileSync(`/proc/${archon.pid}/root/proc/${pid}/cmdline`, 'latin1')).toBe('sleep\x001000000\0');
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	await impostor.catch(() => {});
});

test('what a service has left to archon, also with a session of its own, is not taken for the service', async () => {
	await using archon = await boot({config: `services:
  mother:
    command: sh -c '(sleep 1000001 &); (setsid sleep 1000002 &); sleep 0.1; exec sleep 1000000'
    post_start: [sleep 1000003]
`});
	const commands = async (): Promise<string> => (await inside(archon, 'ps', '-e', '-o', 'ppid=,args=')).stdout;
	for (const which of [0, 1, 2, 3]) await expect.poll(commands).toMatch(new RegExp(`^ *1 sleep 100000${which}$`, 'm'));
	const pid = (await archon.status())['mother']?.pid;
	await forget(archon);
	expect((await archon.status())['mother']).toMatchObject({pid, restarts: 0});
	const {status} = await archon.ctl('stop', 'mother');
	expect(status).toBe(0);
	// All of them were its own.
	await expect.poll(commands).not.toMatch(/sleep 100000[012]/);
});

test('sockets of services that run are taken back: connections wait in them over a restart, and instances go on to share one', async () => {
	const greeter = await character('greeter');
	const port = 12_000 + process.pid % 1000 * 16 + 15;
	const path = join(tmpdir(), `archon-adoption-${process.pid}.sock`);
	await using archon = await boot({config: `services:
  web: {command: ${greeter}, scale: 2, sockets: ["127.0.0.1:${port}", "unix:${path}"]}
  other: {command: ${greeter}, sockets: ["[::1]:${port}"]}
`});
	await archon.says(/(handed [12][^]*){3}/);
	const {ino} = statSync(path);
	await forget(archon);
	expect((await archon.ctl('fds')).stdout.match(/stream/g)).toHaveLength(5);
	for (const name of ['web:0', 'web:1', 'other']) expect((await archon.ctl('restart', name)).status).toBe(0);
	await archon.says(/(handed [12][^]*){6}/);
	expect(statSync(path).ino).toBe(ino);
	expect(archon.log()).not.toMatch(/waits for port|cannot start/);
	expect((await archon.ctl('stop', 'web')).status).toBe(0);
	const client = connect(port, '127.0.0.1');
	const answer = new Promise<string>((resolve, reject) => void client.once('data', data => resolve(String(data))).once('error', reject));
	client.write('x');
	expect((await archon.ctl('start', 'web')).status).toBe(0);
	expect(await answer).toMatch(new RegExp(` 127.0.0.1:${port}\n| ${port}\n`));
	client.destroy();
});
