/** `Wait`: until services have come to something, or will not by themselves. */
import {many, one, orEmpty, type Pages, PATTERN, type RequestOf, type RowForm, type Rows, type Type, wire} from '../../wire.ts';
import {SECONDS} from '../values.ts';

/**
 * `ready`: it is ready, or a oneshot has completed. `healthy`: and its health check passes, if it has one. `running`: it has
 * a process. `stopped`: it is at rest without a process. `exited`: the run that it had when it was asked has ended, or its last.
 */
export const GOALS = ['ready', 'healthy', 'running', 'stopped', 'exited'] as const;

export type Goal = (typeof GOALS)[number];

const GOAL: Type<Goal> = {takes: GOALS.join(', ').replace(/, (?=\w+$)/, ' or '), read: text => GOALS.find(known => known === text) ?? null};

export const WAIT = wire('wait', {
	names: many('name', PATTERN, 1), goal: one('for', GOAL),
	/** Null: for as long as it takes. */
	timeout: {...orEmpty('seconds', SECONDS), least: 1},
}, {verb: 'Wait', role: 'observe', isScoped: true, isRepeatable: true});

export type WaitRequest = RequestOf<typeof WAIT>;

const VERDICTS = ['reached', 'missed', 'late', 'open'] as const;

/** What has become of one service. */
export interface WaitRow {
	readonly name: string;
	readonly verdict: (typeof VERDICTS)[number];
	/** Empty: it was removed. */
	readonly status: string;
	/** Null: none of its processes has ended. */
	readonly exit: number | null;
	/** Why not; empty where it is reached. */
	readonly why: string;
}

export const WAIT_ROW: Rows<WaitRow> = {
	encode: ({name, verdict, status, exit, why}) => [name, verdict, status, exit === null ? '' : String(exit), why],
	decode: ([name = '', verdict = '', status = '', exit = '', why = '']) => ({
		name, verdict: VERDICTS.find(known => known === verdict) ?? 'missed', status,
		exit: exit === '' ? null : Number(exit), why,
	}),
};

const FORM: RowForm<WaitRow> = {
	means: 'what has become of a service: one row each, when all are reached, one is missed, or the time is over',
	columns: {
		name: 'the service',
		verdict: '`reached`; `missed`: it will not by itself; `late`: not in time; `open`: not yet, and another is missed',
		status: 'its status; empty: it was removed',
		exit: 'how its last process ended: the exit code, or 128 and the signal; empty: none has',
		why: 'why not, in words',
	},
};

export const pages: Pages = {
	Wait: {
		help: 'wait until services are ready, healthy, running or stopped, or their run has exited; or will not by themselves',
		rows: [FORM],
		reply: '`Ok` when all of them are; `Error` when one will not be, or the seconds are over; without seconds it waits as long as it takes',
		examples: [
			['Wait,web,ready,30', 'Row,web,reached,running,,', 'Ok'],
			['Wait,job,exited,', 'Row,job,reached,failed,3,', 'Ok'],
		],
	},
};
