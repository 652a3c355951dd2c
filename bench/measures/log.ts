/** How fast lines of 100 bytes get from a service to where they are to be, and whether all of them do. */
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {execa} from 'execa';
import {type Found, NOTHING, type Place, refuse} from '../findings.ts';
import type {Kit} from '../kit.ts';
import type {Supervisor} from '../supervisors/supervisor.ts';
import {now} from '../witness.ts';
import {boot, type World} from '../world.ts';

const LINE = 100;
const PATIENCE = 60_000;

/** Nothing comes any more when nothing has for so long. */
const SILENCE = 1500;

type Id = 'log-file' | 'log-lines' | 'log-pipe';

/** One by one they take longer. */
const mebibytes = ({choice}: Kit, id: Id): number => (choice.isQuick ? 64 : 256) / (id === 'log-lines' ? 4 : 1);
const lines = (kit: Kit, id: Id): number => Math.floor((mebibytes(kit, id) * 2 ** 20) / LINE);

/** 64 KiB, but for the line ends. */
const TOGETHER = 655;

/** Small enough to be rotated many times, and enough of them that nothing has to be removed. */
const ROTATION = {size: 8 * 2 ** 20, files: 64};

export async function measureLogFile(kit: Kit, place: Place, supervisor: Supervisor, id: 'log-file' | 'log-lines'): Promise<Found> {
	if (!supervisor.logs.includes('file')) return refuse([id], 'has no such thing');
	const started = await boot(kit, place, supervisor, {
		program: 'writer', count: 1, mebibytes: mebibytes(kit, id), lines: id === 'log-lines' ? 1 : TOGETHER, log: {kind: 'file', ...ROTATION},
	});
	if (!started.ok) return refuse([id], started.error);
	await using world = started.value;
	const folder = join(world.job.folder, 'log');
	const isBegun = await world.witness.until(signs => signs.some(({kind}) => kind === 'writing'), 20_000, world.isOver);
	if (!isBegun) return refuse([id], `the writer was not started: ${world.lastWords()}`);
	const ended = await grown(world, folder, lines(kit, id) * LINE);
	const files = readdirSync(folder).map(name => join(folder, name));
	const {stdout} = await execa(kit.program('tally'), [String(lines(kit, id)), ...files], {timeout: PATIENCE});
	return tell(id, kit, Number(stdout.split(' ')[0]), ended - begin(world));
}

const begin = ({witness}: World): number => witness.signs.find(({kind}) => kind === 'writing')?.at ?? 0;

/** When the files had this many bytes, or stopped growing after the writer was done. */
async function grown(world: World, folder: string, wanted: number): Promise<number> {
	let [size, at] = [0, now()];
	const end = at + PATIENCE;
	while (now() < end && !world.isOver()) {
		const found = sizeOf(folder);
		if (found !== size) [size, at] = [found, now()];
		const isWritten = await world.witness.until(signs => signs.some(({kind}) => kind === 'written'), 0);
		if (isWritten && (size >= wanted || now() - at > SILENCE)) break;
		await sleep(2);
	}
	return at;
}

function sizeOf(folder: string): number {
	let sum = 0;
	for (const name of readdirSync(folder)) sum += statSync(join(folder, name), {throwIfNoEntry: false})?.size ?? 0;
	return sum;
}

export async function measureLogPipe(kit: Kit, place: Place, supervisor: Supervisor): Promise<Found> {
	if (!supervisor.logs.includes('pipe')) return refuse(['log-pipe'], 'has no such thing');
	const to = join(kit.folder, `pipe-${supervisor.name}-${Math.trunc(now())}`);
	execFileSync('mkfifo', [to]);
	// Opened by the shell: that waits for PID 1, and Node's own pipes are sockets.
	using tally = spawn('sh', ['-c', 'exec "$0" "$1" <"$2"', kit.program('tally'), String(lines(kit, 'log-pipe')), to], {
		stdio: ['ignore', 'pipe', 'ignore'], timeout: PATIENCE, killSignal: 'SIGKILL',
	});
	let counted = '';
	tally.stdout.on('data', (data: Buffer) => void (counted += data.toString()));
	const over = once(tally, 'close');
	const started = await boot(kit, place, supervisor, {
		program: 'writer', count: 1, mebibytes: mebibytes(kit, 'log-pipe'), lines: TOGETHER, log: {kind: 'pipe', to},
	});
	if (!started.ok) return refuse(['log-pipe'], started.error);
	await using world = started.value;
	await over;
	await world.witness.until(() => true, 0);
	const [found = 0, at = 0] = counted.split(' ').map(Number);
	return tell('log-pipe', kit, found, at / 1e6 - begin(world));
}

/** What did not arrive counts neither as bytes nor in silence. */
function tell(id: Id, kit: Kit, found: number, milliseconds: number): Found {
	if (found === 0) return refuse([id], 'no line arrived');
	const lost = 1 - found / lines(kit, id);
	const notes = lost === 0 ? [] : [`${id === 'log-pipe' ? 'stdout' : 'files'}: ${(lost * 100).toFixed(1)} % of the lines did not arrive`];
	return {...NOTHING, samples: {[id]: [(found * LINE) / milliseconds / 1000]}, notes};
}
