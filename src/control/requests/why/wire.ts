/** `Why`: why services are as they are, down to what everything waits for. */
import type {LogStream} from '../../../features/logging/core.ts';
import {encodeLogRow, unescapeLine} from '../../../features/logging/requests/logs/rows.ts';
import {RULES} from '../status/wire.ts';
import {many, type Pages, PATTERN, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

export type WhyRow =
	/** The service that is asked about; what follows is about it, until the next. Times are in milliseconds since 1970. */
	| {readonly kind: 'service'; readonly name: string; readonly status: string; readonly since: number; readonly starts: number}
	/** What is wanted of it, and by which rule; `at`: when a test, hitlist or manifest has said so last. */
	| {readonly kind: 'wanted'; readonly runs: boolean; readonly by: string; readonly why: string; readonly at: number | null}
	/** It, then what it waits for, and so on to the root. */
	| {readonly kind: 'link'; readonly name: string; readonly status: string; readonly why: string}
	| {readonly kind: 'next'; readonly name: string; readonly at: number; readonly what: string}
	| {readonly kind: 'end'; readonly name: string; readonly at: number; readonly exit: number; readonly how: string}
	| {readonly kind: 'line'; readonly name: string; readonly stream: LogStream; readonly at: number; readonly text: string}
	| {readonly kind: 'waiting'; readonly name: string}
	| {readonly kind: 'help'; readonly command: string; readonly does: string};

export const WHY_ROW: Rows<WhyRow> = {
	encode(row) {
		switch (row.kind) {
			case 'service': return [row.kind, row.name, row.status, String(row.since), String(row.starts)];
			case 'wanted': return [row.kind, row.runs ? 'yes' : 'no', row.by, row.why, row.at === null ? '' : String(row.at)];
			case 'link': return [row.kind, row.name, row.status, row.why];
			case 'next': return [row.kind, row.name, String(row.at), row.what];
			case 'end': return [row.kind, row.name, String(row.at), String(row.exit), row.how];
			case 'line': return encodeLogRow(row)[0] ?? [];
			case 'waiting': return [row.kind, row.name];
			case 'help': return [row.kind, row.command, row.does];
		}
	},
	decode([kind = '', one = '', two = '', three = '', four = '']) {
		switch (kind) {
			case 'wanted': return {kind, runs: one === 'yes', by: two, why: three, at: four === '' ? null : Number(four)};
			case 'link': return {kind, name: one, status: two, why: three};
			case 'next': return {kind, name: one, at: Number(two), what: three};
			case 'end': return {kind, name: one, at: Number(two), exit: Number(three), how: four};
			case 'line': return {kind, name: one, stream: two === 'stderr' ? two : 'stdout', at: Number(three), text: unescapeLine(four)};
			case 'waiting': return {kind, name: one};
			case 'help': return {kind, command: one, does: two};
			default: return {kind: 'service', name: one, status: two, since: Number(three), starts: Number(four)};
		}
	},
};

export const WHY = wire('why', {names: many('name', PATTERN, 0)}, {
	verb: 'Why', role: 'observe', isScoped: true, isRepeatable: true,
});

export type WhyRequest = RequestOf<typeof WHY>;

const rows: readonly RowForm[] = [
	{
		kind: 'service', means: 'a service; the rows up to the next of this kind are about it',
		columns: {
			name: 'its name', status: 'its status', since: 'when it came to this status, in ms since 1970', starts: 'how often it was started',
		},
	},
	{
		kind: 'wanted', means: 'what is wanted of it',
		columns: {
			runs: '`yes` if it is to run, else `no`',
			by: `the first rule that speaks: ${RULES}`, why: 'in words',
			at: 'when a test, hitlist or manifest has said so last, in ms since 1970; empty: it is another rule that speaks',
		},
	},
	{
		kind: 'link', means: 'first the service itself, then what it waits for, and so on; the last is the root of it all',
		columns: {name: 'the service', status: 'its status', why: 'why it is in it, in words'},
	},
	{
		kind: 'next', means: 'what comes next by itself, of the service and of the root',
		columns: {name: 'the service', at: 'when, in ms since 1970', what: 'in words'},
	},
	{
		kind: 'end', means: 'how the last run of the root ended',
		columns: {name: 'the root', at: 'when, in ms since 1970', exit: 'the exit code, or 128 and the signal', how: 'in words'},
	},
	{
		kind: 'line', means: 'one of the last lines of the root',
		columns: {
			name: 'the root', stream: '`stdout` or `stderr`', at: 'when it came, in ms since 1970',
			text: 'the line, or the beginning of a long one, in UTF-8, escaped',
		},
	},
	{kind: 'waiting', means: 'a service that waits for it', columns: {name: 'the service'}},
	{kind: 'help', means: 'what would help', columns: {command: 'a command to type', does: 'what it does or shows'}},
];

export const pages: Pages = {
	Why: {
		help: 'explain why services are as they are, down to what everything waits for; without a name, what is wrong at all',
		rows,
		reply: '`Ok`; without a name and without rows all is well',
		examples: [[
			'Why,job', 'Row,service,job,failed,1700000000000,1', 'Row,wanted,yes,config,its config starts it with archon,',
			'Row,link,job,failed,"it ended: exit status 3, and restart: no does not start it again"',
			'Row,end,job,1700000000000,3,exit status 3', 'Row,help,archonctl logs job,shows all that it said',
			'Row,help,archonctl start job,"tries again, with all restarts"', 'Ok',
		]],
	},
};
