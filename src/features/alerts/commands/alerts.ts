/** `archonctl alerts`. */
import {type Command, EXIT, type Io} from '../../../cli/command.ts';
import {printJson, rowsOf, usageError} from '../../../cli/reply.ts';
import type {Client} from '../../../control/client.ts';
import {plainText} from '../../../core/plain.ts';
import {ALERTS_ROW, ALERTS_STATUS} from '../requests/alerts-status/wire.ts';
import {ALERTS_TEST, TRIED_ROW} from '../requests/alerts-test/wire.ts';

export const alerts: Command = {
	name: 'alerts',
	usage: '[--json] [test | status] [RECEIVER]',
	summary: 'show who is told of what goes wrong, and try it',
	details: [
		'status, the default: each receiver of the config, what waits for it, and why the last attempt has failed.',
		'test: sends a message for trial to a receiver, or to all of them; ends with 1 if one could not be told.',
	],
	options: [{names: ['--json'], value: null, help: 'a list of objects'}],
	least: 0,
	most: 2,
	endsOptions: false,
	examples: ['archonctl alerts', 'archonctl alerts test', 'archonctl alerts test ops'],
	run({operands}, io, reach) {
		const [what = 'status', name] = operands;
		if (what === 'test') return reach(client => test(client, name, io));
		if (what !== 'status') return usageError(io, `alerts ${what}: status or test`);
		return name === undefined ? reach(client => status(client, io)) : usageError(io, 'alerts status: takes no receiver');
	},
};

function test(client: Client, name: string | undefined, io: Io): number {
	const rows = rowsOf(client, ALERTS_TEST, name === undefined ? [] : [name], io);
	if (!rows.ok) return rows.error;
	const tried = rows.value.map(TRIED_ROW.decode);
	if (io.isJson) printJson(io, tried.map(({name, why}) => ({name, delivered: why === '', why: why === '' ? null : why})));
	else for (const {name, why} of tried) io.stdout(`${name}: ${why === '' ? 'delivered' : `not delivered: ${plainText(why)}`}\n`);
	return tried.every(({why}) => why === '') ? EXIT.ok : EXIT.refused;
}

function status(client: Client, io: Io): number {
	const rows = rowsOf(client, ALERTS_STATUS, [], io);
	if (!rows.ok) return rows.error;
	const all = rows.value.map(ALERTS_ROW.decode);
	if (io.isJson) {
		printJson(io, all.map(row => ({...row, why: row.why === '' ? null : row.why})));
		return EXIT.ok;
	}
	for (const {name, kind, state, firing, waiting, delivered, dropped, last, next, why} of all) {
		const facts = [
			`${delivered} delivered`, ...last === null ? [] : [`the last at ${moment(last)}`], ...firing > 0 ? [`${firing} firing`] : [],
			...waiting > 0 ? [`${waiting} waiting`] : [], ...dropped > 0 ? [`${dropped} given up`] : [],
			...next === null ? [] : [`next attempt at ${moment(next)}`],
		];
		io.stdout(`${name} (${kind}) ${state}: ${facts.join(', ')}${why === '' ? '' : `; ${plainText(why)}`}\n`);
	}
	return EXIT.ok;
}

/** In UTC, to the second: `2026-11-29 18:40:00Z`. */
const moment = (at: number): string => (Number.isFinite(at) ? new Date(at).toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z') : '?');
