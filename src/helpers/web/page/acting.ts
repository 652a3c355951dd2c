/** What is done by a button, and what the page says of it when it is shown again. */
import {RESTART} from '../../../control/requests/restart/wire.ts';
import {START} from '../../../control/requests/start/wire.ts';
import {STOP} from '../../../control/requests/stop/wire.ts';
import type {Verb} from '../../../control/client.ts';
import {after} from '../../../os/clock.ts';
import type {Handler, Request} from '../http/message.ts';
import type {Visitor} from '../visitor.ts';
import {ask, shared} from './asking.ts';
import type {Action, Said} from './parts.ts';

const ACTIONS: Readonly<Record<Action, {readonly verb: Verb; readonly done: string; readonly doing: string}>> = {
	start: {verb: START, done: 'started', doing: 'starting'},
	stop: {verb: STOP, done: 'stopped', doing: 'stopping'},
	restart: {verb: RESTART, done: 'restarted', doing: 'restarting'},
};

/** How long a browser waits for what comes of it (ms); it goes on without it. */
const PATIENCE = 8000;

/** `POST /services/{name}/start` and so on: shows the page again from which it came, with what has come of it. */
const act = (action: Action): Handler => ({parameters, form, visitor}, answer) => {
	const name = parameters.get('name') ?? '';
	const {verb, doing, done} = ACTIONS[action];
	let isAnswered = false;
	const finish = (said: Said): void => {
		if (isAnswered) return;
		isAnswered = true;
		unwait();
		shared.forget();
		answer.whole(303, {location: withSaid(form.get('back') ?? '/', keepSaid(visitor, said))}, '');
	};
	const unwait = after(PATIENCE, () => finish({kind: '', text: `${name} is ${doing}`}));
	// Who goes away has asked for it all the same.
	ask(visitor, verb, [name], result => {
		if (result.ok) finish({kind: 'good', text: `${name} is ${done}`});
		else finish({kind: 'bad', text: `${doing} ${name}: ${result.error.why}`});
	});
	return () => {
		isAnswered = true;
		unwait();
	};
};

export const start = act('start');
export const stop = act('stop');
export const restart = act('restart');

interface KeptSaid {
	readonly said: Said;
	/** Whose it is: no other session is shown it. */
	readonly csrf: string | null;
}

const SAID_MAX = 64;
const said = new Map<string, KeptSaid>();
let lastSaid = 0;

function keepSaid({csrf}: Visitor, what: Said): string {
	const [oldest] = said.keys();
	if (said.size >= SAID_MAX && oldest !== undefined) said.delete(oldest);
	const number = String(++lastSaid);
	said.set(number, {said: what, csrf});
	after(SAID_FOR, () => said.delete(number));
	return number;
}

/** How long a page says what has come of a button, while it is shown again (ms). */
const SAID_FOR = 15_000;

/** What is to be said on this page; null: nothing. */
export function saidOf({query, visitor}: Pick<Request, 'query' | 'visitor'>): Said | null {
	const kept = said.get(query.get('said') ?? '');
	return kept && kept.csrf !== null && kept.csrf === visitor.csrf ? kept.said : null;
}

/** Only a path on this server is gone back to. */
function withSaid(back: string, number: string): string {
	const [before = '', query = ''] = (/^\/(?![/\\])[\x21-\x7e]*$/.test(back) ? back : '/').split('?', 2);
	const pairs = query.split('&').filter(pair => pair !== '' && !pair.startsWith('said='));
	return `${before}?${[...pairs, `said=${number}`].join('&')}`;
}
