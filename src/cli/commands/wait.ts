/** `archonctl wait`. */
import {type Client, TRIES} from '../../control/client.ts';
import {GOALS, WAIT, WAIT_ROW, type WaitRow} from '../../control/requests/wait/wire.ts';
import {nearest} from '../../core/nearest.ts';
import {NAMES} from '../by-name.ts';
import {type Command, EXIT, type Io} from '../command.ts';
import {durationOf} from '../duration.ts';
import {tellReply, tellTrouble, usageError} from '../reply.ts';

/** That of timeout(1). */
const LATE = 124;

export const wait: Command = {
	name: 'wait',
	usage: `[--for ${GOALS.join('|')}] [--timeout DURATION] [--json] NAME...`,
	summary: 'wait until services are ready, or what else --for says',
	details: [
		'--for ready, the default: each is ready, or is a oneshot that has completed. healthy: and its healthcheck',
		'passes, if it has one. running: it has a process. stopped: it has none, and is not about to have one. exited:',
		'the run that it has now has ended, or its last one if it has none. It waits on when archon is re-executed.',
		'The exit status is 0 when all are; 1 when one will not be by itself: it has failed, or is stopped; 124 when',
		'the time is over.',
		NAMES,
	],
	options: [
		{names: ['--for'], value: GOALS.join('|'), help: 'what is waited for'},
		{names: ['--timeout'], value: 'DURATION', help: '30s, 1m30s; a bare number is seconds; else as long as it takes'},
		{names: ['--json'], value: null, help: 'one array: name, verdict, status, exit, why'},
	],
	least: 1,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl wait web db --timeout 30s', 'archonctl wait migrate --for exited'],
	run(args, io, reach) {
		const goal = args.values('--for').at(-1) ?? 'ready';
		if (!GOALS.some(known => known === goal)) {
			return usageError(io, `--for ${goal}: ${hintFor(goal)}`);
		}
		const given = args.values('--timeout').at(-1);
		const timeout = given === undefined ? null : durationOf(given);
		if (given !== undefined && (timeout === null || timeout >= MAX)) {
			return usageError(io, `--timeout ${given}: not a duration like 30s or 1m30s`);
		}
		return reach(client => ask(client, args.operands, goal, timeout, args.has('--json'), io));
	},
};

/** The longest time that the request takes, and what is long enough not to be what archon crashes of, in milliseconds. */
const [MAX, LONG] = [10_000_000_000, 10_000];

function hintFor(goal: string): string {
	const meant = nearest(goal, GOALS);
	return meant === null ? `it takes ${GOALS.join(', ')}` : `did you mean ${meant}?`;
}

/** Asks again with the time that is left when archon is re-executed. */
function ask(client: Client, names: readonly string[], goal: string, timeout: number | null, isJson: boolean, io: Io): number {
	const until = timeout === null ? null : Date.now() + timeout;
	for (let tries = 1;; tries++) {
		const began = Date.now();
		const rows: WaitRow[] = [];
		const left = until === null ? '' : String(Math.max(0, until - Date.now()) / 1000);
		const reply = client.listen(WAIT, [...names, goal, left], more => void rows.push(...more.map(WAIT_ROW.decode)));
		if (reply.ok) {
			if (isJson) io.stdout(`${JSON.stringify(rows, null, 2)}\n`);
			const status = tellReply(reply.value, io);
			return status === EXIT.refused && rows.some(({verdict}) => verdict === 'late') ? LATE : status;
		}
		if (reply.error.kind !== 'broken') return tellTrouble(reply.error, io);
		if (Date.now() - began > LONG) tries = 1;
		if (tries === TRIES || !client.reconnect()) return tellTrouble({...reply.error, kind: 'lost'}, io);
	}
}
