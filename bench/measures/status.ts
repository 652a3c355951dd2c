/** How long the command takes that shows all services, from its start to its end. */
import {execa} from 'execa';
import {type Found, NOTHING, refuse} from '../findings.ts';
import type {Kit} from '../kit.ts';
import {type Count, MIDDLE} from '../rows.ts';
import type {World} from '../world.ts';

const PATIENCE = 20_000;

/** supervisorctl and archonctl end with 3 where a service does not run, which says no less. */
const GOOD: readonly number[] = [0, 3];

export async function measureStatus(kit: Kit, {supervisor, job}: World, count: Count): Promise<Found> {
	const id = `status-${count}`;
	const command = supervisor.status?.(job);
	if (!command) return refuse([id], 'has none');
	const times: number[] = [];
	// The first is not counted: it reads the program from the disk.
	for (let time = 0; time <= (kit.choice.isQuick || count > MIDDLE ? 3 : 5); time++) {
		const {stdout, exitCode} = await execa(kit.program('stopwatch'), [...command], {reject: false, timeout: PATIENCE, stdin: 'ignore'});
		const [nanoseconds, status] = stdout.split(' ').map(Number);
		if (exitCode !== 0 || nanoseconds === undefined) return refuse([id], `no answer within ${PATIENCE / 1000} s`);
		if (!GOOD.includes(status ?? -1)) return refuse([id], `${command[0]} ended with ${status}`);
		if (time > 0) times.push(nanoseconds / 1e6);
	}
	return {...NOTHING, samples: {[id]: times}};
}
