/**
 * `npm run bench:web`: how soon PID 1 restarts a service while clients that mean harm sit at its helper `archon.web`. Writes
 * bench/results/web.json and then the table of it in docs/explained/performance.md. Needs a build and root, and takes a minute.
 *
 * The clients are a process of their own (`node bench/web.ts clients PORT KIND`). They share the machine's processors with archon, so
 * that the same number of them is also put at a server which is not archon's: what is more than by that is archon's own.
 */
import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {constants, existsSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync} from 'node:fs';
import {connect, createServer, Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {undo} from '../scripts/undo.ts';
import {lookAtMachine} from './machine.ts';
import {median, quantile} from './statistics.ts';
import type {RestartTimes, WebFigures} from './web-figures.ts';

const root = join(import.meta.dirname, '..');
const ARCHON = join(root, 'dist', 'archon');
const RESULTS = join(import.meta.dirname, 'results', 'web.json');
/**
 * Clients; restarts that are measured for each kind, after a few that are not; and the pause between two, in milliseconds: a service that
 * crashes more often than that for long is held back.
 */
const [CLIENTS, RESTARTS, BEFORE, PAUSE] = [1000, 150, 20, 60];
/** How long a client that was cut off stays away, in milliseconds. */
const AWAY = 1000;
const [PORT, OTHER] = [9180, 9181];

const HOST = 'Host: localhost\r\n';
/** Slow: nothing is ever finished. Hostile: each comes again with something wrong or much as soon as it may. */
const SLOW = [
	'', `GET /livez HTTP/1.1\r\n${HOST}X: `,
	`POST /login HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{`,
];
const HOSTILE = [
	...SLOW, `GET /livez HTTP/1.1\r\n${HOST}\r\n`.repeat(50), `GET /api/v1/events HTTP/1.1\r\n${HOST}\r\n`, 'x'.repeat(20_000),
	`GET /livez HTTP/1.1\r\n${HOST}Authorization: Bearer a-token-that-is-wrong\r\n\r\n`, '\x16\x03\x01\x02\0\x01\0\xfc',
];

if (process.argv[2] === 'clients') {
	attack(Number(process.argv[3]), process.argv[4] === 'slow' ? SLOW : HOSTILE);
} else {
	await measure();
}

function attack(port: number, texts: readonly string[]): void {
	let connected = 0;
	const begin = (index: number): void => {
		const socket = connect(port, '127.0.0.1', () => {
			if (++connected === CLIENTS) process.stdout.write('here\n');
			socket.write(texts[index % texts.length] ?? '', 'latin1');
		});
		// A third takes nothing of what it is sent.
		if (index % 3 !== 0) socket.resume();
		socket.on('error', () => {});
		socket.on('close', () => setTimeout(begin, AWAY, index));
	};
	for (let index = 0; index < CLIENTS; index++) begin(index);
}

async function measure(): Promise<void> {
	if (!existsSync(ARCHON)) {
		process.stderr.write('bench: dist/archon is not there: npm run build\n');
		process.exit(1);
	}
	const folder = mkdtempSync(join(tmpdir(), 'bench-web-'));
	undo(() => rmSync(folder, {recursive: true, force: true}));
	const [up, down, config] = [join(folder, 'up'), join(folder, 'down'), join(folder, 'archon.yaml')];
	execFileSync('mkfifo', [up, down]);
	writeFileSync(config, `web: {listen: "127.0.0.1:${PORT}"}
services:
  app:
    command: ["sh", "-c", "echo > ${up}; read line < ${down}; exit 3"]
    restart: {policy: always, delay: 0s, max_delay: 0s, attempts: unlimited}
`);
	// Both ends, so that no open waits for another.
	const words = new Socket({fd: openSync(up, constants.O_RDWR | constants.O_NONBLOCK), readable: true, writable: false});
	const end = openSync(down, constants.O_RDWR | constants.O_NONBLOCK);
	undo(() => words.destroy());
	const archon = spawn('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', ARCHON, '-c', config], {stdio: 'ignore'});
	undo(() => archon.kill('SIGKILL'));
	await once(words, 'data');
	const other = createServer(socket => void socket.on('error', () => {}).resume()).listen(OTHER, '127.0.0.1');

	async function restarts(clients: string): Promise<RestartTimes> {
		const samples: number[] = [];
		for (let i = -BEFORE; i < RESTARTS; i++) {
			await sleep(PAUSE);
			const began = performance.now();
			const said = once(words, 'data');
			writeSync(end, '\n');
			await said;
			if (i >= 0) samples.push(performance.now() - began);
		}
		return {clients, median: median(samples), p99: quantile(samples, 0.99)};
	}

	async function during(clients: string, port: number, kind: 'slow' | 'hostile'): Promise<RestartTimes> {
		const args = [import.meta.filename, 'clients', String(port), kind];
		const child: ChildProcess = spawn(process.execPath, args, {stdio: ['ignore', 'pipe', 'inherit']});
		undo(() => child.kill('SIGKILL'));
		if (child.stdout) await once(child.stdout, 'data');
		const times = await restarts(clients);
		child.kill('SIGKILL');
		await once(child, 'exit');
		return times;
	}

	const machine = lookAtMachine();
	const times = [
		await restarts('none'),
		await during(`${CLIENTS} slow ones`, PORT, 'slow'),
		await during(`${CLIENTS} slow and hostile ones`, PORT, 'hostile'),
		await during(`none; ${CLIENTS} slow and hostile ones at another server`, OTHER, 'hostile'),
		await restarts('none, again'),
	];
	other.close();
	archon.kill('SIGKILL');
	await once(archon, 'exit');
	const results: WebFigures = {machine, times};
	writeFileSync(RESULTS, `${JSON.stringify(results, null, '\t')}\n`);
	const figure = (value: number): string => value.toFixed(2).padStart(8);
	for (const {clients, median, p99} of times) process.stdout.write(`${figure(median)} ${figure(p99)} ms  ${clients}\n`);
	execFileSync('npm', ['run', '-s', 'docs'], {cwd: root, stdio: 'inherit'});
	process.exit();
}
