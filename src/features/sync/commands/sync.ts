/** `archonctl sync`. */
import {type Command, EXIT, type Io} from '../../../cli/command.ts';
import {printJson, rowsOf, usageError} from '../../../cli/reply.ts';
import type {Client} from '../../../control/client.ts';
import {plainText} from '../../../core/plain.ts';
import {SYNC, SYNCED_ROW} from '../requests/sync/wire.ts';
import {SYNC_ROW, SYNC_STATUS} from '../requests/sync-status/wire.ts';

const WHATS = ['status', 'now', 'rollback'];

export const sync: Command = {
	name: 'sync',
	usage: '[--json] [status | now | rollback]',
	summary: 'show and steer what is pulled from a master',
	details: [
		'status, the default: the release in force, when the master was looked at last, and what came of it.',
		'now: looks at the master at once, and returns when what it has is in force and its services are ready; also a',
		'release is taken that was held back.',
		'rollback: goes back to the release before, and holds this one back until the master has another one.',
	],
	options: [{names: ['--json'], value: null, help: 'one object: that of the status, or text'}],
	least: 0,
	most: 1,
	endsOptions: false,
	examples: ['archonctl sync', 'archonctl sync now', 'archonctl sync rollback'],
	run({operands}, io, reach) {
		const [what = 'status'] = operands;
		if (!WHATS.includes(what)) return usageError(io, `sync ${what}: one of ${WHATS.join(', ')}`);
		return reach(client => (what === 'status' ? status(client, io) : steer(client, what, io)));
	},
};

function steer(client: Client, what: string, io: Io): number {
	const rows = rowsOf(client, SYNC, [what], io);
	if (!rows.ok) return rows.error;
	const [text = ''] = rows.value.map(SYNCED_ROW.decode).map(({text}) => text);
	if (io.isJson) printJson(io, {text});
	else io.stdout(`${plainText(text)}\n`);
	return EXIT.ok;
}

function status(client: Client, io: Io): number {
	const rows = rowsOf(client, SYNC_STATUS, [], io);
	if (!rows.ok) return rows.error;
	const facts = new Map(rows.value.map(SYNC_ROW.decode).map(({fact, value}) => [fact, value]));
	const text = (fact: string): string | null => facts.get(fact) ?? null;
	const instant = (fact: string): number | null => (text(fact) === null ? null : Number(text(fact)));
	const others = text('others')?.split(' ') ?? [];
	const failed = text('failed') === 'yes';
	if (io.isJson) {
		printJson(io, {
			source: text('source'), dest: text('dest'), form: text('form'), version: text('version'), others, held: text('held'),
			doing: text('doing'),
			looked: instant('looked'), outcome: text('outcome'), failed, next: instant('next'), expires: instant('expires'),
		});
		return EXIT.ok;
	}
	const shown: readonly (readonly [string, string | null])[] = [
		['version', text('version') ?? 'none yet'], ['others', others.join(' ') || null], ['held back', text('held')],
		['source', `${text('source')} (${text('form')})`], ['dest', text('dest')], ['doing', text('doing')],
		['looked', moment(instant('looked'))], ['outcome', text('outcome')], ['next', moment(instant('next'))],
		['expires', moment(instant('expires'))],
	];
	io.stdout(shown.map(([name, value]) => (value === null ? '' : `${name.padEnd(10)} ${plainText(value)}\n`)).join(''));
	return EXIT.ok;
}

/** In UTC, to the second: `2026-11-29 18:40:00Z`. */
const moment = (at: number | null): string | null =>
	at === null || Number.isNaN(at) ? null : new Date(at).toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z');
