/** Who a process is, and who it is taken for: its groups, who speaks for a service, and numbers that are another's by now. */
import {execa} from 'execa';
import {chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';
import {character} from './characters.ts';

const isRoot = process.getuid?.() === 0;

let [folder, herald] = ['', ''];
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'archon-identity-'));
	chmodSync(folder, 0o777);
	herald = await character('herald');
});
afterAll(() => rmSync(folder, {recursive: true}));

/** YAML takes JSON, and two dollars for one. */
const config = (services: Readonly<Record<string, object>>): string => JSON.stringify({services}).replaceAll('$', '$$$$');

const sh = (script: string): string[] => ['sh', '-c', script];
const IDLE = ['sleep', '1000000'];

/** Runs a command in archon's namespaces, as `docker exec` does. */
const inside = ({pid}: Archon, ...command: readonly string[]) => execa('nsenter', [`--target=${pid}`, '--pid', '--mount', '--', ...command]);

test.runIf(isRoot)('who becomes another user has that one\'s groups and none of archon\'s', async () => {
	const show = (name: string): string[] => sh(`echo ${name}: $(sed -n 's/^Groups:[[:space:]]*//p' /proc/self/status) end; exec sleep 1000000`);
	await using archon = await boot({
		wrapper: ['setpriv', '--groups=0,4242,4243'],
		config: config({
			same: {command: show('same')},
			named: {command: show('named'), user: 'nobody'},
			grouped: {command: show('grouped'), user: 'nobody:4244'},
			numbered: {command: show('numbered'), user: '4245:4246', post_start: [sh(`echo hook: $(sed -n 's/^Groups:[[:space:]]*//p' /proc/self/status) end`)]},
			added: {command: show('added'), user: 'nobody', group_add: ['4247']},
		}),
	});
	await archon.says(/same: 0 4242 4243 end/);
	await archon.says(/named: 65534 end/);
	await archon.says(/grouped: 4244 end/);
	await archon.says(/numbered: 4246 end/);
	await archon.says(/hook: 4246 end/);
	await archon.says(/added: 4247 65534 end/);
	expect(/^Groups:\s*(.*?)\s*$/m.exec(readFileSync(`/proc/${archon.pid}/status`, 'utf8'))?.[1]).toBe('0 4242 4243');
});

test.runIf(isRoot)('a user may have a number of all 32 bits', async () => {
	await using archon = await boot({
		config: config({high: {command: sh('echo high: $(id -u) $(id -g) $(id -G) end; exec sleep 1000000'), user: '3000000000:3000000001'}}),
	});
	await archon.says(/high: 3000000000 3000000001 3000000001 end/);
});

describe('who speaks for a service by sd_notify(3)', () => {
	const talker = (address: string, ...words: readonly string[]) => ({
		command: sh(`echo $NOTIFY_SOCKET > ${address}.new; mv ${address}.new ${address}; exec ${herald} ${words.join(' ')}`), ready: 'notify', start_timeout: '1h',
	});

	test('is one of its processes: neither another service, nor another user, nor anybody from outside', async () => {
		const [address, gate] = [join(folder, 'address'), join(folder, 'gate')];
		const lie = `NOTIFY_SOCKET=$(cat ${address}) exec ${herald} READY=1 STATUS=lies`;
		await using archon = await boot({config: config({
			talker: {...talker(address, 'pause')},
			liar: {command: sh(`until [ -e ${address} ]; do sleep 0.02; done; ${lie} pause`)},
			honest: {command: sh(`until [ -e ${gate} ]; do sleep 0.02; done; exec ${herald} READY=1 STATUS=truth pause`), ready: 'notify', start_timeout: '1h'},
		})});
		await archon.says(/a process that is not of talker \(pid \d+\) spoke for it: ignored/);
		await execa('sh', ['-c', lie]);
		if (isRoot) await execa('nsenter', [`--target=${archon.pid}`, '--pid', '--mount', '--', 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'sh', '-c', lie]);
		// What was said before on other sockets is heard by the time that this one is.
		writeFileSync(gate, '');
		await expect.poll(async () => (await archon.status())['honest']?.status).toBe('running');
		const text = (await archon.ctl('status')).stdout;
		expect(text).toMatch(/talker +starting/);
		expect(text).toContain('truth');
		expect(text).not.toContain('lies');
	});

	test('is any of its own, whatever its user', async () => {
		const address = join(folder, 'own');
		await using archon = await boot({config: config({
			talker: {...talker(address, 'fork', 'READY=1', 'STATUS=child', 'pause'), ...isRoot && {user: 'nobody', environment_base: 'clean'}}, other: {command: IDLE},
		})});
		await expect.poll(async () => (await archon.status())['talker']?.status).toBe('running');
		await expect.poll(async () => (await archon.ctl('status')).stdout).toContain('child');
	});
});

test.runIf(isRoot)('a number that is another\'s by the time that archon is re-executed is not taken for the service, and is not signalled', async () => {
	// A main process that is not archon's own child: another process reaps it.
	await using archon = await boot({config: config({
		heir: {command: [herald, 'fork', 'main', 'READY=1', 'pause'], ready: 'notify'}, other: {command: IDLE},
	})});
	const [, first = ''] = await archon.says(/started heir \(pid (\d+)\)/);
	await expect.poll(async () => (await archon.status())['heir']?.pid).not.toBe(Number(first));
	await expect.poll(async () => (await archon.status())['heir']?.status).toBe('running');
	const pid = (await archon.status())['heir']?.pid ?? 0;
	archon.signal('SIGSTOP');
	await inside(archon, 'kill', '-KILL', String(pid));
	await expect.poll(async () => (await inside(archon, 'ps', '-e', '-o', 'pid=')).stdout.split(/\s+/)).not.toContain(String(pid));
	// The next one that is made has the number (ns_last_pid, proc_sys_kernel(5)), and what it makes has none of this.
	const started = join(folder, 'stranger');
	const stranger = inside(archon, 'sh', '-c', `
		until [ "$(cat ${started} 2> /dev/null)" = ${pid} ]; do
			[ -z "$last" ] || kill -KILL $last
			echo ${pid - 1} > /proc/sys/kernel/ns_last_pid
			sleep 1000007 &
			last=$!
			echo $last > ${started}
		done
		wait`);
	stranger.catch(() => {});
	await expect.poll(() => existsSync(started) && readFileSync(started, 'utf8').trim()).toBe(String(pid));
	archon.signal('SIGSEGV');
	archon.signal('SIGCONT');
	await archon.says(/was re-executed/);
	await archon.says(/heir (exited|was killed)/);
	await expect.poll(async () => (await archon.status())['heir']).toMatchObject({status: 'running', restarts: 1});
	expect((await archon.status())['heir']?.pid).not.toBe(pid);
	expect((await archon.ctl('stop', 'heir')).status).toBe(0);
	expect((await inside(archon, 'ps', '-o', 'args=', '-p', String(pid))).stdout.trim()).toBe('sleep 1000007');
	// PID 1 ends whatever is in its namespace, in the end.
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	await stranger.catch(() => {});
});
