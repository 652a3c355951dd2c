/** The descriptions of requests: what they say about themselves is what they do. */
import {describe, expect, it, test} from 'vitest';
import {ABOUT} from '../../../scripts/docs/requests.ts';
import {createReader, type Fields} from '../../../src/control/records.ts';
import {decodeRequest, REQUESTS, wireOf} from '../../../src/control/registry.ts';
import {END_ROW} from '../../../src/control/requests/history/wire.ts';
import {RELOAD_ROW} from '../../../src/control/requests/reload/wire.ts';
import {STATUS_ROW} from '../../../src/control/requests/status/wire.ts';
import {TREE_ROW} from '../../../src/control/requests/tree/wire.ts';
import {USAGE_ROW} from '../../../src/control/requests/usage/wire.ts';
import {VERSION_ROW} from '../../../src/control/requests/version/wire.ts';
import {formOf, type RowForm, type Rows} from '../../../src/control/wire.ts';
import {decodeLogRow, encodeLogRow, type LogRow} from '../../../src/features/logging/requests/logs/rows.ts';

function fieldsOf(record: string): Fields {
	const [reading] = createReader().read(new TextEncoder().encode(`${record}\n`));
	if (reading?.kind !== 'record') throw new Error(`not a record: ${record}`);
	return reading.fields;
}

const formsOf = (verb: string): readonly RowForm[] => ABOUT.find(about => about.verb === verb)?.rows ?? [];

test('each verb is there once, with a line of help', () => {
	expect(REQUESTS.map(wire => `${formOf(wire)} · ${wire.role}${wireOf(wire.verb)?.isScoped ? ' (of some services)' : ''}${wire.isRepeatable ? ' · repeatable' : ''}`)).toMatchInlineSnapshot(`
		[
		  "Status[,<name>…] · observe (of some services) · repeatable",
		  "Health,<ready or live>[,<name>…] · observe (of some services) · repeatable",
		  "History,<name>… · observe (of some services) · repeatable",
		  "Tree[,<which>] · observe (of some services) · repeatable",
		  "Usage · observe (of some services) · repeatable",
		  "Metrics · observe (of some services) · repeatable",
		  "Logs[,<name>…][,<option>…] · observe (of some services) · repeatable",
		  "Subscribe[,<name>…][,<option>…] · observe (of some services) · repeatable",
		  "Wait,<name>…,<for>,<seconds> · observe (of some services) · repeatable",
		  "Why[,<name>…] · observe (of some services) · repeatable",
		  "Blame · observe (of some services) · repeatable",
		  "Graph · observe (of some services) · repeatable",
		  "Doctor · observe · repeatable",
		  "NeedsRestart[,<name>…] · observe (of some services) · repeatable",
		  "State · observe · repeatable",
		  "Start,<name>… · operate (of some services) · repeatable",
		  "Stop,<name>… · operate (of some services) · repeatable",
		  "Auto,<name>… · operate (of some services) · repeatable",
		  "Restart,<name>… · operate (of some services)",
		  "RunNow,<name>… · operate (of some services)",
		  "Reload[,<name>…] · operate (of some services) · repeatable",
		  "ReloadConfig,<on failure>[,<seconds>] · operate",
		  "Trigger · operate · repeatable",
		  "Test[,<name>…] · operate (of some services) · repeatable",
		  "Plan · observe · repeatable",
		  "Config[,<service>][,<secrets>] · observe · repeatable",
		  "Reconcile[,<dry-run>] · operate · repeatable",
		  "Want,<name or path>[,<path>][,<role>] · admin · repeatable",
		  "Unwant,<name or path>[,<path>][,<role>] · admin · repeatable",
		  "Signal,<name or pid>…,<signal> · operate (of some services)",
		  "Run,<args>[,<env>…][,<option>…] · admin",
		  "RunV,<argc>,<arg>…[,<env>…][,<option>…] · admin",
		  "Attach,<name> · admin · repeatable",
		  "StartDaemon,<args>[,<env>…][,<option>…] · admin",
		  "StartDaemonV,<argc>,<arg>…[,<env>…][,<option>…] · admin",
		  "StopDaemon,<name or pid>[,<signal>][,<seconds>] · operate (of some services)",
		  "SyncStatus · observe · repeatable",
		  "Sync,<what> · operate",
		  "Fds · observe (of some services) · repeatable",
		  "Rules · observe · repeatable",
		  "RulesReload · operate",
		  "RulesTest,<rule>,<field>… · operate",
		  "Ports · observe (of some services) · repeatable",
		  "AllocPort,<service>,<name>[,<port>][,<protocol>] · operate · repeatable",
		  "FreePort,<port>[,<protocol>] · operate · repeatable",
		  "Monitors · observe · repeatable",
		  "Monitor,<name>,<what>… · operate",
		  "MonitorFD[,<name>] · operate",
		  "Unmonitor,<name> · operate · repeatable",
		  "Deps · observe · repeatable",
		  "Depend,<service>,<target>[,<option>…] · operate",
		  "Undepend,<number>… · operate · repeatable",
		  "Terminal,<name>,<rows>,<columns>[,<option>…] · operate (of some services) · repeatable",
		  "View,<name>[,<option>…] · observe (of some services) · repeatable",
		  "Input,<name>,<seat>,<bytes> · operate (of some services)",
		  "Resize,<name>,<seat>,<rows>,<columns> · operate (of some services) · repeatable",
		  "Reopen · operate · repeatable",
		  "Limit,<role>[,<name>…] · observe (of some services) · repeatable",
		  "Upgrade[,<path>] · admin",
		  "Version · observe (of some services) · repeatable",
		  "Reboot · admin",
		  "Shutdown · admin",
		  "AlertsStatus · observe · repeatable",
		  "AlertsTest[,<name>] · operate",
		  "Pools[,<name>…][,<option>…] · observe (of some services) · repeatable",
		  "Pool,<name>,<what>[,<node>] · observe (of some services) · repeatable",
		  "PoolRestart,<name>[,<node>] · operate (of some services)",
		]
	`);
	expect(new Set(REQUESTS.map(({verb}) => verb)).size).toBe(REQUESTS.length);
	for (const {help} of ABOUT) expect(help).toMatch(/^[a-z].*[^.]$/);
});

describe.each(ABOUT)('$verb', ({verb, examples}) => {
	test.each(examples)('%s', (record, ...answer) => {
		const fields = fieldsOf(record);
		expect(fields[0]).toBe(verb);
		const request = decodeRequest(fields);
		// A reason that begins with the verb is of a request that could not be decoded.
		const reason = answer.at(-1)?.startsWith(`Error,${verb}: `) ? answer.at(-1)?.slice(6) : null;
		expect(request.ok ? null : request.error).toBe(reason);
		for (const line of answer) expect(fieldsOf(line)[0]).toMatch(/^(Row|…|Ok|Error|ExitStatus)$/);
	});
});

describe('rows', () => {
	/** A row whose fields differ, and are as on the wire. */
	function check<Row extends object>(verb: string, {encode, decode}: Rows<Row>, fields: readonly string[]): void {
		const row = decode(fields);
		expect(Object.keys(formsOf(verb)[0]?.columns ?? {})).toEqual(Object.keys(row));
		expect(encode(row)).toEqual(fields);
	}

	it('have the columns that are described, in order', () => {
		check('Status', STATUS_ROW, ['web', 'running', '1', '2', '3', '4', 'daemon', 'note', 'backend all', 'yes', 'config', '5', '6']);
		check('History', END_ROW, ['web', '1', '2', 'how']);
		check('Tree', TREE_ROW, ['web', '1', '2', 'zombie', 'sleep', 'main', '3', '4', '5']);
		check('Usage', USAGE_ROW, ['web', '1', '2', '3']);
		check('Version', VERSION_ROW, ['1.2.3', '4', 'fault']);
		check('Reload', RELOAD_ROW, ['text']);
	});

	const name = 'web';
	it.each<LogRow>([
		{kind: 'source', name}, {kind: 'unseen', name, why: 'x'}, {kind: 'live'}, {kind: 'dropped', count: 7},
		{kind: 'line', name, stream: 'stderr', at: 5, text: 'x'}, {kind: 'part', name, stream: 'stdout', at: 5, text: 'x'},
		{kind: 'file', name, path: '/x', inode: 1, size: 2, format: 'json', streams: ['stdout']},
	])('of lines as well: $kind', row => {
		const [fields = []] = encodeLogRow(row);
		const form = formsOf('Logs').find(({kind}) => kind === row.kind);
		if (row.kind !== 'part') expect(Object.keys(form?.columns ?? {}).length).toBe(fields.length - 1);
		const decoded = decodeLogRow([row.kind, ...fields.slice(1)]);
		expect(decoded).toEqual(row);
		expect(Object.keys(decoded ?? {}).filter(key => key !== 'kind')).toEqual(Object.keys(form?.columns ?? {}));
	});
});
