/** Ports: what archon chooses stays, and a service waits for one that others have. */
import {expect, test} from 'vitest';
import {find} from '../../src/core/state.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import {statusOf} from '../../src/core/status.ts';
import {portsOf} from '../../src/features/ports/core/table.ts';
import {exit, phases, service, SETTINGS, tell, type Story} from './tell.ts';

const http = {name: 'http', protocol: 'tcp'} as const;
const auto = {ports: [{...http, port: 'auto'}]} as const;
const fixed = {ports: [{...http, port: 8080}]} as const;

const noteOf = (story: Story, name: string): string => {
	const entry = find(story.state(), name);
	return entry ? statusOf(story.state(), entry).note : '';
};

const all = (story: Story): readonly string[] =>
	portsOf(story.state(), () => true).map(({key, port, kind, heldBy}) => `${key} ${port} ${kind}${heldBy && ` (${heldBy})`}`);

test('a number that was chosen is kept across a restart, a reload and re-execution, and goes with its port', () => {
	const story = tell(['web', auto], ['db']).hear({kind: 'hold-port', key: 'web.http', port: 20_001, protocol: 'tcp'});
	expect(all(story.dies('web', exit(1)).wait(100))).toEqual(['web.http 20001 auto']);
	story.hear({kind: 'reconfigure', ...SETTINGS, services: [service('web', auto), service('other', auto)]});
	expect(all(story)).toEqual(['web.http 20001 auto', 'other.http null auto']);
	const again = readAll(writeAll(story.state()));
	expect(again && portsOf(again, () => true)).toEqual(portsOf(story.state(), () => true));
	story.hear({kind: 'reconfigure', ...SETTINGS, services: [service('other', auto)]});
	expect(all(story)).toEqual(['other.http null auto']);
});

test('another port makes another process, and so does another name', () => {
	const story = tell(['web', fixed]);
	story.lines();
	story.hear({kind: 'reconfigure', ...SETTINGS, services: [service('web', {ports: [{...http, port: 8081}]})]});
	expect(story.lines()).toContain('spawn web');
	expect(phases(story)).toEqual({web: 'up'});
});

test('a service waits for a port that a client has, says so, and starts when it is freed', () => {
	const story = tell(['web', {...fixed, autostart: false}]).hear({kind: 'hold-port', key: 'x.dbg', port: 8080, protocol: 'tcp'});
	story.ask('start', 'web');
	expect(phases(story)).toEqual({web: 'waiting'});
	expect(noteOf(story, 'web')).toBe('waiting: port 8080 is held by x.dbg');
	expect(all(story)).toEqual(['web.http 8080 fixed (x.dbg)', 'x.dbg 8080 client']);
	expect(phases(story.hear({kind: 'free-port', key: 'x.dbg'}))).toEqual({web: 'up'});
});

test('a port of another protocol is another port', () => {
	const story = tell(['web', {...fixed, autostart: false}]).hear({kind: 'hold-port', key: 'x.dbg', port: 8080, protocol: 'udp'});
	expect(phases(story.ask('start', 'web'))).toEqual({web: 'up'});
});

test('a port that a stranger has bound is waited for; that is no start and no restart, and is told once', () => {
	const story = tell(['web', {...fixed, slow: true}]);
	const busy = {kind: 'port-busy', port: 8080, protocol: 'tcp', by: 'nginx (pid 71)', service: 'web'} as const;
	const {id = -1, phase} = find(story.state(), 'web') ?? {};
	const run = phase && 'run' in phase ? phase.run : -1;
	story.lines();
	story.hear(busy).hear({kind: 'news', id, run, news: {kind: 'withdrawn'}});
	expect(phases(story)).toEqual({web: 'waiting'});
	expect(noteOf(story, 'web')).toBe('waiting: port 8080 is held by nginx (pid 71)');
	expect(find(story.state(), 'web')).toMatchObject({starts: 0});
	expect(story.hear(busy).lines()).toBe('        web waits for port 8080, which is held by nginx (pid 71)');
	story.hear({...busy, by: null});
	expect(phases(story)).toEqual({web: 'spawning'});
	expect(find(story.state(), 'web')).toMatchObject({starts: 1});
});

test('after re-execution a port that was waited for is looked at again', () => {
	const story = tell(['web', {...fixed, autostart: false}])
		.hear({kind: 'port-busy', port: 8080, protocol: 'tcp', by: 'nginx (pid 71)', service: 'web'}).ask('start', 'web');
	expect(phases(story)).toEqual({web: 'waiting'});
	expect(phases(story.hear({kind: 'resumed', found: new Map()}))).toEqual({web: 'up'});
});

test('so is one at which archon cannot listen for it; a socket at another address of that port is another one', () => {
	const socket = (host: string) => ({
		name: 'http', listen: {kind: 'inet', host, port: 8080}, type: 'stream', backlog: 1, mode: 0o666, user: null, reuseport: false,
	} as const);
	const story = tell(['web', {sockets: [socket('127.0.0.1')], slow: true}], ['b', {sockets: [socket('127.0.0.2')], autostart: false}]);
	const busy = {kind: 'port-busy', port: 8080, protocol: 'tcp', host: '127.0.0.1', by: 'nginx (pid 71)', service: 'web'} as const;
	const {id = -1, phase} = find(story.state(), 'web') ?? {};
	const run = phase && 'run' in phase ? phase.run : -1;
	story.hear(busy).hear({kind: 'news', id, run, news: {kind: 'withdrawn'}}).ask('start', 'b');
	expect(phases(story)).toEqual({web: 'waiting', b: 'up'});
	expect(noteOf(story, 'web')).toBe('waiting: port 8080 is held by nginx (pid 71)');
	expect(all(story)).toEqual(['web.http 8080 fixed (nginx (pid 71))', 'b.http 8080 fixed']);
	const again = readAll(writeAll(story.state()));
	expect(again && portsOf(again, () => true)).toEqual(portsOf(story.state(), () => true));
	story.hear({...busy, by: null});
	expect(phases(story)).toEqual({web: 'spawning', b: 'up'});
	expect(find(story.state(), 'web')).toMatchObject({starts: 1});
});
