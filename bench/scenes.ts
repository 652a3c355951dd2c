/** What is done with a supervisor in one go: boots, and what is measured between two boots. */
import {type Found, merge, NOTHING, type Place, refuse} from './findings.ts';
import type {Kit} from './kit.ts';
import {CRASH_ROWS, measureCrash} from './measures/crash.ts';
import {IDLE_ROWS, measureIdle} from './measures/idle.ts';
import {measureLogFile, measureLogPipe} from './measures/log.ts';
import {measureMemory} from './measures/memory.ts';
import {measureOrphans} from './measures/orphans.ts';
import {measureRequests} from './measures/requests.ts';
import {measureSize, SIZE_ROWS} from './measures/size.ts';
import {measureStatus} from './measures/status.ts';
import {measureStop} from './measures/stop.ts';
import {measureUp} from './measures/up.ts';
import {type Count, MIDDLE, ROWS} from './rows.ts';
import type {Supervisor} from './supervisors/supervisor.ts';
import {boot, settle} from './world.ts';

export interface Scene {
	readonly title: string;
	/** What it can find out, by row. */
	readonly rows: readonly string[];
	/** How often it is made in a run of `repeats`. */
	times(repeats: number): number;
	/** `wants` says whether a row is to be measured this time. */
	play(kit: Kit, place: Place, supervisor: Supervisor, wants: (row: string) => boolean): Promise<Found>;
}

/** What is slow and steady is not measured as often as the rest. */
const few = (repeats: number): number => Math.ceil(repeats / 3);

function services(count: Count): Scene {
	const isMiddle = count === MIDDLE;
	const rows: readonly string[] = [
		...['up', 'private', 'dirty', 'pss', 'status'].map(name => `${name}-${count}`),
		...(isMiddle ? [...IDLE_ROWS, 'requests', ...CRASH_ROWS, 'stop'] : []),
	];
	return {
		title: `${count} services`,
		rows: rows.filter(id => ROWS.some(row => row.id === id)),
		times: repeats => (count > MIDDLE ? few(repeats) : repeats),
		async play(kit, place, supervisor, wants) {
			const started = await boot(kit, place, supervisor, {program: 'beacon', count});
			if (!started.ok) return refuse(rows.filter(wants), started.error);
			await using world = started.value;
			const found = [await measureUp(kit, world, count)];
			const why = found[0]?.refusals[`up-${count}`];
			if (why !== undefined) return refuse(rows.filter(wants), why);
			if (!rows.some(row => row !== `up-${count}` && wants(row))) return merge(found);
			await settle(world);
			if (wants(`private-${count}`)) found.push(measureMemory(world, count));
			if (wants('switches')) found.push(await measureIdle(world));
			if (wants(`status-${count}`)) found.push(await measureStatus(kit, world, count));
			if (wants('requests')) found.push(await measureRequests(kit, world));
			if (wants('crash')) found.push(await measureCrash(kit, world));
			if (wants('stop')) found.push(await measureStop(kit, world));
			return merge(found);
		},
	};
}

const orphans: Scene = {
	title: 'orphans',
	rows: ['orphans'],
	times: repeats => repeats,
	async play(kit, place, supervisor) {
		const started = await boot(kit, place, supervisor, {program: 'beacon', count: 1});
		if (!started.ok) return refuse(['orphans'], started.error);
		await using world = started.value;
		const isUp = await world.witness.until(signs => signs.some(({kind}) => kind === 'born'), 20_000, world.isOver);
		if (!isUp) return refuse(['orphans'], `its service was not started: ${world.lastWords()}`);
		return await measureOrphans(kit, world);
	},
};

const logs: Scene = {
	title: 'logs',
	rows: ['log-file', 'log-lines', 'log-pipe'],
	times: few,
	async play(kit, place, supervisor, wants) {
		const found: Found[] = [];
		for (const id of ['log-file', 'log-lines'] as const) if (wants(id)) found.push(await measureLogFile(kit, place, supervisor, id));
		if (wants('log-pipe')) found.push(await measureLogPipe(kit, place, supervisor));
		return merge(found);
	},
};

const sizes: Scene = {
	title: 'sizes',
	rows: SIZE_ROWS,
	times: () => 1,
	play: (kit, place, supervisor) => (place === 'namespace' ? measureSize(kit, supervisor) : Promise.resolve(NOTHING)),
};

/** What is slow and seldom comes last, should time run out. */
export const SCENES: readonly Scene[] = [sizes, services(20), services(500), orphans, logs, services(2000)];

/** Rows that are not measured each time that their scene is made. */
export const SELDOM: Readonly<Record<string, (repeats: number) => number>> = {switches: few, cpu: few};
