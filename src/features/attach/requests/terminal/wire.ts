/** `Terminal`, `View`: what a service shows on its terminal, and the right to type there. */
import {
	type Args, decodeChoices, type Decoded, NAME, one, type Options, type Pages, type RowForm, type Type, type Wire,
} from '../../../../control/wire.ts';
import {ok} from '../../../../core/result.ts';
import type {Size} from '../../core/terminals.ts';

export interface TerminalRequest extends Decoded, TerminalChoices {
	readonly kind: 'terminal';
	readonly name: string;
	/** Of the client's own terminal; null: it only looks on. */
	readonly size: Size | null;
}

/** What a request may choose by options. */
export interface TerminalChoices {
	/** Whether what was written last is told first. */
	readonly withHistory: boolean;
	/** A place up to which the client has all; null: it has nothing. */
	readonly from: number | null;
	/** Whether a client that writes already becomes one that looks on. */
	readonly steals: boolean;
}

const DEFAULTS: TerminalChoices = {withHistory: true, from: null, steals: false};

/** The most rows or columns that a terminal can have here. */
const SIDE_MAX = 9999;

export const SIDE: Type<number> = {
	takes: `a number from 1 to ${SIDE_MAX}`, read: text => /^[1-9]\d{0,3}$/.test(text) ? Number(text) : null,
};

const options: Options<TerminalChoices> = {
	'archon.history': {
		takes: 'yes or no',
		help: 'whether what was written last is told first; else yes',
		read: value => value === 'yes' || value === 'no' ? {withHistory: value === 'yes'} : null,
	},
	'archon.from': {
		takes: 'a place',
		help: 'of the last row that the client has, after its connection broke: only what was written since is told',
		read: value => /^\d{1,15}$/.test(value) ? {from: Number(value)} : null,
	},
};

const STEAL: Options<TerminalChoices> = {
	'archon.steal': {
		takes: 'yes or no',
		help: 'whether a client that types there already only looks on from now on; else no',
		read: value => value === 'yes' || value === 'no' ? {steals: value === 'yes'} : null,
	},
};

const seat = {name: one('name', NAME), rows: one('rows', SIDE), columns: one('columns', SIDE)} satisfies Args;
const place = {name: one('name', NAME)} satisfies Args;

export const TERMINAL: Wire<TerminalRequest> = {
	verb: 'Terminal', role: 'operate', isScoped: true, isRepeatable: true, args: seat, options: {...options, ...STEAL},
	decode(fields) {
		const values = decodeChoices(seat, {...options, ...STEAL}, DEFAULTS, fields);
		if (!values.ok) return values;
		const {rows, columns, ...others} = values.value;
		return ok({kind: 'terminal', size: {rows, columns}, ...others});
	},
};

export const VIEW: Wire<TerminalRequest> = {
	verb: 'View', role: 'observe', isScoped: true, isRepeatable: true, args: place, options,
	decode(fields) {
		const values = decodeChoices(place, options, DEFAULTS, fields);
		return values.ok ? ok({kind: 'terminal', size: null, ...values.value}) : values;
	},
};

/** See `rows.ts` for both directions. */
const rows: readonly RowForm[] = [
	{
		kind: 'attached',
		columns: {
			seat: 'a number, for `Input` and `Resize`', role: '`writes`; `reads`: the client only looks on',
			rows: 'how many rows the terminal has', columns: 'how many columns',
		},
		means: 'first of all',
	},
	{
		kind: 'output',
		columns: {
			place: 'how much was written up to the end of this, in bytes',
			bytes: 'what the service has written, byte for byte: `\\\\` is a backslash, `\\xHH` what is not printable ASCII',
		},
		means: 'what a terminal is to obey',
	},
	{kind: 'live', columns: {}, means: 'what was written before has been told'},
	{
		kind: 'skipped',
		columns: {count: 'how many bytes'},
		means: 'some of what was written is missing here, for the client reads too slowly; the whole screen follows',
	},
	{kind: 'role', columns: {role: '`reads`'}, means: 'another client types there from now on'},
	{kind: 'size', columns: {rows: 'how many rows', columns: 'how many columns'}, means: 'the terminal has another size'},
	{
		kind: 'ended',
		columns: {exit: 'the exit code, or 128 and the signal; empty: it was not started', how: 'the same in words'},
		means: 'a run of the service has ended',
	},
	{kind: 'began', columns: {pid: 'of its main process'}, means: 'another run has begun, on a terminal as new'},
];

const reply = '`ExitStatus` when the service is at rest: how its last run ended; `Error` where it has no terminal, or does not run';

export const pages: Pages = {
	Terminal: {
		help: 'show what a service with `tty: true` writes to its terminal, and type there',
		rows, reply,
		examples: [
			['Terminal,web,24,80', 'Error,web has no terminal: it needs tty: true; archonctl logs -f web shows its output'],
		],
	},
	View: {
		help: 'the same for a client that only looks on',
		rows, reply,
		examples: [['View,web', 'Error,web has no terminal: it needs tty: true; archonctl logs -f web shows its output']],
	},
};
