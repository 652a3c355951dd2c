/**
 * Who is measured when: in each repeat, scene by scene, all supervisors one after the other, so that whatever the
 * machine does meanwhile hits all of them alike.
 */
import {createTally, type Entrant, type Found, type Outcome, type Place, refuse} from './findings.ts';
import type {Kit, Say} from './kit.ts';
import {lookAtMachine} from './machine.ts';
import {ROWS, shown} from './rows.ts';
import {type Scene, SCENES, SELDOM} from './scenes.ts';
import type {Supervisor} from './supervisors/supervisor.ts';
import {median} from './statistics.ts';
import {boot} from './world.ts';

export async function measure(kit: Kit, place: Place, supervisors: readonly Supervisor[], say: Say): Promise<Outcome> {
	const {choice: {repeats, minutes, only}} = kit;
	const [date, machine, began] = [new Date().toISOString(), lookAtMachine(), performance.now()];
	const seconds = (): number => (performance.now() - began) / 1000;
	const present = supervisors.filter(({name}) => kit.entrants.some(entrant => entrant.name === name && entrant.absent === null));
	const isAsked = (id: string): boolean => ROWS.some(row => row.id === id && only.includes(row.measure));
	const scenes = SCENES.filter(scene => scene.rows.some(isAsked));
	const tally = createTally();
	let made = 0;
	let isLate = false;
	for (let repeat = 1; repeat <= repeats && !isLate; repeat++) {
		for (const scene of scenes.filter(({times}) => repeat <= times(repeats))) {
			for (const supervisor of present) {
				isLate ||= seconds() > minutes * 60;
				if (isLate) break;
				const wants = (row: string): boolean =>
					scene.rows.includes(row) && isAsked(row) && !tally.isRefused(supervisor.name, row) && repeat <= (SELDOM[row]?.(repeats) ?? repeats);
				if (!scene.rows.some(wants)) continue;
				await warmUp(kit, place, supervisor);
				const found = await play(scene, kit, place, supervisor, wants);
				tally.enter(supervisor.name, found);
				const {samples, refusals} = found;
				say(`${repeat}/${repeats} ${scene.title} ${supervisor.name}: ${brief(samples, refusals)}`, {
					place, repeat, scene: scene.title, supervisor: supervisor.name, samples, refusals,
				});
			}
		}
		if (!isLate) made = repeat;
	}
	const late = isLate ? [`time was over in repeat ${made + 1} of ${repeats}`] : [];
	const entrants: readonly Entrant[] = kit.entrants;
	return {
		place, date, machine, wanted: repeats, made, seconds: seconds(), entrants, cells: tally.cells(),
		notes: [...kit.notes, ...late, ...tally.notes()],
	};
}

/** A scene that fails over a bug of the bench's costs its rows, and not the rest of the run. */
async function play(scene: Scene, kit: Kit, place: Place, supervisor: Supervisor, wants: (row: string) => boolean): Promise<Found> {
	try {
		return await scene.play(kit, place, supervisor, wants);
	} catch (error) {
		return refuse(scene.rows.filter(wants), `the bench failed: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
	}
}

/**
 * Started once more right before anything counts, so that no program comes from the disk: where much is measured
 * the last time may be minutes ago, and the system may have given the memory to others.
 */
async function warmUp(kit: Kit, place: Place, supervisor: Supervisor): Promise<void> {
	const count = Math.min(20, supervisor.most);
	const started = await boot(kit, place, supervisor, {program: 'beacon', count});
	if (!started.ok) return;
	await using world = started.value;
	await world.witness.until(signs => signs.filter(({kind}) => kind === 'born').length === count, 15_000, world.isOver);
}

const brief = (samples: Readonly<Record<string, readonly number[]>>, refusals: Readonly<Record<string, string>>): string => [
	...Object.entries(samples).map(([id, list]) => {
		const row = ROWS.find(one => one.id === id);
		return row ? `${id} ${shown(median(list), row)} ${row.unit}` : '';
	}),
	...new Set(Object.values(refusals)),
].join(', ');
