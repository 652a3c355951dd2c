/** Alerts by the image's curl: https with a CA of one's own, mail with STARTTLS and a login. No secret is in a command line or a variable. */
import {execFileSync} from 'node:child_process';
import {chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import type {IncomingHttpHeaders} from 'node:http';
import {createServer} from 'node:https';
import {createRequire} from 'node:module';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

interface SmtpServer {
	listen(port: number, host: string, done: () => void): void;
	close(done: () => void): void;
	on(kind: 'error', hears: () => void): void;
	readonly server: {address(): AddressInfo};
}

const {SMTPServer} = createRequire(import.meta.url)('smtp-server') as {readonly SMTPServer: new (options: object) => SmtpServer};
const PATIENCE = {timeout: 60_000};
const SECRETS = ['hush-token', 'hush-password'] as const;
const hasCurl = existsSync('/usr/bin/curl');
const folder = mkdtempSync(join(tmpdir(), 'archon-alerts-tls-'));
// curl reads the CA as another user.
chmodSync(folder, 0o755);
const [ca, keyFile] = [join(folder, 'ca.pem'), join(folder, 'key.pem')];
execFileSync('openssl', [
	'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
	'-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', keyFile, '-out', ca,
], {stdio: 'ignore'});
const tls = {cert: readFileSync(ca), key: readFileSync(keyFile)};
for (const [index, secret] of SECRETS.entries()) writeFileSync(join(folder, `secret-${index}`), `${secret}\n`, {mode: 0o600});

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach(close => close()));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const FAILING = 'services: {web: {command: "sh -c \'echo last words; exit 3\'", restart: no}, other: {command: sleep 1000000}}\n';

/** What all processes that are called so have as words and variables now. */
function wordsAndVariables(name: string): readonly string[] {
	return readdirSync('/proc').filter(each => /^\d+$/.test(each)).flatMap(pid => {
		try {
			if (readFileSync(`/proc/${pid}/comm`, 'utf8') !== `${name}\n`) return [];
			return [`${readFileSync(`/proc/${pid}/cmdline`, 'latin1')}\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`];
		} catch {
			// It has ended meanwhile.
			return [];
		}
	});
}

const statusOf = async (archon: Archon): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> => {
	const rows = JSON.parse((await archon.ctl('alerts', '--json')).stdout) as readonly Readonly<Record<string, unknown>>[];
	return Object.fromEntries(rows.map(row => [String(row['name']), row]));
};

test.runIf(hasCurl)('a receiver by https hears of a failed service, by a CA of its own; the token is in no command line', async () => {
	const posts: {readonly headers: IncomingHttpHeaders; readonly body: string}[] = [];
	const seen: string[] = [];
	const server = createServer(tls, (request, response) => {
		let body = '';
		request.on('data', data => (body += String(data)));
		request.on('end', () => {
			// curl waits for the answer meanwhile.
			seen.push(...wordsAndVariables('curl'));
			posts.push({headers: request.headers, body});
			response.writeHead(200).end('ok');
		});
	});
	closing.push(() => void server.close());
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	await using archon = await boot({env: {CURL_CA_BUNDLE: ca}, config: `alerts:
  group_wait: 1s
  receivers: {http: "https://127.0.0.1:${(server.address() as AddressInfo).port}/x", token_file: ${join(folder, 'secret-0')}}
${FAILING}`});
	await expect.poll(() => statusOf(archon), PATIENCE).toMatchObject({http: {delivered: 1, waiting: 0, dropped: 0, state: 'ok', why: null}});
	expect(posts).toHaveLength(1);
	expect(posts[0]?.headers).toMatchObject({authorization: `Bearer ${SECRETS[0]}`, 'content-type': 'application/json'});
	expect(JSON.parse(posts[0]?.body ?? '')).toMatchObject({alerts: [{service: 'web', lines: ['last words']}]});
	expect(seen.some(each => each.startsWith('curl\0'))).toBe(true);
	expect(seen.join('')).not.toContain(SECRETS[0]);
	expect(await archon.ctl('alerts', 'test')).toMatchObject({status: 0, stdout: 'http: delivered'});
});

test.runIf(hasCurl)('a certificate that is not trusted is told nothing, and status says why', async () => {
	let posts = 0;
	const server = createServer(tls, (_, response) => {
		posts++;
		response.end();
	});
	closing.push(() => void server.close());
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	await using archon = await boot({config: `alerts:
  receivers: {http: "https://127.0.0.1:${(server.address() as AddressInfo).port}/x"}
${FAILING}`});
	await expect.poll(() => archon.ctl('alerts', 'test'), PATIENCE).toMatchObject({status: 1, stdout: expect.stringMatching(/^http: not delivered: .*certificate/)});
	expect(posts).toBe(0);
});

test.runIf(hasCurl)('a mail server whose certificate is not trusted is told no password', async () => {
	let logins = 0;
	const server = new SMTPServer({...tls, logger: false, onAuth(_: unknown, __: unknown, done: (error: Error) => void) {
		logins++;
		done(new Error('no'));
	}});
	// curl hangs up.
	server.on('error', () => {});
	closing.push(() => server.close(() => {}));
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	const address = `smtp://localhost:${server.server.address().port}`;
	await using archon = await boot({config: `alerts:
  receivers: {mail: ops@example.com, server: "${address}", tls: starttls, user: archon, password_file: ${join(folder, 'secret-1')}}
${FAILING}`});
	await expect.poll(() => archon.ctl('alerts', 'test'), PATIENCE).toMatchObject({status: 1, stdout: expect.stringMatching(/^mail: not delivered: .*certificate/)});
	expect(logins).toBe(0);
});

test.runIf(hasCurl)('a mail goes by STARTTLS and a login; the password is in no command line', async () => {
	const [mails, logins, seen]: [string[], unknown[], string[]] = [[], [], []];
	const server = new SMTPServer({
		...tls, logger: false,
		onAuth({username, password}: {username: string; password: string}, {secure}: {secure: boolean}, done: (error: Error | null, found?: object) => void) {
			logins.push({username, password, secure});
			if (password === SECRETS[1]) done(null, {user: username});
			else done(new Error('no'));
		},
		onData(stream: NodeJS.ReadableStream, _: unknown, done: () => void) {
			let text = '';
			stream.on('data', data => (text += String(data)));
			stream.on('end', () => {
				seen.push(...wordsAndVariables('curl'));
				mails.push(text);
				done();
			});
		},
	});
	closing.push(() => server.close(() => {}));
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	await using archon = await boot({env: {CURL_CA_BUNDLE: ca}, config: `alerts:
  group_wait: 1s
  receivers:
    mail: ops@example.com
    server: "smtp://localhost:${server.server.address().port}"
    tls: starttls
    user: archon
    password_file: ${join(folder, 'secret-1')}
${FAILING}`});
	await expect.poll(() => statusOf(archon), PATIENCE).toMatchObject({mail: {delivered: 1, waiting: 0, dropped: 0, state: 'ok', why: null}});
	expect(mails).toMatchObject([expect.stringMatching(/^Subject: failed: web \(/m)]);
	expect(logins).toEqual([{username: 'archon', password: SECRETS[1], secure: true}]);
	expect(seen.some(each => each.startsWith('curl\0'))).toBe(true);
	expect(seen.join('')).not.toContain(SECRETS[1]);
});
