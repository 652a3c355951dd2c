/** A status never shows a dead process as running, however soon after its end it is asked for. */
import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

const CONFIG = `
start_rate: {per_second: 10000, burst: 10000}
services:
  web: {command: sleep 1000000, restart: {policy: always, delay: 0s, attempts: unlimited}}
`;

/** The only child, as this machine sees it. */
function childOf({pid}: Archon): number {
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
	expect(children).toHaveLength(1);
	expect(Number(children[0])).toBeGreaterThan(1);
	return Number(children[0]);
}

/** Whether the process has ended, reaped or not. */
function isDead(pid: number): boolean {
	try {
		return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/, ''));
	} catch {
		return true;
	}
}

function kill(pid: number): void {
	process.kill(pid, 'SIGKILL');
	while (!isDead(pid));
}

const field = (line: string | undefined, at: number): string => line?.split(',')[at] ?? '';

test('over a kept connection, 700 times', {timeout: 120_000}, async () => {
	await using archon = await boot({config: CONFIG});
	await archon.status();
	const wire = await archon.connect();
	const ask = async (): Promise<string> => {
		wire.send('Status,web\n');
		const [row = '', reply] = await wire.lines(2);
		expect(reply).toBe('Ok');
		return row;
	};
	/** Pids in the namespace of those that were killed. */
	const dead = new Set<string>();
	for (let time = 0; time < 700; time++) {
		let row = await ask();
		while (field(row, 2) !== 'running') row = await ask();
		expect(dead.has(field(row, 3)), row).toBe(false);
		dead.add(field(row, 3));
		kill(childOf(archon));
		const after = await ask();
		expect(dead.has(field(after, 3)), `${row}, and after its end ${after}`).toBe(false);
	}
	expect((await archon.status())['web']?.restarts).toBe(700);
});

test('by archonctl, 300 times', {timeout: 120_000}, async () => {
	await using archon = await boot({config: CONFIG});
	const dead = new Set<number>();
	const ask = async () => (await archon.status())['web'];
	for (let time = 0; time < 300; time++) {
		let web = await ask();
		while (web?.status !== 'running') web = await ask();
		expect(dead.has(web.pid ?? 0)).toBe(false);
		dead.add(web.pid ?? 0);
		kill(childOf(archon));
		const after = await ask();
		expect(dead.has(after?.pid ?? 0), `${time}: ${JSON.stringify(web)}, and after its end ${JSON.stringify(after)}`).toBe(false);
	}
});
