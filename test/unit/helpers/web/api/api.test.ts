/** The handlers of the API over the real server and core: what they answer, and that it is as its description says. */
import {Ajv2020} from 'ajv/dist/2020.js';
import {describe, expect, it, test, vi} from 'vitest';
import {openApi} from '../../../../../scripts/docs/openapi.ts';
import {Bench, service} from '../../../control/bench.ts';
import {ask, begin, type Got, type Rights, visitorTo} from './asking.ts';

const api = openApi() as {readonly paths: Record<string, Record<string, {responses: Record<string, {content?: Record<string, {schema: object}>; $ref?: string}>}>>};
const ajv = new Ajv2020({strict: false});
ajv.addSchema(api, 'api');

/** What of an answer is not as the description says. */
function faults(method: string, path: string, got: Got): unknown {
	const at = `/paths/${path.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${method}/responses/${got.status}`;
	const response = api.paths[path]?.[method]?.responses[got.status];
	if (!response) return `${method} ${path} has no answer ${got.status}`;
	const place = response.$ref ? `${response.$ref}/content/application~1json/schema` : `#${at}/content/application~1json/schema`;
	const validate = ajv.getSchema(`api${place}`);
	if (!validate) return `no schema at ${place}`;
	return validate(got.json) ? null : validate.errors;
}

function worldOf(rights?: Rights) {
	const bench = new Bench([
		service('web', {groups: ['front']}), service('job', {run: 'exit 3', type: 'oneshot', essential: false}), service('api:0'), service('api:1'),
	]);
	bench.tree = [
		{service: null, pid: 1, parent: 0, zombie: false, command: 'archon', kind: 'archon', started: 1, cpu: 2, memory: 3},
		{service: 'web', pid: 7, parent: 1, zombie: false, command: 'web', kind: 'main', started: 1, cpu: 2, memory: 3},
	];
	bench.say('web', 'hello');
	bench.exit('job', {kind: 'code', code: 3});
	return {bench, visitor: visitorTo(bench, rights)};
}

describe('what is read', () => {
	it.each<[path: string, query: string, holds: object]>([
		['/api/v1/status', '', [{name: 'web', status: 'running'}, {name: 'job', status: 'failed'}, {name: 'api:0'}, {name: 'api:1'}]],
		['/api/v1/status', '?service=web&service=api:*', [{name: 'web'}, {name: 'api:0'}, {name: 'api:1'}]],
		['/api/v1/status', '?service=web,job', [{name: 'web'}, {name: 'job'}]],
		['/api/v1/services/{name}', '', {name: 'web', wanted: true}],
		['/api/v1/services/{name}/why', '', {name: 'web', wanted: {runs: true}}],
		['/api/v1/services/{name}/tree', '', [{service: 'web', pid: 7}]],
		['/api/v1/services/{name}/history', '', []],
		['/api/v1/graph', '', {conflicts: []}],
		['/api/v1/blame', '', {chains: [{name: 'api:1'}]}],
		['/api/v1/health', '?of=live&service=web', {ok: true, reason: null}],
		['/api/v1/version', '', {lives: 0}],
		['/api/v1/openapi.json', '', {openapi: '3.1.0'}],
	])('GET %s%s', async (path, query, holds) => {
		const {visitor} = worldOf();
		const got = await ask(visitor, `GET ${path.replace('{name}', 'web')}${query}`);
		expect({status: got.status, json: got.json}).toMatchObject({status: 200, json: holds});
		expect(got.headers['content-type']).toMatch(/^application\/json/);
		expect(faults('get', path, got)).toBeNull();
	});

	test('health is 503 with the reason where all is not well', async () => {
		const got = await ask(worldOf().visitor, 'GET /api/v1/health');
		expect({status: got.status, json: got.json}).toEqual({status: 503, json: {ok: false, reason: expect.stringContaining('job')}});
		expect(faults('get', '/api/v1/health', got)).toBeNull();
	});

	it.each([
		'GET /api/v1/services/nginx', 'GET /api/v1/services/front', 'GET /api/v1/services/api', 'GET /api/v1/services/*', 'GET /api/v1/services/all',
		'GET /api/v1/services/a=b/why', 'GET /api/v1/status?service=nginx', 'GET /api/v1/health?service=nginx', 'GET /api/v1/events?service=nginx',
		'GET /api/v1/logs?service=nginx', 'POST /api/v1/services/nginx/restart', 'POST /api/v1/services/api/stop', 'POST /api/v1/services/7/stop',
	])('%s is 404, and says where to look', async line => {
		const got = await ask(worldOf().visitor, line);
		expect({status: got.status, json: got.json}).toEqual({status: 404, json: {error: expect.stringContaining('GET /api/v1/status lists')}});
	});

	it.each([
		'GET /api/v1/status?service=archon.follow=yes', 'GET /api/v1/status?service=', 'GET /api/v1/health?of=all', 'GET /api/v1/events?kind=started,nonsense',
		'GET /api/v1/events?since=-1', 'GET /api/v1/logs?lines=1000000', 'GET /api/v1/logs?grep=(', 'GET /api/v1/logs?stream=both', 'GET /api/v1/logs?since=x',
		'GET /api/v1/logs?follow=maybe', 'POST /api/v1/services/web/stop?wait=1',
	])('%s is 400, and says what is wrong', async line => {
		const got = await ask(worldOf().visitor, line);
		expect({status: got.status, json: got.json}).toEqual({status: 400, json: {error: expect.stringMatching(/.{20}/)}});
	});

	test('a token for some services sees no others: they are as if they were not there', async () => {
		const {visitor} = worldOf({role: 'operate', services: ['web']});
		expect((await ask(visitor, 'GET /api/v1/status')).json).toMatchObject([{name: 'web'}]);
		const [there, none] = [await ask(visitor, 'GET /api/v1/services/job'), await ask(visitor, 'GET /api/v1/services/nginx')];
		expect([there.status, none.status]).toEqual([404, 404]);
		expect(there.text.replaceAll('job', 'X')).toBe(none.text.replaceAll('nginx', 'X'));
		expect((await ask(visitor, 'POST /api/v1/services/job/stop')).status).toBe(404);
		expect((await ask(visitor, 'GET /api/v1/logs?service=job')).status).toBe(404);
		expect((await ask(visitor, 'GET /api/v1/events?service=archon')).status).toBe(403);
		expect((await ask(visitor, 'POST /api/v1/reload')).status).toBe(403);
	});
});

describe('what is done', () => {
	it.each(['start', 'restart', 'auto'])('%s of a service, with 200 when it is done', async action => {
		const {visitor} = worldOf();
		const got = await ask(visitor, `POST /api/v1/services/web/${action}`, {body: '{}'});
		expect({status: got.status, json: got.json}).toEqual({status: 200, json: {ok: true}});
		expect(faults('post', `/api/v1/services/{name}/${action}`, got)).toBeNull();
	});

	test('stop, and a signal', async () => {
		const {bench, visitor} = worldOf();
		const got = await ask(visitor, 'POST /api/v1/services/web/signal', {body: '{"signal": "HUP"}'});
		expect({status: got.status, json: got.json}).toEqual({status: 200, json: {ok: true}});
		expect((await ask(visitor, 'POST /api/v1/services/api:0/stop')).json).toEqual({ok: true});
		expect((await ask(visitor, 'GET /api/v1/services/api:0')).json).toMatchObject({status: 'stopped', by: 'operator'});
		expect(bench.processes.find(({service: {name}}) => name === 'web')?.signals).toEqual([1]);
	});

	it.each<[action: string, body: string, says: string]>([
		['signal', '{}', 'signal is missing'], ['signal', '{"signal": "NONSENSE"}', 'no signal'], ['signal', '{"signal": ["HUP"]}', 'no signal'],
		['stop', '{"force": true}', 'force'], ['stop', '[]', 'no JSON object'], ['stop', '{', 'no JSON object'],
	])('%s with the body %s is 400', async (action, body, says) => {
		const got = await ask(worldOf().visitor, `POST /api/v1/services/web/${action}`, {body});
		expect({status: got.status, json: got.json}).toEqual({status: 400, json: {error: expect.stringContaining(says)}});
	});

	test('what archon refuses is 409 with its reason', async () => {
		const got = await ask(worldOf().visitor, 'POST /api/v1/services/web/reload');
		expect({status: got.status, json: got.json}).toEqual({status: 409, json: {error: expect.stringContaining('cannot reload web')}});
		expect(faults('post', '/api/v1/services/{name}/reload', got)).toBeNull();
	});

	test('wait=false is 202 as soon as archon has taken it, and what it refuses is told all the same', async () => {
		const {bench, visitor} = worldOf();
		bench.isSlow = true;
		const got = await ask(visitor, 'POST /api/v1/services/job/start?wait=false');
		expect({status: got.status, json: got.json}).toEqual({status: 202, json: {ok: true}});
		expect((await ask(visitor, 'GET /api/v1/services/job')).json).toMatchObject({status: 'starting'});
		expect((await ask(visitor, 'POST /api/v1/services/web/reload?wait=false')).status).toBe(409);
	});

	test('a client that leaves takes nothing back', async () => {
		const {visitor} = worldOf();
		begin(visitor, 'POST /api/v1/services/web/stop').leave();
		const got = begin(visitor, 'POST /api/v1/services/api:1/stop');
		await vi.waitFor(async () => expect((await ask(visitor, 'GET /api/v1/services/api:1')).json).toMatchObject({status: 'stopped'}));
		got.leave();
	});

	test('the config, and the end', async () => {
		const {bench, visitor} = worldOf();
		const got = await ask(visitor, 'POST /api/v1/reload');
		expect(got.status).toBe(200);
		expect(faults('post', '/api/v1/reload', got)).toBeNull();
		expect((await ask(visitor, 'POST /api/v1/shutdown')).json).toEqual({ok: true});
		expect(bench.state.stage.kind).not.toBe('running');
		expect((await ask(visitor, 'POST /api/v1/services/web/start')).status).toBe(409);
	});

	test('who may only observe hears 403 of archon, whatever the route let through', async () => {
		const got = await ask(worldOf({role: 'observe'}).visitor, 'POST /api/v1/services/web/stop');
		expect({status: got.status, json: got.json}).toEqual({status: 403, json: {error: expect.stringContaining('takes the role operate')}});
	});
});

const EVENTS = {headers: {accept: 'text/event-stream'}};
const event = (number: number) => ({
	kind: 'event', number, at: 1_700_000_000_000, event: 'ready', service: 'web', from: 'starting', to: 'running', pid: 7, run: 1, exit: null, count: null,
	next: null, reason: '',
} as const);

describe('events', () => {
	test('have their numbers as ids, and gaps are events of their own', () => {
		const {visitor} = worldOf();
		const got = begin(visitor, 'GET /api/v1/events?kind=ready', {headers: {'last-event-id': '3'}});
		const [follower] = visitor.followed;
		expect(follower?.choice).toEqual({names: [], kinds: ['ready'], since: 3});
		follower?.hears.missed(2);
		follower?.hears.events([event(6), event(7)]);
		follower?.hears.live?.(9);
		expect(got.headers['content-type']).toMatch(/^text\/event-stream/);
		expect(got.events.map(({id, event: kind, data}) => [id, kind, data && Object.keys(JSON.parse(data) as object).slice(0, 3).join()])).toEqual([
			[undefined, undefined, undefined], [undefined, 'gap', 'missed,why'], ['6', undefined, 'number,time,kind'], ['7', undefined, 'number,time,kind'],
			['9', undefined, undefined],
		]);
		got.leave();
		expect(visitor.followed).toEqual([]);
	});

	test('of another archon are told as such', () => {
		const {visitor} = worldOf();
		const got = begin(visitor, 'GET /api/v1/events?since=100');
		visitor.followed[0]?.hears.events([event(1)]);
		visitor.followed[0]?.hears.live?.(1);
		expect(got.events.map(({id, event: kind}) => [id, kind])).toEqual([[undefined, undefined], [undefined, 'gap'], ['1', undefined], ['1', undefined]]);
		expect(got.text).toContain('another archon');
	});

	test('are not kept for a client that does not read: it is told and dropped', () => {
		const {visitor} = worldOf();
		const got = begin(visitor, 'GET /api/v1/events');
		got.unread = 1 << 20;
		visitor.followed[0]?.hears.events([event(1)]);
		expect(got.isEnded).toBe(true);
		expect(got.events.at(-1)).toMatchObject({event: 'dropped', data: expect.stringContaining('Last-Event-ID')});
		expect(visitor.followed).toEqual([]);
	});
});

describe('lines', () => {
	const messages = (got: Got): readonly unknown[] => got.text.trimEnd().split('\n').filter(line => line !== '').map(line => (JSON.parse(line) as {message: string}).message);

	test('as JSON in lines, in order, the last of each service', async () => {
		const {bench, visitor} = worldOf();
		for (const text of ['one', 'two', 'three']) {
			bench.say('web', text);
			bench.say('job', `${text} of job`, 'stderr');
		}
		expect(messages(await ask(visitor, 'GET /api/v1/logs?service=web,job&lines=2'))).toEqual(['two', 'two of job', 'three', 'three of job']);
		expect(messages(await ask(visitor, 'GET /api/v1/logs?grep=^t&service=web&lines=1'))).toEqual(['three']);
		expect(messages(await ask(visitor, 'GET /api/v1/logs?stream=stderr'))).toEqual(['one of job', 'two of job', 'three of job']);
		const [first] = (await ask(visitor, 'GET /api/v1/logs?service=web')).text.split('\n');
		const validate = ajv.getSchema('api#/components/schemas/Line');
		expect(validate?.(JSON.parse(first ?? '')), JSON.stringify(validate?.errors)).toBe(true);
	});

	test('follow, and who comes back is told each line once', async () => {
		const {bench, visitor} = worldOf();
		const first = begin(visitor, 'GET /api/v1/logs?service=web', EVENTS);
		await vi.waitFor(() => expect(first.text).toContain('hello'));
		bench.say('web', 'one');
		await vi.waitFor(() => expect(first.text).toContain('one'));
		first.leave();
		bench.say('web', 'two');
		const id = first.events.filter(event => event['id'] !== undefined).at(-1)?.['id'] ?? '';
		const again = begin(visitor, 'GET /api/v1/logs?service=web', {headers: {...EVENTS.headers, 'last-event-id': id}});
		await vi.waitFor(() => expect(again.text).toContain('two'));
		bench.say('web', 'three');
		await vi.waitFor(() => expect(again.text).toContain('three'));
		expect(again.events.filter(({data}) => data !== undefined).map(({data = ''}) => (JSON.parse(data) as {message: string}).message)).toEqual(['two', 'three']);
		again.leave();
	});

	test('that archon has forgotten are a gap for who comes back, and a re-execution is one for who was there', async () => {
		const {bench, visitor} = worldOf();
		const late = begin(visitor, 'GET /api/v1/logs?service=web', {headers: {...EVENTS.headers, 'last-event-id': '1600000000000~web~2'}});
		await vi.waitFor(() => expect(late.text).toContain('hello'));
		expect(late.events[1]).toMatchObject({event: 'gap'});
		visitor.cut();
		bench.say('web', 'later');
		await vi.waitFor(() => expect(late.text).toContain('later'));
		expect(late.events.map(({event: kind}) => kind).filter(kind => kind === 'gap')).toHaveLength(2);
		expect(late.text.split('hello')).toHaveLength(2);
		late.leave();
	});

	test('too many to be told at once are left out from the oldest on, and said', async () => {
		const {bench, visitor} = worldOf();
		for (let index = 0; index < 40; index++) bench.say('web', `${index} ${'x'.repeat(10_000)}`);
		const got = begin(visitor, 'GET /api/v1/logs?service=web', EVENTS);
		await vi.waitFor(() => expect(got.text).toContain('"39 x'));
		expect(got.events[1]).toMatchObject({event: 'gap', data: expect.stringContaining('"missed":')});
		expect(got.text.length).toBeLessThan(300_000);
		got.leave();
	});

	test('as JSON in lines that follow', async () => {
		const {bench, visitor} = worldOf();
		const got = begin(visitor, 'GET /api/v1/logs?service=web&follow=true&lines=0');
		await vi.waitFor(() => expect(got.status).toBe(200));
		bench.say('web', 'new');
		await vi.waitFor(() => expect(messages(got)).toEqual(['new']));
		got.leave();
	});
});
