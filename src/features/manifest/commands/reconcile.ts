/** `archonctl reconcile`. */
import {type Command, EXIT, type Io} from '../../../cli/command.ts';
import {complain, printJson, rowsOf} from '../../../cli/reply.ts';
import {countOf} from '../core/kept.ts';
import {RECONCILE, RECONCILE_ROW, type ReconcileRow} from '../requests/reconcile/wire.ts';

export const reconcile: Command = {
	name: 'reconcile',
	usage: '[--dry-run] [--json]',
	summary: 'read the manifest and the hitlist now, and do what they say',
	details: [
		'Starts what is missing and ends what must not run, in as many passes as that takes and the config allows, and',
		'says what is missing then: exit status 1. archon does this by itself at times and when the files change.',
	],
	options: [
		{names: ['--dry-run'], value: null, help: 'only tell what the lists say, and what would start and stop'},
		{names: ['--json'], value: null, help: 'one object: manifest, hitlist, listed, hit, problems, start, stop, end, …'},
	],
	least: 0,
	most: 0,
	endsOptions: false,
	isLong: true,
	examples: ['archonctl reconcile --dry-run', 'archonctl reconcile'],
	run: (args, io, reach) => reach(client => {
		const rows = rowsOf(client, RECONCILE, args.has('--dry-run') ? ['dry-run'] : [], io);
		if (!rows.ok) return rows.error;
		const found = rows.value.map(RECONCILE_ROW.decode);
		if (args.has('--json')) printJson(io, asJson(found));
		else tell(found, io);
		return of(found, 'missing').length > 0 ? EXIT.refused : EXIT.ok;
	}),
};

type Kind = ReconcileRow['kind'];

const of = <K extends Kind>(rows: readonly ReconcileRow[], ...kinds: readonly K[]): readonly Extract<ReconcileRow, {kind: K}>[] =>
	rows.filter((row): row is Extract<ReconcileRow, {kind: K}> => kinds.some(kind => kind === row.kind));

const namesIn = (rows: readonly ReconcileRow[], kind: 'start' | 'stop' | 'missing'): readonly string[] =>
	of(rows, kind).map(({name}) => name);

const fileIn = (rows: readonly ReconcileRow[], kind: 'manifest' | 'hitlist'): string | null => of(rows, kind)[0]?.file ?? null;

function asJson(rows: readonly ReconcileRow[]): object {
	const lines = (kind: 'listed' | 'hit'): object[] =>
		of(rows, kind).map(({line, name, path}) => ({line, name: name || null, path: path || null}));
	const [passed] = of(rows, 'passed');
	return {
		manifest: fileIn(rows, 'manifest'), hitlist: fileIn(rows, 'hitlist'), listed: lines('listed'), hit: lines('hit'),
		problems: of(rows, 'problem').map(({file, line, why}) => ({file, line, why})),
		start: namesIn(rows, 'start'), stop: namesIn(rows, 'stop'),
		end: of(rows, 'end').map(({pid, path, why}) => ({pid, path, why})),
		passes: passed?.passes ?? null, missing: namesIn(rows, 'missing'),
	};
}

function tell(rows: readonly ReconcileRow[], io: Io): void {
	for (const {file, line, why} of of(rows, 'problem')) complain(io, `${file}:${line}: ${why}`);
	const lines: string[] = [];
	for (const [file, kind] of [['manifest', 'listed'], ['hitlist', 'hit']] as const) {
		const path = fileIn(rows, file);
		if (path === null) continue;
		const items = of(rows, kind);
		lines.push(`${file} ${path}: ${items.length === 0 ? 'nothing' : ''}`.trimEnd());
		for (const {name, path} of items) lines.push(`  ${name || '-'}${path === '' ? '' : `  ${path}`}`);
	}
	lines.push(`start: [${namesIn(rows, 'start').join(', ')}]`, `stop: [${namesIn(rows, 'stop').join(', ')}]`);
	for (const {pid, path, why} of of(rows, 'end')) lines.push(`end: ${path} (pid ${pid}), as ${why}`);
	const [passed] = of(rows, 'passed');
	if (passed) lines.push(`missing ${passed.missing} after ${countOf(passed.passes)}${shown(namesIn(rows, 'missing'), passed.missing)}`);
	io.stdout(lines.map(line => `${line}\n`).join(''));
}

const shown = (names: readonly string[], count: number): string =>
	(names.length === 0 ? '' : `: ${names.join(', ')}${count > names.length ? ` and ${count - names.length} more` : ''}`);
