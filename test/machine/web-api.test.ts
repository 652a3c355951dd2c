/** The API of the real executable, over HTTP as its clients speak it: that it is as described, who may what, and streams over all that happens. */
import {Validator} from '@seriousme/openapi-schema-validator';
import {Ajv2020} from 'ajv/dist/2020.js';
import {execa} from 'execa';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {StringDecoder} from 'node:string_decoder';
import {afterAll, describe, expect, it, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

const root = join(import.meta.dirname, '../..');
const TOKENS = {operate: 'an-operator-of-the-test', admin: 'an-administrator-of-the-test', web: 'an-operator-of-web-alone', observe: 'an-observer-of-the-test'} as const;

/** Below those that the kernel gives to clients. */
const port = 11_000 + process.pid % 20_000;
const base = `http://127.0.0.1:${port}`;

const folder = mkdtempSync(join(tmpdir(), 'web-api-'));
const socket = join(folder, 'web.sock');

let archon: Archon;
test('archon answers by HTTP', async () => {
	const file = (name: keyof typeof TOKENS): string => {
		writeFileSync(join(folder, name), `${TOKENS[name]}\n`, {mode: 0o600});
		return `token_file: ${join(folder, name)}`;
	};
	archon = await boot({config: `
web:
  listen: ["127.0.0.1:${port}", "unix://${socket}"]
  tokens:
    - {${file('operate')}, role: operate}
    - {${file('admin')}, role: admin}
    - {${file('web')}, role: operate, services: [web]}
    - {${file('observe')}}
services:
  web: {command: sh -c "echo hello from web; exec sleep 1000000", depends_on: [db]}
  db: {command: sleep 1000000, reload: CONT, stop_signal: KILL}
  job: {type: oneshot, command: sh -c "exit 3", essential: false}
  loud:
    autostart: false
    # Not all at once: on a busy machine PID 1 would have forgotten most of it before the helper asks for it.
    command:
      - sh
      - -c
      - |
        for i in $$(seq 0 59); do
          seq -f 'line %.0f of a service that says very much' $$((i * 1000 + 1)) $$((i * 1000 + 1000))
          sleep 0.01
        done
        exec sleep 1000000
`});
	await expect.poll(async () => (await archon.ctl('status', 'archon.web')).stdout, {timeout: 60_000}).toContain('listening');
	await archon.says(/job failed/);
}, 90_000);
afterAll(async () => {
	await archon[Symbol.asyncDispose]();
	rmSync(folder, {recursive: true});
});

type Who = keyof typeof TOKENS | null;

/** A new connection for each: none waits for another. */
const ask = (line: string, who: Who = null, {body = '{}', headers = {}}: {body?: string; headers?: Record<string, string>} = {}): Promise<Response> => {
	const [method = 'GET', path = ''] = line.split(' ');
	return fetch(`${base}${path}`, {
		method, signal: AbortSignal.timeout(25_000),
		headers: {...headers, ...who && {authorization: `Bearer ${TOKENS[who]}`}, ...method === 'POST' && {'content-type': 'application/json'}},
		...method === 'POST' && {body},
	});
};
const json = async (line: string, who: Who = null, body = '{}'): Promise<unknown> => (await ask(line, who, {body})).json();

// ── As it is described ──

interface Response_ {readonly content?: Record<string, {schema: object}>; readonly $ref?: string}
interface Api {readonly paths: Record<string, Record<string, {'x-archon-role': string; responses: Record<string, Response_>}>>}

const described = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')) as Api;
const paths = Object.entries(described.paths).flatMap(([path, methods]) => Object.keys(methods).map(method => ({method: method.toUpperCase(), path})));
const ajv = new Ajv2020({strict: false});
ajv.addSchema(described, 'api');

/** What of the answer is not as the description says. */
async function faults(method: string, path: string, answer: Response): Promise<unknown> {
	const response = described.paths[path]?.[method.toLowerCase()]?.responses[answer.status];
	if (!response) return `${method} ${path} has no answer ${answer.status}: ${await answer.text()}`;
	const at = `#/paths/${path.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${method.toLowerCase()}/responses/${answer.status}`;
	const validate = ajv.getSchema(`api${response.$ref ?? at}/content/application~1json/schema`);
	return validate?.(await answer.json()) ? null : validate?.errors ?? 'no schema';
}

/** That ends the container, and has the last word below. */
const isLast = (path: string): boolean => path === '/api/v1/shutdown';
/** These answer in lines or go on. */
const isStream = (path: string): boolean => /\/(?:events|logs)$/.test(path);

describe('the description', () => {
	test('is OpenAPI 3.1, and archon serves it', async () => {
		expect(await json('GET /api/v1/openapi.json')).toEqual(described);
		expect(await new Validator().validate({...described})).toMatchObject({valid: true});
	});

	it.each(paths.filter(({path}) => !isLast(path) && !isStream(path)))('$method $path answers as it says', async ({method, path}) => {
		const line = `${method} ${path.replace('{name}', 'db')}`;
		const answer = await ask(line, 'admin', {body: path.endsWith('/signal') ? '{"signal": "CONT"}' : '{}'});
		expect(answer.status).toBe(path.endsWith('/health') ? 503 : 200);
		expect(await faults(method, path, answer)).toBeNull();
		const strange = await ask(line.replace('/db', '/nginx'), 'admin');
		if (path.includes('{name}') && !path.endsWith('/signal')) {
			expect(strange.status).toBe(404);
			expect(await faults(method, path, strange)).toBeNull();
		}
	});

	test('answers have the form of archonctl --json', async () => {
		const ctl = async (...words: readonly string[]): Promise<unknown> => JSON.parse((await archon.ctl(...words, '--json')).stdout) as unknown;
		await archon.ctl('start', 'web', 'db');
		expect(await json('GET /api/v1/status?service=web,db,job')).toEqual(await ctl('status', 'web', 'db', 'job'));
		expect([await json('GET /api/v1/services/db')]).toEqual(await ctl('status', 'db'));
		expect([await json('GET /api/v1/services/job/why')]).toEqual(await ctl('why', 'job'));
		expect(await json('GET /api/v1/services/job/history')).toEqual(await ctl('history', 'job'));
		expect(await json('GET /api/v1/graph')).toEqual(await ctl('graph'));
		expect(await json('GET /api/v1/blame')).toEqual(await ctl('blame'));
		expect(await json('GET /api/v1/version')).toEqual(await ctl('version'));
		// When a process began is reckoned from the clocks of the moment, and what it has computed grows.
		const still = (tree: unknown): unknown => (tree as readonly {service: string}[]).filter(({service}) => service === 'db')
			.map(process => ({...process, started: expect.any(Number) as number, cpu: expect.any(Number) as number, memory: expect.any(Number) as number}));
		expect(await json('GET /api/v1/services/db/tree')).toEqual(still(await ctl('tree')));
		expect((await archon.ctl('logs', 'web', '--json')).stdout.trim()).toBe((await (await ask('GET /api/v1/logs?service=web')).text()).trim());
	});

	test('HEAD has no body, also of what goes on', async () => {
		for (const path of ['/api/v1/status', '/api/v1/events', '/api/v1/logs?follow=true']) {
			const answer = await ask(`HEAD ${path}`);
			expect([answer.status, await answer.text()]).toEqual([200, '']);
		}
	});
});

describe('who may what', () => {
	it.each<[line: string, who: Who, status: number, says: RegExp]>([
		['POST /api/v1/services/db/restart', null, 401, /takes a token/], ['POST /api/v1/services/db/restart', 'observe', 403, /takes the role operate/],
		['POST /api/v1/services/db/reload', 'operate', 200, /ok/], ['POST /api/v1/services/db/reload', 'web', 404, /lists all/],
		['POST /api/v1/services/db/auto', 'web', 404, /may not see it/], ['POST /api/v1/services/web/auto', 'web', 200, /ok/],
		['POST /api/v1/reload', 'operate', 403, /takes the role admin/], ['POST /api/v1/shutdown', 'operate', 403, /takes the role admin/],
		['POST /api/v1/shutdown', null, 401, /takes a token/], ['GET /api/v1/services/db', 'web', 404, /may not see it/],
		['GET /api/v1/services/nginx', 'web', 404, /may not see it/], ['GET /api/v1/logs?service=db', 'web', 404, /may not see it/],
		['GET /api/v1/events?service=db', 'web', 404, /may not see it/], ['GET /api/v1/services/db', 'observe', 200, /"name":"db"/],
		['GET /api/v1/services/web/restart', 'admin', 405, /use POST/],
	])('%s with the token %s is %i', async (line, who, status, says) => {
		const answer = await ask(line, who);
		const text = await answer.text();
		expect([answer.status, text]).toEqual([status, expect.stringMatching(says)]);
		if (status >= 400) expect(JSON.parse(text)).toEqual({error: expect.any(String)});
	});

	test('a token for one service sees that one', async () => {
		expect((await json('GET /api/v1/status', 'web') as readonly {name: string}[]).map(({name}) => name)).toEqual(['web']);
		expect(await (await ask('GET /api/v1/logs', 'web')).text()).not.toContain('"archon"');
	});

	test('what is refused is told at once with wait=false, and what is not is under way', async () => {
		expect((await ask('POST /api/v1/services/job/reload?wait=false', 'operate')).status).toBe(409);
		// 200: it was done before the answer.
		expect([200, 202]).toContain((await ask('POST /api/v1/services/db/restart?wait=false', 'operate')).status);
		await expect.poll(async () => (await json('GET /api/v1/services/db') as {status: string}).status).toBe('running');
	});
});

// ── Streams ──

interface Told {readonly id?: string; readonly event?: string; readonly data?: {readonly number?: number; readonly kind?: string; readonly service?: string; readonly message?: string}}

class Stream {
	readonly told: Told[] = [];
	isEnded = false;
	readonly #abort = new AbortController();

	static async open(path: string, lastId?: string): Promise<Stream> {
		const stream = new Stream();
		const response = await fetch(`${base}${path}`, {
			signal: stream.#abort.signal, headers: {accept: 'text/event-stream', connection: 'close', ...lastId !== undefined && {'last-event-id': lastId}},
		});
		expect(response.status).toBe(200);
		void stream.#read(response.body as ReadableStream<Uint8Array>).catch(() => {}).finally(() => void (stream.isEnded = true));
		return stream;
	}

	async #read(body: ReadableStream<Uint8Array>): Promise<void> {
		let rest = '';
		const decoder = new StringDecoder();
		for await (const bytes of body) {
			const blocks = (rest + decoder.write(Buffer.from(bytes))).split('\n\n');
			rest = blocks.pop() ?? '';
			this.told.push(...blocks.map(toldOf));
		}
	}

	get lastId(): string {
		return this.told.findLast(({id}) => id !== undefined)?.id ?? '';
	}

	get numbers(): readonly number[] {
		return this.told.flatMap(({event, data}) => event === undefined && data?.number !== undefined ? [data.number] : []);
	}

	has(kind: string, service: string): boolean {
		return this.told.some(({data}) => data?.kind === kind && data.service === service);
	}

	close(): void {
		this.#abort.abort();
	}
}

function toldOf(block: string): Told {
	const fields = new Map(block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const));
	const [id, event, data] = ['id', 'event', 'data'].map(name => fields.get(name));
	return {...id !== undefined && {id}, ...event !== undefined && {event}, ...data !== undefined && {data: JSON.parse(data) as NonNullable<Told['data']>}};
}

const inARow = (numbers: readonly number[]): boolean => numbers.every((number, index) => index === 0 || number === (numbers[index - 1] ?? 0) + 1);

/** As a client that comes back: until it is let in. */
const back = async (path: string, lastId: string): Promise<Stream> => {
	let stream: Stream | undefined;
	await expect.poll(async () => {
		stream = await Stream.open(path, lastId).catch(() => undefined);
		return stream;
	}, {timeout: 30_000}).toBeDefined();
	return stream as Stream;
};

describe('events', () => {
	test('go on where a client left, none lost and none twice: over a break, a re-execution of archon and a new helper', async () => {
		const all: number[] = [];
		let stream = await Stream.open('/api/v1/events?since=0');
		await expect.poll(() => stream.told.length).toBeGreaterThan(3);
		await ask('POST /api/v1/services/db/restart', 'operate');
		await expect.poll(() => stream.has('stopped', 'db') || stream.has('restarting', 'db') || stream.has('started', 'db')).toBe(true);
		stream.close();
		all.push(...stream.numbers);
		// While it is away something happens.
		await ask('POST /api/v1/services/web/restart', 'operate');
		stream = await back('/api/v1/events', stream.lastId);
		await expect.poll(() => stream.has('ready', 'web')).toBe(true);

		archon.signal('SIGSEGV');
		await expect.poll(() => stream.told.some(({data}) => data?.kind === 're-executed'), {timeout: 30_000}).toBe(true);
		await ask('POST /api/v1/services/job/start?wait=false', 'operate');
		await expect.poll(() => stream.has('failed', 'job'), {timeout: 30_000}).toBe(true);

		await archon.ctl('signal', 'KILL', 'archon.web');
		await expect.poll(() => stream.isEnded, {timeout: 30_000}).toBe(true);
		all.push(...stream.numbers);
		stream = await back('/api/v1/events', stream.lastId);
		await expect.poll(() => stream.has('ready', 'archon.web'), {timeout: 30_000}).toBe(true);
		all.push(...stream.numbers);
		stream.close();
		expect(all[0]).toBe(1);
		expect(inARow(all), all.join()).toBe(true);
	}, 120_000);

	test('of one kind or one service, and a gap is an event of its own', async () => {
		const some = await Stream.open('/api/v1/events?since=0&kind=failed&service=job');
		await expect.poll(() => some.numbers.length).toBeGreaterThan(1);
		expect(some.told.filter(({data}) => data).every(({data}) => data?.kind === 'failed' && data.service === 'job')).toBe(true);
		some.close();
		const strange = await Stream.open('/api/v1/events', '999999');
		await expect.poll(() => strange.told.some(({event}) => event === 'gap')).toBe(true);
		expect(strange.told.find(({data}) => data)?.event).toBe('gap');
		strange.close();
	});
});

/** What comes on a socket of which only the beginning is read until it is told to. */
class Slow {
	#text = '';
	readonly socket: Socket;

	constructor(socket: Socket) {
		this.socket = socket;
		socket.on('data', (bytes: Buffer) => void (this.#text += bytes.toString('latin1')));
	}

	static async open(head: string): Promise<Slow> {
		const client = connect(socket);
		const slow = new Slow(client);
		client.write(head);
		await once(client, 'data');
		client.pause();
		return slow;
	}

	/** All there is, to the end. */
	async read(): Promise<readonly Told[]> {
		const ended = once(this.socket, 'close');
		this.socket.resume();
		await ended;
		const [, body = ''] = this.#text.split(/\r\n\r\n([^]*)/);
		let [text, rest] = ['', body];
		for (let size = Number.parseInt(rest, 16); size > 0; size = Number.parseInt(rest, 16)) {
			const from = rest.indexOf('\r\n') + 2;
			text += rest.slice(from, from + size);
			rest = rest.slice(from + size + 2);
		}
		return text.split('\n\n').slice(0, -1).map(toldOf);
	}
}

const EVENTS = 'Host: archon\r\nAccept: text/event-stream\r\nConnection: close\r\n';

describe('lines', () => {
	test('a client that does not read is told so and let go, and comes back with its last id', async () => {
		const slow = await Slow.open(`GET /api/v1/logs?service=loud HTTP/1.1\r\n${EVENTS}\r\n`);
		await ask('POST /api/v1/services/loud/start', 'operate');
		await expect.poll(async () => (await (await ask('GET /api/v1/logs?service=loud&lines=1')).text()), {timeout: 30_000}).toContain('line 60000 ');
		const told = await slow.read();
		const messages = told.flatMap(({data, event}) => event === undefined && data?.message !== undefined ? [data.message] : []);
		expect(told.at(-1)).toMatchObject({event: 'dropped'});
		expect(messages.length).toBeLessThan(60_000);
		expect(messages).toEqual(messages.map((_, index) => `line ${index + 1} of a service that says very much`));
		const again = await Stream.open('/api/v1/logs?service=loud', told.findLast(({id}) => id !== undefined)?.id);
		await expect.poll(() => again.told.at(-1)?.data?.message ?? again.told.at(-2)?.data?.message, {timeout: 30_000}).toContain('line 60000 ');
		// Some are not kept any more, and that is said before the others.
		expect(again.told.find(({data}) => data)?.event).toBe('gap');
		again.close();
	}, 90_000);

	test('each is told once over a break, and a re-execution is a gap', async () => {
		await ask('POST /api/v1/services/web/restart', 'operate');
		let stream = await Stream.open('/api/v1/logs?service=web');
		await expect.poll(() => stream.told.some(({data}) => data?.message === 'hello from web')).toBe(true);
		stream.close();
		await ask('POST /api/v1/services/web/restart', 'operate');
		stream = await back('/api/v1/logs?service=web', stream.lastId);
		await expect.poll(() => stream.told.filter(({data}) => data?.message !== undefined).length).toBe(1);
		archon.signal('SIGSEGV');
		await expect.poll(() => stream.told.some(({event}) => event === 'gap'), {timeout: 30_000}).toBe(true);
		await ask('POST /api/v1/services/web/restart', 'operate');
		await expect.poll(() => stream.told.filter(({data}) => data?.message !== undefined).length, {timeout: 30_000}).toBe(2);
		stream.close();
	}, 90_000);
});

// ── The page ──

describe('the examples of the page', () => {
	const page = readFileSync(join(root, 'docs/reference/http-api.md'), 'utf8');
	const commands = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, body = '']) => body.trimEnd().split('\n'));

	it.each(commands)('%s', async command => {
		const {stdout, exitCode} = await execa('sh', ['-c', command.replaceAll('127.0.0.1:9180', `127.0.0.1:${port}`)], {env: {TOKEN: TOKENS.operate}, reject: false});
		// What goes on is ended by --max-time, which curl tells with 28.
		expect(exitCode).toBe(command.includes('--max-time') ? 28 : 0);
		expect(stdout.slice(0, 200)).not.toMatch(/^\{"error"/);
		expect(stdout.length > 0).toBe(!command.includes('grep='));
	});
});

test('the container ends by POST /api/v1/shutdown', async () => {
	const answer = await ask('POST /api/v1/shutdown', 'admin');
	expect([answer.status, await answer.json()]).toEqual([200, {ok: true}]);
	expect(await archon.ended()).toBe(0);
});
