/** What the API does to services and to archon: one request of the control protocol each. */
import type {Trouble, Verb} from '../../../control/client.ts';
import {AUTO} from '../../../control/requests/auto/wire.ts';
import {RELOAD, RELOAD_ROW} from '../../../control/requests/reload/wire.ts';
import {RESTART} from '../../../control/requests/restart/wire.ts';
import {SHUTDOWN} from '../../../control/requests/shutdown/wire.ts';
import {SIGNAL} from '../../../control/requests/signal/wire.ts';
import {START} from '../../../control/requests/start/wire.ts';
import {STATUS} from '../../../control/requests/status/wire.ts';
import {STOP} from '../../../control/requests/stop/wire.ts';
import {type Fields, parseObject} from '../../../core/foreign-json.ts';
import {signalNumber} from '../../../core/signal-numbers.ts';
import type {Millis} from '../../../core/time.ts';
import {textOf} from '../../../os/bytes.ts';
import {after} from '../../../os/clock.ts';
import type {Handler, Request} from '../http/message.ts';
import {found} from './read.ts';
import {refusalOf, type Rows, talk, type Talk} from './talk.ts';

/** How long an answer is waited for before the client is told that it is under way: proxies have no more patience than that. */
const WAIT: Millis = 55_000;

/** An action on one service. */
const onService = (verb: Verb, more: (talk: Talk, body: Fields) => readonly string[] | null = () => []): Handler => (request, answer) => {
	const own = talk(request, answer);
	const body = bodyOf(own, verb === SIGNAL ? ['signal'] : []);
	const fields = body && more(own, body);
	if (fields) found(own, ({name}) => act(own, verb, [name, ...fields], name, () => own.json({ok: true})));
	return own.end;
};

export const start = onService(START);
export const stop = onService(STOP);
export const restart = onService(RESTART);
export const auto = onService(AUTO);
export const reloadService = onService(RELOAD);

export const signal = onService(SIGNAL, (talk, {signal}) => {
	const text = typeof signal === 'number' ? String(signal) : typeof signal === 'string' ? signal : '';
	if (signalNumber(text) !== null) return [text];
	talk.fail(400, 'signal is missing or no signal: {"signal": "HUP"}, a name with or without SIG, or a number');
	return null;
});

const onAll = (verb: Verb, show: (rows: Rows) => unknown): Handler => (request, answer) => {
	const own = talk(request, answer);
	if (bodyOf(own, [])) act(own, verb, [], null, rows => own.json(show(rows)));
	return own.end;
};

export const reload = onAll(RELOAD, rows => ({changes: rows.map(row => RELOAD_ROW.decode(row).text)}));
export const shutdown = onAll(SHUTDOWN, () => ({ok: true}));

/**
 * Asks once and for all: a client that leaves takes nothing back. With `?wait=false` it is answered as soon as archon has heard it, which
 * the answer to a question behind it shows.
 */
function act(talk: Talk, verb: Verb, fields: readonly string[], name: string | null, done: (rows: Rows) => void): void {
	const {visitor} = talk.request;
	const wait = talk.request.query.get('wait') ?? 'true';
	if (wait !== 'true' && wait !== 'false') return talk.fail(400, 'wait is true or false');
	const rows: (readonly string[])[] = [];
	let isDone = false;
	const underWay = (): void => {
		if (!isDone) talk.json({ok: true}, 202);
	};
	const giveUp = visitor.ask(verb, fields, {
		rows: more => void rows.push(...more),
		done(result) {
			isDone = true;
			stop();
			if (!result.ok) return unanswered(talk, result.error, name);
			if (result.value.kind === 'Ok') return done(rows);
			const {status, why} = refusalOf('reason' in result.value ? result.value.reason : '');
			talk.fail(status, why);
		},
	});
	const stop = after(WAIT, () => {
		underWay();
		giveUp();
	});
	// That the client is gone gives nothing up that was asked.
	talk.holds(stop);
	if (wait === 'false') visitor.ask(STATUS, name === null ? [] : [name], {done: underWay});
}

function unanswered(talk: Talk, {kind, reason}: Trouble, name: string | null): void {
	if (kind === 'unsent') return talk.fail(400, `this cannot be asked: ${reason}`);
	const look = name === null ? 'GET /api/v1/status' : `GET /api/v1/services/${name}`;
	talk.fail(503, `archon did not answer (${reason}), and whether it has done this is not known: see ${look}`);
}

/** The object in the body, or the fields of its form; null: it was answered what is wrong with it. */
function bodyOf(talk: Talk, known: readonly string[]): Fields | null {
	const {request} = talk;
	const fields = isForm(request) ? Object.fromEntries([...request.form].filter(([name]) => name !== 'csrf'))
		: request.body.length === 0 ? {} : parseObject(textOf(request.body));
	if (!fields) {
		talk.fail(400, 'the body is no JSON object: send {}, with the header content-type: application/json');
		return null;
	}
	const other = Object.keys(fields).find(name => !known.includes(name));
	if (other === undefined) return fields;
	talk.fail(400, `the body has ${JSON.stringify(other.slice(0, 64))}, which is not known here; ${
		known.length === 0 ? 'it is {}' : `it may have ${known.join(', ')}`}`);
	return null;
}

const isForm = (request: Request): boolean => (request.header('content-type') ?? '').startsWith('application/x-www-form-urlencoded');
