/** The status page in a real browser: what a person sees, does and reads there, with and without JavaScript. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Browser, Page} from 'puppeteer-core';
import {afterAll, describe, expect, test} from 'vitest';
import {openBrowser} from '../../scripts/browser.ts';
import {undo} from '../../scripts/undo.ts';
import {type Archon, boot} from './archon.ts';
import {axeFinds, openPage, type Opened, reads, textIn} from './browser.ts';

/** Below those that the kernel gives to clients (ip_local_port_range). */
const PORT = 21_180;
const ORIGIN = `http://127.0.0.1:${PORT}`;
const TOKEN = 'a-token-that-is-long-enough-for-anybody';

/** What services say and are called, to become markup. */
const HOSTILE = '<img src=x onerror=alert(1)>"\'</li><script>alert(2)</script>';

const CONFIG = `
web:
  listen: 127.0.0.1:${PORT}
  tokens:
    - {token_file: TOKEN, role: operate}
services:
  speaker:
    command:
      - sh
      - -c
      - |
        trap 'n=$$((n+1)); echo "tick $$n"' USR1
        trap 'cat hostile' USR2
        echo ready
        while :; do sleep 1000 & wait $$!; done
    working_dir: FOLDER
    ready: {log: ready}
  front:
    command: [sleep, '1000000']
    depends_on: [speaker]
  broken:
    command: ['/no/such/${HOSTILE.replaceAll('\'', '\'\'')}']
    restart: no
`;

let browser!: Browser;
let archon!: Archon;

test('archon and a browser are there', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'archon-page-'));
	undo(() => rmSync(folder, {recursive: true, force: true}));
	writeFileSync(join(folder, 'token'), `${TOKEN}\n`, {mode: 0o600});
	writeFileSync(join(folder, 'hostile'), `${HOSTILE}\n`);
	[browser, archon] = await Promise.all([
		openBrowser(),
		boot({config: CONFIG.replace('TOKEN', join(folder, 'token')).replace('FOLDER', folder)}),
	]);
	await expect.poll(async () => fetch(`${ORIGIN}/login`).then(({status}) => status, () => 0)).toBe(200);
}, 60_000);

afterAll(async () => {
	await browser?.close();
	await archon?.[Symbol.asyncDispose]();
});

const opened: Opened[] = [];
/** A person who has nothing of others in the browser. */
async function person(look: Parameters<typeof openPage>[1] = {}): Promise<Page> {
	const one = await openPage(await browser.createBrowserContext(), look);
	opened.push(one);
	return one.page;
}

async function logIn(page: Page, token = TOKEN): Promise<void> {
	await page.goto(`${ORIGIN}/login`);
	await page.type('#token', token);
	await Promise.all([page.waitForNavigation(), page.click('form[action="/login"] button')]);
}

const row = (name: string): string => `[id="s-${name}"]`;
const press = async (page: Page, name: string, action: string): Promise<void> => page.click(`${row(name)} form[action$="/${action}"] button`);

describe('what a person sees', () => {
	test('services as they are, and changes without loading the page again', async () => {
		const page = await person();
		await page.goto(ORIGIN);
		await reads(page, '#line', /^live$/);
		expect(await textIn(page, 'h1')).toBe('broken is failed');
		expect(await textIn(page, row('speaker'))).toMatch(/^speaker\s+running\s+\d+s\s+0/);
		await page.evaluate('window.mark = 1');
		await page.focus(`${row('front')} a`);
		await archon.ctl('stop', 'front');
		await reads(page, row('front'), /stopped/);
		await archon.ctl('start', 'front');
		await reads(page, row('front'), /running/);
		// It is the same page, and who goes by the keyboard is where they were.
		expect(await page.evaluate('window.mark')).toBe(1);
		expect(await page.evaluate('document.activeElement.textContent')).toBe('front');
		// Memory and the use of processors come by themselves.
		await reads(page, row('speaker'), /\d %\s+[\d.]+[KM]/);
		await page.type('#q', 'fro');
		await expect.poll(async () => page.$$eval('tbody tr', rows => rows.map(({id}) => id))).toEqual(['s-front']);
		expect(page.url()).toBe(`${ORIGIN}/?q=fro`);
	});

	test('a log as it goes on, filtered, and its words never as markup', async () => {
		const [page, filtered] = [await person(), await person()];
		await page.goto(`${ORIGIN}/services/speaker`);
		await filtered.goto(`${ORIGIN}/services/speaker?grep=TICK&stream=stdout`);
		for (const each of [page, filtered]) await reads(each, '#line', /^live$/);
		expect(await textIn(page, '#log')).toMatch(/ready$/);
		await archon.ctl('signal', 'USR2', 'speaker');
		await reads(page, '#log', /<img src=x onerror=alert\(1\)>/);
		await archon.ctl('signal', 'USR1', 'speaker');
		await reads(page, '#log', /tick 1/);
		await reads(filtered, '#log', /tick 1/);
		expect(await filtered.$$eval('#log li', lines => lines.length)).toBe(1);
		expect(await page.$$eval('#log *', all => [...new Set(all.map(({tagName}) => tagName))].sort())).toEqual(['LI', 'TIME']);
		// What came live stands there after a reload as well, once.
		await page.reload();
		expect(await textIn(page, '#log')).toMatch(/ready\s+\S+\s*<img.*\s+\S+\s*tick 1$/);
	});

	test('why a service is as it is, what it needs, and how it ended', async () => {
		const page = await person();
		await page.goto(`${ORIGIN}/services/broken`);
		expect(await textIn(page, '.why')).toContain('<img src=x onerror=alert(1)>');
		await page.goto(`${ORIGIN}/services/front`);
		expect(await page.$$eval('#graph svg a', boxes => boxes.map(box => box.getAttribute('href')))).toEqual(['/services/speaker', '/services/front']);
		await page.click('#graph summary');
		expect(await textIn(page, '#graph details')).toContain('front needs speaker');
		const missing = await page.goto(`${ORIGIN}/services/none`);
		expect([missing?.status(), await textIn(page, '#why')]).toEqual([404, 'there is no service none']);
	});
});

describe('what a person does', () => {
	test('without a role there are no buttons, and what they would send is refused', async () => {
		const page = await person();
		await page.goto(ORIGIN);
		expect(await page.$$('form[method=post]')).toEqual([]);
		const before = (await archon.status())['speaker'];
		const status = await page.evaluate(`fetch('/services/speaker/restart', {method: 'POST', body: new URLSearchParams({csrf: ''})}).then(({status}) => status)`);
		expect([401, 403]).toContain(status);
		expect((await archon.status())['speaker']?.pid).toBe(before?.pid);
	});

	test('who logs in restarts a service by a button, stays on the page and hears what came of it', async () => {
		const page = await person();
		await logIn(page);
		expect(page.url()).toBe(`${ORIGIN}/`);
		await reads(page, '#line', /^live$/);
		await page.evaluate('window.mark = 1');
		const before = (await archon.status())['speaker'];
		await press(page, 'speaker', 'restart');
		await reads(page, '#said', /^speaker is restarted$/);
		expect((await archon.status())['speaker']?.pid).not.toBe(before?.pid);
		await press(page, 'broken', 'start');
		await reads(page, '#said', /^starting broken: .*no such file/);
		expect(await page.evaluate('window.mark')).toBe(1);
		// A form without the token of the session does nothing.
		const status = await page.evaluate(`fetch('/services/speaker/stop', {method: 'POST', body: new URLSearchParams({csrf: 'x'})}).then(({status}) => status)`);
		expect(status).toBe(403);
		expect((await archon.status())['speaker']?.status).toBe('running');
		await Promise.all([page.waitForNavigation(), page.click('form[action="/logout"] button')]);
		await page.goto(ORIGIN);
		expect(await page.$$('form[method=post]')).toEqual([]);
	});

	test('a wrong token is refused on the same page', async () => {
		const page = await person();
		await logIn(page, 'wrong');
		await reads(page, '[role=alert]', /token/);
	});

	test('all of it without JavaScript: reading, the log with its filter, and buttons', async () => {
		const page = await person({javascript: false});
		await logIn(page);
		expect(await (await page.$(row('speaker')))?.evaluate(each => each.textContent)).toMatch(/running/);
		const before = (await archon.status())['speaker'];
		await Promise.all([page.waitForNavigation(), press(page, 'speaker', 'restart')]);
		expect(await (await page.$('#said'))?.evaluate(each => each.textContent)).toBe('speaker is restarted');
		expect((await archon.status())['speaker']?.pid).not.toBe(before?.pid);
		await page.goto(`${ORIGIN}/services/speaker`);
		await page.type('#grep', 'no such line');
		await Promise.all([page.waitForNavigation(), page.click('#log-part form button')]);
		expect(await (await page.$('#log'))?.evaluate(each => each.textContent)).toBe('no line with “no such line” among those that are kept');
	});
});

const PATHS = ['/', '/login', '/graph', '/services/speaker', '/services/broken', '/?q=nothing'];

test.each([
	['light', 1280, PATHS], ['dark', 360, PATHS], ['dark', 1280, ['/', '/services/speaker']], ['light', 360, ['/', '/services/speaker']],
] as const)('axe finds nothing: %s, %i pixels', async (scheme, width, paths) => {
	const page = await person({scheme, width});
	for (const path of paths) {
		await page.goto(ORIGIN + path);
		expect(await axeFinds(page), path).toEqual([]);
	}
	await logIn(page);
	expect(await axeFinds(page)).toEqual([]);
}, 90_000);

test('all of it goes by the keyboard, and it shows where one is', async () => {
	const page = await person();
	await page.goto(ORIGIN);
	await page.keyboard.press('Tab');
	expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
	await page.keyboard.press('Enter');
	await page.keyboard.press('Tab');
	expect(await page.evaluate('document.activeElement.id')).toBe('q');
	expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
});

test('no page has complained of anything: no script or style was refused, and no hostile word was run', () => {
	// The browser tells of what these tests are refused, too.
	const problems = opened.flatMap(each => each.problems).filter(problem => !/status of 40[134] /.test(problem));
	expect(problems).toEqual([]);
	expect(opened.length).toBeGreaterThan(5);
});

test('when the helper ends the page says so, and goes on with the next one', async () => {
	const page = await person();
	await page.goto(ORIGIN);
	await reads(page, '#line', /^live$/);
	// What it says stays only until it is there again.
	await page.evaluate(`
		window.heard = [];
		new MutationObserver(() => heard.push(document.getElementById('line').textContent))
			.observe(document.getElementById('line'), {childList: true});
	`);
	await archon.ctl('signal', 'KILL', 'archon.web');
	await expect.poll(async () => page.evaluate('heard'), {timeout: 20_000}).toEqual([expect.stringMatching(/^connection lost at /), 'live']);
	await archon.ctl('stop', 'front');
	await reads(page, row('front'), /stopped/);
});

test('when archon goes away the page says so, and keeps what it has', async () => {
	const page = await person();
	await page.goto(ORIGIN);
	await reads(page, '#line', /^live$/);
	archon.signal('SIGTERM');
	await archon.ended();
	await reads(page, '#line', /^(archon shut down|connection lost) at .*, trying again$/);
	expect(await textIn(page, row('speaker'))).toContain('speaker');
});
