/** All services as a page: what is shown of how many, and that nothing of it is more than text. */
import {expect, test} from 'vitest';
import {document} from '../../../../../src/helpers/web/page/frame.ts';
import {choiceOf, overview, PER_PAGE} from '../../../../../src/helpers/web/page/overview.ts';
import {HOSTILE, NOW, OPERATOR, row, tags, WATCHER} from './rows.ts';

const page = (services: ReturnType<typeof row>[], query: Record<string, string> = {}, visitor = WATCHER): string =>
	overview({services, loads: new Map([['big', {percent: 12.3, memory: 5 << 20}]]), said: null, now: NOW}, choiceOf(new Map(Object.entries(query))), visitor)
		.main.html;
const names = (html: string): string[] => [...html.matchAll(/<tr id="s-([^"]*)"/g)].map(([, name = '']) => name);

test('a service is told with its state in words, since when, restarts, processor, memory and reason', () => {
	const html = page([row('big', 'backoff', {restarts: 4, note: 'exit status 3; restart 5 of 8 is next'})]);
	for (const text of ['>big</a>', 'backoff</span>', '>1h00m</time>', '>4</td>', '12 %', '5.0M', 'exit status 3; restart 5 of 8 is next']) {
		expect(html).toContain(text);
	}
	expect(html).toContain('<h1>big is backoff</h1>');
});

test.each([
	[[], 'No services'], [['running'], 'All is well'], [['running', 'exited'], 'All is well'], [['starting', 'running'], '1 of 2 services is on the way'],
	[['failed', 'unhealthy', 'running'], '2 of 3 services need attention'],
])('of %j it says in one line: %s', (states, line) => {
	expect(page(states.map((status, index) => row(`s${index}`, status)))).toContain(`<h1>${line}</h1>`);
});

test('of thousands of services a page has a hundred, and the way to the others', () => {
	const many = Array.from({length: 5000}, (_, index) => row(`s${index}`, index % 100 === 0 ? 'failed' : 'running'));
	const html = page(many);
	expect(names(html)).toHaveLength(PER_PAGE);
	expect(html.length).toBeLessThan(120_000);
	expect(html).toContain('1–100 of 5000');
	expect(html).toContain('href="/?page=2"');
	expect(names(page(many, {page: '50'})).at(-1)).toBe('s4999');
	expect(names(page(many, {page: '999999'})).at(-1)).toBe('s4999');
	expect(names(page(many, {state: 'failed', q: '10'}))).toEqual(['s100', 's1000', 's1100', 's2100', 's3100', 's4100']);
	expect(page(many)).toContain('failed <b>50</b>');
});

test('it is found by name or group, and sorted by what a person chooses', () => {
	const some = [row('web', 'running', {restarts: 1, groups: ['Front']}), row('api', 'failed', {restarts: 3}), row('big', 'running')];
	expect(names(page(some, {q: 'FRO'}))).toEqual(['web']);
	expect(names(page(some))).toEqual(['web', 'api', 'big']);
	expect(names(page(some, {sort: 'name'}))).toEqual(['api', 'big', 'web']);
	expect(names(page(some, {sort: 'state'}))[0]).toBe('api');
	expect(names(page(some, {sort: 'restarts'}))).toEqual(['api', 'web', 'big']);
	expect(names(page(some, {sort: 'memory'}))[0]).toBe('big');
	expect(names(page(some, {sort: 'constructor'}))).toEqual(['web', 'api', 'big']);
	expect(page(some, {q: 'nothing', state: 'failed'})).toContain('No failed service is called so.');
});

test('only who may operate has buttons, each a form with the token of the session', () => {
	const some = [row('up', 'running'), row('down', 'failed')];
	expect(page(some)).not.toContain('<form method="post"');
	const actions = [...page(some, {}, OPERATOR).matchAll(/action="([^"]*)">(<input[^>]*>)/g)].map(([, to, field]) => [to, field]);
	const field = '<input type="hidden" name="csrf" value="c&quot;srf">';
	expect(actions).toEqual([['/services/up/restart', field], ['/services/up/stop', field], ['/services/down/start', field]]);
});

test.each(HOSTILE)('%s is text wherever it comes from', hostile => {
	const whole = page([row(hostile, 'running', {note: hostile, groups: [hostile]})], {q: hostile, state: hostile, sort: hostile}, OPERATOR);
	const empty = page([row('x', 'running', {note: 'x', groups: ['x']})], {q: 'x', state: 'x', sort: 'x'}, OPERATOR);
	expect(tags(whole)).toEqual(tags(empty));
	// In the whole document too, whose places are marked with braces.
	const frame = document({title: hostile, main: {html: ''}, at: '/', live: `/${hostile}`}, WATCHER);
	expect(tags(frame)).toEqual(tags(document({title: 'x', main: {html: ''}, at: '/', live: '/x'}, WATCHER)));
});
