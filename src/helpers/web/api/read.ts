/** What the API shows of archon and its services, each in the form that `archonctl … --json` prints. */
import type {Verb} from '../../../control/client.ts';
import {blameJson, chainsOf, graphJson, graphOf, shown, storiesOf, storyJson, versionJson} from '../../../control/json.ts';
import {BLAME, START_ROW} from '../../../control/requests/blame/wire.ts';
import {GRAPH, GRAPH_ROW} from '../../../control/requests/graph/wire.ts';
import {HEALTH} from '../../../control/requests/health/wire.ts';
import {END_ROW, HISTORY} from '../../../control/requests/history/wire.ts';
import {STATUS, STATUS_ROW, type StatusRow} from '../../../control/requests/status/wire.ts';
import {TREE, TREE_ROW} from '../../../control/requests/tree/wire.ts';
import {VERSION, VERSION_ROW} from '../../../control/requests/version/wire.ts';
import {WHY, WHY_ROW} from '../../../control/requests/why/wire.ts';
import {sys} from '../../../os/sys.ts';
import {fail, JSON_TYPE} from '../failure.ts';
import type {Handler} from '../http/message.ts';
import {isOfRights, listOf, NOT_NAMES, type Rows, talk, type Talk, unseen} from './talk.ts';

/** A handler that begins with a question. */
const asking = (begin: (talk: Talk) => void): Handler => (request, answer) => {
	const own = talk(request, answer);
	begin(own);
	return own.end;
};

/** The whole answer to one request without fields. */
const all = (verb: Verb, show: (rows: Rows) => unknown): Handler => asking(talk => talk.ask(verb, [], rows => talk.json(show(rows))));

/** The services that the query names, as they are written there; null: it was answered that they are no names. */
function namesOf(talk: Talk): readonly string[] | null {
	const names = listOf(talk.request, 'service');
	if (!names) talk.fail(400, NOT_NAMES);
	return names;
}

export const status = asking(talk => {
	const names = namesOf(talk);
	if (names) talk.ask(STATUS, names, rows => talk.json(rows.map(STATUS_ROW.decode)), unseen(names));
});

/** The one service that the path names; else the client hears 404. */
export function found(talk: Talk, then: (row: StatusRow) => void): void {
	const name = talk.request.parameters.get('name') ?? '';
	const isMissing = unseen([name]);
	talk.ask(STATUS, [name], rows => {
		const services = rows.map(STATUS_ROW.decode);
		const row = services.find(service => service.name === name);
		if (row) return then(row);
		const [first] = services;
		const {status, why} = isMissing(first ? `${name} stands for ${first.name}${services.length > 1 ? ' and others' : ''}: name one` : '');
		talk.fail(status, why);
	}, isMissing);
}

const ofOne = (show: (talk: Talk, row: StatusRow) => void): Handler => asking(talk => found(talk, row => show(talk, row)));

export const service = ofOne((talk, row) => talk.json(row));

export const why = ofOne((talk, {name}) => talk.ask(WHY, [name], rows => {
	const [story] = storiesOf(rows.map(WHY_ROW.decode));
	if (story) talk.json(storyJson(story));
	else talk.fail(404, `there is no service ${name} any more`);
}, unseen([name])));

export const tree = ofOne((talk, {name}) => talk.ask(TREE, [], rows => {
	const processes = rows.map(TREE_ROW.decode);
	// Those of archon's own helpers are left out where all are shown.
	talk.json((name.startsWith('archon.') ? processes : shown(processes)).filter(({service}) => service === name));
}));

export const history = ofOne((talk, {name}) => talk.ask(HISTORY, [name], rows => talk.json(rows.map(END_ROW.decode)), unseen([name])));

export const graph = all(GRAPH, rows => graphJson(graphOf(rows.map(GRAPH_ROW.decode))));

export const blame = all(BLAME, rows => {
	const starts = rows.map(START_ROW.decode);
	return blameJson(starts, chainsOf(starts, []));
});

// The helper is the same executable.
export const version = all(VERSION, ([row = []]) => {
	const about = VERSION_ROW.decode(row);
	return versionJson(about, about.version);
});

export const health = asking(talk => {
	const what = talk.request.query.get('of') ?? 'ready';
	const names = namesOf(talk);
	if (!names) return;
	if (what !== 'ready' && what !== 'live') return talk.fail(400, 'of is ready (the default) or live: ?of=live');
	const ask = (): void => talk.ask(HEALTH, [what, ...names], () => talk.json({ok: true, reason: null}), reason => {
		if (isOfRights(reason)) return {status: 403, why: reason};
		talk.json({ok: false, reason}, 503);
		return {status: 503, why: reason};
	});
	if (names.length > 0) talk.ask(STATUS, names, ask, unseen(names));
	else ask();
});

export const openapi: Handler = (request, answer) => {
	const text = sys.embedded('openapi.json');
	if (text) answer.whole(200, {'content-type': JSON_TYPE}, text);
	else fail(request, answer, 404, 'this build of archon has no description of its API');
	return () => {};
};
