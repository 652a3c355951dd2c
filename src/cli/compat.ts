/** supervisord's names for the states of a service, and the lines that `supervisorctl status` prints of it. */
import type {StatusRow} from '../control/requests/status/wire.ts';

export type SupervisorState = 'STOPPED' | 'STARTING' | 'RUNNING' | 'BACKOFF' | 'STOPPING' | 'EXITED' | 'FATAL' | 'UNKNOWN';

const STATES: ReadonlyMap<string, SupervisorState> = new Map([
	['stopped', 'STOPPED'],
	// supervisord knows no dependencies: a service that waits for one is starting.
	['waiting', 'STARTING'],
	['starting', 'STARTING'],
	['running', 'RUNNING'],
	// Nor does it probe processes.
	['unhealthy', 'RUNNING'],
	['backoff', 'BACKOFF'],
	['stopping', 'STOPPING'],
	['exited', 'EXITED'],
	['failed', 'FATAL'],
]);

/** To supervisord a program that had been up has only exited, however badly; FATAL is what cannot be started. */
export const supervisorState = ({status, note}: Pick<StatusRow, 'status' | 'note'>): SupervisorState =>
	(status === 'failed' && ENDED.test(note) ? 'EXITED' : STATES.get(status) ?? 'UNKNOWN');

/** A note of nothing but the end of a process. */
const ENDED = /^(exit status \d+|SIG\S+)( \([\w ]+\))?$/;

/** `web:0   RUNNING   pid 12, uptime 0:03:12` for each; `now` is in milliseconds since 1970. */
export function renderSupervisor(rows: readonly StatusRow[], now: number): string {
	const names = rows.map(nameOf);
	const width = names.reduce((width, name) => Math.max(width, name.length), 30) + 3;
	return rows.map((row, index) => {
		const state = supervisorState(row);
		return `${`${names[index]?.padEnd(width)}${state.padEnd(10)}${describe(row, state, now)}`.trimEnd()}\n`;
	}).join('');
}

/** With the group before it; the instances of a service have their service there already. */
const nameOf = ({name, groups: [group]}: StatusRow): string => (group === undefined || name.includes(':') ? name : `${group}:${name}`);

function describe({pid, since, exit, note}: StatusRow, state: SupervisorState, now: number): string {
	switch (state) {
		case 'RUNNING': return `pid ${pid ?? 0}, uptime ${uptime(now - since)}`;
		case 'FATAL':
		case 'BACKOFF': return note;
		case 'STOPPED':
		case 'EXITED': return exit === null ? 'Not started' : date(new Date(since));
		default: return '';
	}
}

/** `0:03:12`, `1 day, 2:00:00`, `12 days, 0:00:01`: as Python prints a timedelta. */
function uptime(millis: number): string {
	const seconds = Math.max(0, Math.floor(millis / 1000));
	const days = Math.floor(seconds / 86_400);
	const clock = [Math.floor(seconds / 3600) % 24, two(Math.floor(seconds / 60) % 60), two(seconds % 60)].join(':');
	return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Nov 21 10:03 AM`, in the user's time zone. */
function date(at: Date): string {
	const hours = at.getHours();
	const clock = `${two(hours % 12 === 0 ? 12 : hours % 12)}:${two(at.getMinutes())} ${hours < 12 ? 'AM' : 'PM'}`;
	return `${MONTHS[at.getMonth()] ?? ''} ${two(at.getDate())} ${clock}`;
}

const two = (number: number): string => String(number).padStart(2, '0');
