/** Services that start with their first connection, and stop when they have none. */
import {expect, test} from 'vitest';
import type {SocketSpec} from '../../src/features/sockets/core/spec.ts';
import {find} from '../../src/core/state.ts';
import {SETTINGS, exit, phases, service, type Story, tell, type Traits} from './tell.ts';

const spec = (port: number): SocketSpec => ({
	name: String(port), listen: {kind: 'inet', host: null, port}, type: 'stream', backlog: 4096, mode: 0o666, user: null, reuseport: false,
});
const LAZY: Traits = {sockets: [spec(80)], isLazy: true, autostart: false, idleTimeout: 60_000};

const idOf = (story: Story, name: string): number => find(story.state(), name)?.id ?? -1;
const connects = (story: Story, name: string): Story => story.hear({kind: 'activate', id: idOf(story, name)});
function rests(story: Story, name: string): Story {
	const phase = find(story.state(), name)?.phase;
	return story.hear({kind: 'idle', id: idOf(story, name), run: phase && 'run' in phase ? phase.run : -1});
}

test('sockets are bound before the first start', () => {
	expect(tell(['web', {sockets: [spec(80)]}], ['other']).lines()).toMatchInlineSnapshot(`
		"  0.00  hold the sockets of web
		  0.00  spawn web
		  0.00  spawn other
		        started web (pid 101)
		        started other (pid 102)"
	`);
});

test('the first connection starts a lazy service, and it stops when it has none any more; the next one starts it again', () => {
	const story = tell(['web', LAZY]);
	connects(story, 'web');
	story.wait(100_000);
	rests(story, 'web');
	connects(story, 'web');
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  hold the sockets of web
		  0.00  arm web
		  0.00  spawn web
		        started web (pid 101)
		  0.00  await-idle web
		        web: no connection was open for 60 s: it stops until the next one
		100.00  SIGTERM to web
		        stopping web (pid 101) with SIGTERM
		100.00  forget-idle of service 0
		        stopped web (SIGTERM)
		100.00  arm web
		100.00  spawn web
		        started web (pid 102)
		100.00  await-idle web"
	`);
	expect(phases(story)).toEqual({web: 'up'});
});

test('what an operator has stopped no connection starts, until it is left to its config again', () => {
	const story = tell(['web', LAZY]);
	story.ask('stop', 'web');
	connects(story, 'web');
	expect(phases(story)).toEqual({web: 'new'});
	story.lines();
	story.ask('auto', 'web');
	expect(story.lines()).toBe('  0.00  arm web');
	connects(story, 'web');
	expect(phases(story)).toEqual({web: 'up'});
});

test('what an operator has started stops as well when it is idle; what others need does not', () => {
	const story = tell(['web', LAZY], ['db', {...LAZY, sockets: [spec(81)]}], ['app', {needs: ['db']}]);
	story.ask('start', 'web');
	rests(story, 'web');
	rests(story, 'db');
	expect(phases(story)).toEqual({web: 'stopped', db: 'up', app: 'up'});
});

test('one that ends by itself with success waits for the next connection; one that fails is restarted, and then stays failed', () => {
	const story = tell(['web', LAZY]);
	connects(story, 'web').dies('web', exit(0));
	expect(phases(story)).toEqual({web: 'exited'});
	connects(story, 'web');
	for (let i = 0; i < 4; i++) {
		story.dies('web', exit(1));
		story.wait(1000);
	}
	expect(phases(story)).toEqual({web: 'failed'});
	story.lines();
	connects(story, 'web');
	expect(phases(story)).toEqual({web: 'failed'});
});

test('one that takes no connection is not started again and again', () => {
	const story = tell(['web', LAZY]);
	for (let i = 0; i < 10; i++) connects(story, 'web').dies('web', exit(0));
	connects(story, 'web');
	expect(find(story.state(), 'web')?.starts).toBe(10);
	expect(story.lines()).toContain('connections have started it 10 times in a row, and it takes none: the next start waits 7 s');
	story.wait(10_000);
	connects(story, 'web');
	expect(find(story.state(), 'web')?.starts).toBe(11);
});

function reload(story: Story, traits: Traits): Story {
	return story.hear({
		kind: 'reconfigure', services: [service('web', traits)], shutdownGrace: SETTINGS.shutdownGrace, startRate: SETTINGS.startRate,
		whenIdle: 'never', manifest: null,
	});
}

test('a reload restarts a service for other sockets, and not for another mode or backlog', () => {
	const story = tell(['web', {sockets: [spec(80)]}]);
	story.lines();
	reload(story, {sockets: [{...spec(80), backlog: 5, mode: 0o600}]});
	expect(story.lines()).toBe('  0.00  hold the sockets of web');
	reload(story, {sockets: [spec(81)]});
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  hold the sockets of web
		  0.00  SIGTERM to web
		        stopping web (pid 101) with SIGTERM
		        stopped web (SIGTERM)
		  0.00  spawn web
		        started web (pid 102)"
	`);
	reload(story, {sockets: []});
	expect(story.lines()).toContain('hold the sockets of none');
});

test('a container whose services wait for their first connection is not idle', () => {
	expect(tell(['web', LAZY]).lines()).not.toContain('no service is running');
});
