/** `archonctl rules`. */
import {type Command, EXIT, type Io} from '../../../cli/command.ts';
import {printJson, rowsOf, usageError} from '../../../cli/reply.ts';
import type {Client} from '../../../control/client.ts';
import {plainText} from '../../../core/plain.ts';
import {RULE_ROW, RULES} from '../requests/rules/wire.ts';
import {RULES_RELOAD} from '../requests/rules-reload/wire.ts';
import {RULES_TEST, TRIED_ROW} from '../requests/rules-test/wire.ts';

export const rules: Command = {
	name: 'rules',
	usage: '[--json] [test | list | reload] [RULE] [FIELD=VALUE…]',
	summary: 'show, reload and try the rules in Lua',
	details: [
		'list, the default: each rule, how often its action was done, and how often it has failed.',
		'reload: reads the files again; disabled rules are enabled. Exits with 1 where a file is not in force.',
		'test: what a rule, or each, would do at an event with these fields; nothing of it is done. Fields are',
		'those of e: service, code, signal, pid, state, previous, line, path, port, open, reason. Exits with 1 where',
		'a rule fails.',
	],
	options: [{names: ['--json'], value: null, help: 'an object for each rule'}],
	least: 0,
	most: Infinity,
	endsOptions: false,
	examples: ['archonctl rules', 'archonctl rules reload', 'archonctl rules test event=exited service=web code=3'],
	run({operands}, io, reach) {
		const [what = 'list', ...rest] = operands;
		if (what === 'test') {
			const [first = ''] = rest;
			const [rule, fields] = first.includes('=') ? ['all', rest] : [first, rest.slice(1)];
			const hasEvent = fields.some(field => field.startsWith('event='));
			if (!hasEvent) return usageError(io, 'rules test needs more arguments: the event, as event=exited');
			return reach(client => test(client, [rule || 'all', ...fields], io));
		}
		if ((what !== 'list' && what !== 'reload') || rest.length > 0) return usageError(io, `rules ${operands.join(' ')}: list, reload or test`);
		return reach(client => list(client, what, io));
	},
};

function list(client: Client, what: 'list' | 'reload', io: Io): number {
	const found = rowsOf(client, what === 'list' ? RULES : RULES_RELOAD, [], io);
	if (!found.ok) return found.error;
	const rows = found.value.map(RULE_ROW.decode);
	const isBroken = rows.some(({state}) => state === 'broken');
	const status = what === 'reload' && isBroken ? EXIT.refused : EXIT.ok;
	if (io.isJson) {
		printJson(io, rows.map(({row, ...rule}) => ({...rule, failedInARow: row})));
		return status;
	}
	if (rows.length === 0) io.stdout('no rules\n');
	const good = rows.filter(({state}) => state !== 'broken');
	if (good.length > 0) {
		io.stdout(tableOf([TITLES, ...good.map(({name, state, done, failed, event, match, file}) =>
			[name, state, String(done), String(failed), event, match || '-', file].map(plainText))]));
	}
	for (const {name, state, file, error} of rows) {
		const what = state === 'broken' ? `${file} is not in force` : `${name}, its last error`;
		if (error !== '') io.stdout(`${plainText(`${what}: ${error}`)}\n`);
	}
	return status;
}

const TITLES = ['RULE', 'STATE', 'DONE', 'FAILED', 'EVENT', 'MATCH', 'FILE'];

function tableOf(rows: readonly (readonly string[])[]): string {
	const widths = TITLES.map((_, index) => Math.max(...rows.map(row => row[index]?.length ?? 0)));
	return rows.map(row => `${row.map((text, index) => text.padEnd(widths[index] ?? 0)).join('  ').trimEnd()}\n`).join('');
}

function test(client: Client, fields: readonly string[], io: Io): number {
	const found = rowsOf(client, RULES_TEST, fields, io);
	if (!found.ok) return found.error;
	const rows = found.value.map(TRIED_ROW.decode);
	const status = rows.some(({outcome}) => outcome.startsWith('failed')) ? EXIT.refused : EXIT.ok;
	if (io.isJson) {
		printJson(io, rows);
		return status;
	}
	for (const {name, outcome, asks} of rows) {
		io.stdout(`${plainText(name)}: ${plainText(outcome)}\n${asks.map(ask => `  ${plainText(ask)}\n`).join('')}`);
	}
	return status;
}
