/** `Reconcile`: the lists of the manifest are read, and what they say is done, or only told. */
import {orEmpty, type Pages, type RequestOf, type RowForm, type Rows, type Type, wire} from '../../../../control/wire.ts';

const DRY: Type<'dry-run'> = {takes: 'dry-run', read: text => (text === 'dry-run' ? text : null)};

export const RECONCILE = wire('reconcile', {dryRun: orEmpty('dry-run', DRY)}, {verb: 'Reconcile', role: 'operate', isRepeatable: true});

export type ReconcileRequest = RequestOf<typeof RECONCILE>;

export type ReconcileRow =
	/** A file that was read. */
	| {readonly kind: 'manifest' | 'hitlist'; readonly file: string}
	/** A line of either. */
	| {readonly kind: 'listed' | 'hit'; readonly line: number; readonly name: string; readonly path: string}
	| {readonly kind: 'problem'; readonly file: string; readonly line: number; readonly why: string}
	| {readonly kind: 'start' | 'stop'; readonly name: string}
	/** A process that archon has not made. */
	| {readonly kind: 'end'; readonly pid: number; readonly path: string; readonly why: string}
	| {readonly kind: 'passed'; readonly passes: number; readonly missing: number}
	| {readonly kind: 'missing'; readonly name: string};

export const RECONCILE_ROW: Rows<ReconcileRow> = {
	encode(row) {
		switch (row.kind) {
			case 'manifest': case 'hitlist': return [row.kind, row.file];
			case 'listed': case 'hit': return [row.kind, String(row.line), row.name, row.path];
			case 'problem': return [row.kind, row.file, String(row.line), row.why];
			case 'end': return [row.kind, String(row.pid), row.path, row.why];
			case 'passed': return [row.kind, String(row.passes), String(row.missing)];
			case 'start': case 'stop': case 'missing': return [row.kind, row.name];
		}
	},
	decode([kind = '', first = '', second = '', third = '']) {
		switch (kind) {
			case 'manifest': case 'hitlist': return {kind, file: first};
			case 'listed': case 'hit': return {kind, line: Number(first), name: second, path: third};
			case 'problem': return {kind, file: first, line: Number(second), why: third};
			case 'end': return {kind, pid: Number(first), path: second, why: third};
			case 'passed': return {kind, passes: Number(first), missing: Number(second)};
			case 'start': case 'stop': return {kind, name: first};
			default: return {kind: 'missing', name: first};
		}
	},
};

const LINE = {
	line: 'its number', name: 'of the program; empty: the line has a path alone', path: 'of its executable; empty: the line has a name alone',
};
const FORMS: readonly RowForm[] = [
	{kind: 'manifest', means: 'the file that was read, of the role of this machine', columns: {file: 'its path'}},
	{kind: 'hitlist', means: 'the same of the hitlist, where the config names one', columns: {file: 'its path'}},
	{kind: 'listed', means: 'a program of the manifest', columns: LINE},
	{kind: 'hit', means: 'a line of the hitlist', columns: LINE},
	{kind: 'problem', means: 'a line that is left out', columns: {file: 'which one', line: 'its number; 0: all of it', why: 'in words'}},
	{kind: 'start', means: 'a service that starts', columns: {name: 'of the service'}},
	{kind: 'stop', means: 'a service that stops', columns: {name: 'of the service'}},
	{
		kind: 'end', means: 'a process that archon has not made, and that ends',
		columns: {pid: 'its number', path: 'of its executable', why: 'in words'},
	},
	{
		kind: 'passed', means: 'without `dry-run`, when it is over',
		columns: {passes: 'how many passes there were', missing: 'how many programs do not run after the last of them'},
	},
	{kind: 'missing', means: 'one of those programs; 20 are named', columns: {name: 'of the service'}},
];

export const pages: Pages = {
	Reconcile: {
		help: 'read the manifest and the hitlist, start what is missing and end what must not run; with `dry-run` only tell what that is',
		rows: FORMS,
		reply: '`Ok` when nothing is missing or no further pass is made; `Error` where the manifest cannot be read, or the config has none',
		examples: [[
			'Reconcile', 'Row,manifest,/etc/whizzifest.txt', 'Row,listed,1,web,/opt/web', 'Row,start,web', 'Row,passed,1,0', 'Ok',
		]],
	},
};
