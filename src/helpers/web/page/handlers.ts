/** The pages: what each asks archon, and is made of. */
import {HISTORY, END_ROW} from '../../../control/requests/history/wire.ts';
import type {StatusRow} from '../../../control/requests/status/wire.ts';
import type {GraphRow} from '../../../control/requests/graph/wire.ts';
import {WHY, WHY_ROW} from '../../../control/requests/why/wire.ts';
import {decodeLogRow} from '../../../features/logging/requests/logs/rows.ts';
import {LOGS} from '../../../features/logging/requests/logs/wire.ts';
import type {Verb} from '../../../control/client.ts';
import type {Result} from '../../../core/result.ts';
import type {Answer, Handler} from '../http/message.ts';
import type {Visitor} from '../visitor.ts';
import {saidOf} from './acting.ts';
import {ask, type Refused, type Rows, shared, together, type Used} from './asking.ts';
import {graphOf} from './drawing.ts';
import {show} from './frame.ts';
import {html} from './html.ts';
import {createSieve, logChoiceOf, streamOf} from './log-lines.ts';
import {choiceOf, overview} from './overview.ts';
import {showFailure, showLogin} from './plain.ts';
import {servicePage} from './service.ts';

const nothing = (): void => {};

/** `GET /`. */
export const services: Handler = (request, answer) => {
	const {visitor, query} = request;
	let found: Result<readonly StatusRow[], Refused> | null = null;
	let used: Used | null = null;
	return together([
		done => shared.of(visitor).services.get(visitor, result => {
			found = result;
			done();
		}),
		done => measure(visitor, result => {
			used = result;
			done();
		}),
	], () => {
		if (!found?.ok) return refuse(answer, visitor, found?.error);
		const page = overview(
			{services: found.value, loads: used?.loads ?? new Map(), said: saidOf(request), now: Date.now()}, choiceOf(query), visitor,
		);
		show(answer, 200, page, visitor);
	});
};

/** Where archon does not measure, pages are without. */
function measure(visitor: Visitor, done: (used: Used | null) => void): () => void {
	return shared.of(visitor).used.get(visitor, result => done(result.ok ? result.value : null));
}

function refuse(answer: Answer, visitor: Visitor, refused: Refused | undefined): void {
	if (refused?.isAway === false) return showFailure(answer, 403, refused.why, visitor);
	showFailure(answer, 503, `archon does not answer: ${refused?.why ?? 'it is gone'}`, visitor, {'retry-after': '2'});
}

/** `GET /services/{name}`. */
export const service: Handler = ({parameters, query, visitor}, answer) => {
	const name = parameters.get('name') ?? '';
	const choice = logChoiceOf(query);
	const sieve = createSieve(choice, null);
	let found: Result<readonly StatusRow[], Refused> | null = null;
	let used: Used | null = null;
	let graph: readonly GraphRow[] = [];
	const answers = new Map<Verb, Rows>();
	const questions: readonly (readonly [Verb, readonly string[]])[] = [
		[WHY, [name]], [HISTORY, [name]],
		[LOGS, [name, `archon.lines=${choice.grep === '' ? LINES_MAX : 'all'}`, ...streamOf(choice.stream)]],
	];
	return together([
		done => shared.of(visitor).services.get(visitor, result => {
			found = result;
			done();
		}),
		done => measure(visitor, result => {
			used = result;
			done();
		}),
		done => shared.of(visitor).graph.get(visitor, result => {
			graph = result.ok ? result.value : [];
			done();
		}),
		...questions.map(([verb, fields]) => (done: () => void) => ask(visitor, verb, fields, result => {
			answers.set(verb, result.ok ? result.value : []);
			done();
		})),
	], () => {
		if (!found?.ok) return refuse(answer, visitor, found?.error);
		const row = found.value.find(each => each.name === name);
		if (!row) return showFailure(answer, 404, `there is no service ${name}`, visitor);
		const lines = sieve.lines((answers.get(LOGS) ?? []).flatMap(fields => decodeLogRow(fields) ?? []));
		const page = servicePage({
			row, graph, lines: lines.slice(-LINES_MAX), place: sieve.place(), noLog: null, said: saidOf({query, visitor}), now: Date.now(),
			why: (answers.get(WHY) ?? []).map(WHY_ROW.decode), ends: (answers.get(HISTORY) ?? []).map(END_ROW.decode),
			usage: used?.usages.find(each => each.service === name), load: used?.loads.get(name),
		}, choice, visitor);
		show(answer, 200, page, visitor);
	});
};

/** Lines that a page has at first. */
const LINES_MAX = 300;

/** `GET /graph`. */
export const graph: Handler = ({visitor}, answer) => together([done => shared.of(visitor).graph.get(visitor, result => {
	if (!result.ok) refuse(answer, visitor, result.error);
	else {
		const main = html`<h1>What needs what</h1><section class="card" aria-label="Graph">${
			graphOf(result.value, null) ?? html`<p class="soft">No service needs another one.</p>`}</section>`;
		show(answer, 200, {title: 'What needs what · archon', main, at: '/graph', live: '/live'}, visitor);
	}
	done();
})], nothing);

/** `GET /login`. */
export const login: Handler = ({visitor}, answer) => {
	showLogin(answer, 200, null, visitor);
	return nothing;
};
