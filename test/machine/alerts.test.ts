/** Alerts end to end: a receiver by HTTP, a mail server and a command hear of a failed service, and what fails to be delivered waits. */
import {createHmac} from 'node:crypto';
import {chmodSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {createServer, type IncomingHttpHeaders, type Server} from 'node:http';
import {createRequire} from 'node:module';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

interface Mail {
	readonly from: string;
	readonly to: readonly string[];
	readonly text: string;
}

interface Session {
	readonly envelope: {readonly mailFrom: {readonly address: string}; readonly rcptTo: readonly {readonly address: string}[]};
}

interface SmtpServer {
	listen(port: number, host: string, done: () => void): void;
	close(done: () => void): void;
	readonly server: {address(): AddressInfo};
}

const {SMTPServer} = createRequire(import.meta.url)('smtp-server') as {readonly SMTPServer: new (options: object) => SmtpServer};
const PATIENCE = {timeout: 60_000};
const closing: (() => void)[] = [];

afterEach(() => closing.splice(0).forEach(close => close()));

interface Post {
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

/** `status` is asked for each. */
async function http(status: () => number = () => 200): Promise<{readonly port: number; readonly posts: Post[]}> {
	const posts: Post[] = [];
	const server: Server = createServer((request, response) => {
		let body = '';
		request.on('data', data => (body += String(data)));
		request.on('end', () => {
			posts.push({headers: request.headers, body});
			response.writeHead(status(), {'Retry-After': '1'}).end('x'.repeat(10_000));
		});
	});
	closing.push(() => void server.close());
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	return {port: (server.address() as AddressInfo).port, posts};
}

async function smtp(): Promise<{readonly port: number; readonly mails: Mail[]}> {
	const mails: Mail[] = [];
	const server = new SMTPServer({
		authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], logger: false,
		onData(stream: NodeJS.ReadableStream, {envelope}: Session, done: () => void) {
			let text = '';
			stream.on('data', data => (text += String(data)));
			stream.on('end', () => {
				mails.push({from: envelope.mailFrom.address, to: envelope.rcptTo.map(({address}) => address), text});
				done();
			});
		},
	});
	closing.push(() => server.close(() => {}));
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	return {port: server.server.address().port, mails};
}

const decoded = ({text}: Mail): string => Buffer.from(text.slice(text.indexOf('\r\n\r\n')), 'base64').toString();

const statusOf = async (archon: Archon): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> => {
	const rows = JSON.parse((await archon.ctl('alerts', '--json')).stdout) as readonly Readonly<Record<string, unknown>>[];
	return Object.fromEntries(rows.map(row => [String(row['name']), row]));
};

const FAILING = 'services: {web: {command: "sh -c \'echo last words; exit 3\'", restart: no}, other: {command: sleep 1000000}}\n';

test('a receiver by HTTP, a mail server and a command hear of a failed service: cause, last outcome, last lines', async () => {
	const [hook, mail] = [await http(), await smtp()];
	const folder = mkdtempSync(join(tmpdir(), 'archon-alerts-'));
	const out = join(folder, 'out');
	chmodSync(folder, 0o755);
	writeFileSync(join(folder, 'secret'), 'hush\n', {mode: 0o600});
	writeFileSync(out, '');
	chmodSync(out, 0o666);
	await using archon = await boot({config: `alerts:
  group_wait: 1s
  receivers:
    - {http: "http://127.0.0.1:${hook.port}/x", secret_file: ${join(folder, 'secret')}}
    - {name: ops, mail: [ops@example.com, boss@example.com], from: archon@example.com, server: "smtp://127.0.0.1:${mail.port}"}
    - {name: page, command: [sh, -c, 'cat > ${out}']}
${FAILING}`});
	await expect.poll(() => hook.posts.length, PATIENCE).toBe(1);
	const [{headers, body} = expect.fail()] = hook.posts;
	expect(JSON.parse(body)).toMatchObject({
		status: 'firing', alerts: [{service: 'web', event: 'failed', outcome: 'exit status 3', exit: 3, lines: ['last words'], cause: expect.stringContaining('exit status 3')}],
	});
	expect(headers['x-archon-signature']).toBe(`sha256=${createHmac('sha256', 'hush').update(body).digest('hex')}`);
	await expect.poll(() => mail.mails.length, PATIENCE).toBe(1);
	expect(mail.mails).toMatchObject([{from: 'archon@example.com', to: ['ops@example.com', 'boss@example.com'], text: expect.stringMatching(/^Subject: failed: web \(/m)}]);
	expect(decoded(mail.mails[0] ?? expect.fail())).toMatch(/web: failed at [\s\S]*cause: it ended: exit status 3[\s\S]*last lines:\r\n {4}last words/);
	await expect.poll(() => statusOf(archon), PATIENCE).toMatchObject({http: {delivered: 1, firing: 1, state: 'ok'}, ops: {delivered: 1}, page: {delivered: 1}});
	expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({alerts: [{service: 'web', lines: ['last words']}]});
	expect(await archon.ctl('alerts', 'test', 'ops')).toMatchObject({status: 0, stdout: 'ops: delivered'});
	expect(mail.mails).toHaveLength(2);
	expect(readFileSync(`/proc/${archon.pid}/cmdline`, 'latin1')).not.toContain('hush');
});

test('what cannot be delivered is shown in status, survives the helper, and touches no service', async () => {
	let isDown = true;
	const hook = await http(() => (isDown ? 503 : 200));
	await using archon = await boot({config: `alerts: {group_wait: 1s, receivers: {http: "http://127.0.0.1:${hook.port}/"}}\n${FAILING}`});
	await expect.poll(() => archon.status(), PATIENCE).toMatchObject({'archon.alerts': {note: expect.stringContaining('http: the server says 503')}});
	expect(await archon.status()).toMatchObject({other: {status: 'running', restarts: 0}});
	expect(await archon.ctl('signal', 'KILL', 'archon.alerts')).toMatchObject({status: 0});
	await expect.poll(() => archon.status(), PATIENCE).toMatchObject({'archon.alerts': {status: 'running', restarts: 1}});
	isDown = false;
	await expect.poll(() => statusOf(archon), PATIENCE).toMatchObject({http: {delivered: 1, waiting: 0, state: 'ok'}});
	const ids = new Set(hook.posts.map(({headers}) => headers['x-archon-id']));
	expect(ids.size).toBe(1);
	expect(await archon.status()).toMatchObject({other: {status: 'running', restarts: 0}});
});
