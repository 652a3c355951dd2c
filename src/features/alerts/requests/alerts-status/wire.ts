/** `AlertsStatus`: who is told of what goes wrong, and how that goes. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';

/** A receiver. Instants are in milliseconds since 1970; an empty field stands for null. */
export interface AlertsRow {
	readonly name: string;
	readonly kind: string;
	/** `ok`, `failing`, or `unknown`: the helper has not said so yet. */
	readonly state: string;
	readonly firing: number;
	readonly waiting: number;
	readonly delivered: number;
	readonly dropped: number;
	readonly last: number | null;
	readonly next: number | null;
	readonly why: string;
}

export const ALERTS_ROW: Rows<AlertsRow> = {
	encode: ({name, kind, state, firing, waiting, delivered, dropped, last, next, why}) =>
		[name, kind, state, String(firing), String(waiting), String(delivered), String(dropped), orEmpty(last), orEmpty(next), why],
	decode: ([
		name = '', kind = '', state = '', firing = '', waiting = '', delivered = '', dropped = '', last = '', next = '', why = '',
	]) => ({
		name, kind, state, firing: Number(firing), waiting: Number(waiting), delivered: Number(delivered), dropped: Number(dropped),
		last: orNull(last), next: orNull(next), why,
	}),
};

const orEmpty = (number: number | null): string => (number === null ? '' : String(number));
const orNull = (field: string): number | null => (field === '' ? null : Number(field));

export const ALERTS_STATUS = wire('alerts-status', {}, {verb: 'AlertsStatus', role: 'observe', isRepeatable: true});

export type AlertsStatusRequest = RequestOf<typeof ALERTS_STATUS>;

const FORM: RowForm<AlertsRow> = {
	means: 'a receiver',
	columns: {
		name: 'its name', kind: '`http`, `mail`, `syslog` or `command`', state: '`ok`; `failing`; `unknown`: nothing is known of it yet',
		firing: 'services with which something is wrong, as far as it was told of them', waiting: 'messages that wait to be delivered',
		delivered: 'messages that were', dropped: 'messages that were given up',
		last: 'when the last one was delivered, in ms since 1970; empty: none was',
		next: 'when the next attempt is, in ms since 1970; empty: none is needed', why: 'why the last attempt has failed; may be empty',
	},
};

export const pages: Pages = {
	AlertsStatus: {
		help: 'show who is told of what goes wrong (`alerts`), and how that goes',
		rows: [FORM],
		reply: '`Ok`; `Error` where the config has no `alerts`',
		examples: [['AlertsStatus', 'Row,ops,mail,failing,1,2,5,0,1700000000000,1700000005000,connection refused', 'Ok']],
	},
};
