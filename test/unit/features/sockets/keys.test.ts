/** What a config may say of sockets. */
import {describe, expect, test} from 'vitest';
import {listen, SOCKET} from '../../../../src/features/sockets/keys/reading.ts';
import {isAddress} from '../../../../src/features/sockets/core/address.ts';
import {addressOf} from '../../../../src/features/sockets/core/spec.ts';
import {judgeConfig} from '../../../../src/config/plan.ts';
import type {Service} from '../../../../src/core/service.ts';
import {around} from '../../config/around.ts';

const judged = (service: string) =>
	judgeConfig([{file: 'archon.yaml', text: `services:\n  web: {command: x, ${service}}\n`}], null, around({}));
const planOf = (service: string): Service | undefined => judged(service).plan?.services.find(({name}) => name === 'web');
const problemsOf = (service: string): string => judged(service).problems.map(({message}) => message).join('\n');

test.each([
	['8080', ':8080'], ['127.0.0.1:8080', '127.0.0.1:8080'], ['[::]:8080', '[::]:8080'], ['[::1]:1', '[::1]:1'],
	['unix:/run/x.sock', 'unix:/run/x.sock'], ['fd', 'fd'], ['fd:4', 'fd:4'],
])('%s is an address', (text, address) => {
	const read = listen(text);
	expect(read.ok && addressOf({listen: read.value})).toBe(address);
});

test.each([
	['0'], ['65536'], ['localhost:80'], ['*:80'], [':80'], ['::1:80'], ['[127.0.0.1]:80'], ['[::g]:80'], ['/run/x'], ['unix:x'], ['unix:/a/../b'],
	['unix:/run/'], [`unix:/${'x'.repeat(107)}`], ['fd:2'], ['fd:x'], ['1.2.3:80'], ['tcp://1.2.3.4:80'], [''],
])('%s is not one', text => {
	expect(listen(text).ok).toBe(false);
});

test.each(['::', '::1', '1::', '2001:db8::1', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4', '0.0.0.0', '255.1.2.3'])('%s is an address in figures', text => {
	expect(isAddress(text)).toBe(true);
});

test.each([':::', '1:2', '1:2:3:4:5:6:7:8:9', '::1::', '1.2.3', '1.2.3.256', '01.2.3.4', '12345::', '::1.2.3.4:5', 'a'])('%s is not one', text => {
	expect(isAddress(text)).toBe(false);
});

describe('a service', () => {
	test('has sockets with names', () => {
		const sockets = planOf('sockets: [8080, {listen: "unix:/run/a b.sock", mode: 0600, user: root}, {listen: fd, name: api}]')?.sockets;
		expect(sockets).toEqual([
			{...DEFAULTS, name: '8080', listen: {kind: 'inet', host: null, port: 8080}},
			{...DEFAULTS, name: 'a-b.sock', listen: {kind: 'unix', path: '/run/a b.sock'}, mode: 0o600, user: {user: 'root', group: null}},
			{...DEFAULTS, name: 'api', listen: {kind: 'fd', fd: null}},
		]);
	});

	test('is lazy, and does not start with archon', () => {
		expect(planOf('sockets: 80, accept: lazy, idle_timeout: 5m')).toMatchObject({isLazy: true, autostart: false, idleTimeout: 300_000});
	});

	test.each([
		['accept: lazy', 'services.web.accept: lazy needs sockets'],
		['sockets: 80, idle_timeout: 1m', 'services.web.idle_timeout is only for accept: lazy'],
		['sockets: 80, accept: lazy, autostart: true', 'services.web.autostart does not go with accept: lazy'],
		['sockets: [80, 80]', 'services.web.sockets[1] is :80 once more'],
		['sockets: [{listen: 80, name: a}, {listen: 81, name: a}]', 'services.web.sockets[1] has the same name as another one, a'],
		['sockets: [{name: a}]', 'services.web.sockets[0] does not say where to listen'],
		['sockets: {listen: 80, mode: 0600}', 'services.web.sockets.mode is only for a socket at a path'],
		['sockets: {listen: "unix:/a", reuseport: true}', 'services.web.sockets.reuseport is only for a port'],
		['sockets: {listen: 80, type: seqpacket}', 'services.web.sockets.type seqpacket is only for a socket at a path'],
		['sockets: {listen: 80, name: "a:b"}', 'services.web.sockets.name: "a:b" is not the name of a socket'],
		['sockets: 80, ready: {fd: 3}', 'services.web.ready: descriptor 3 is one of its sockets\''],
		['fd_store_max: 33', 'services.web.fd_store_max: "33" is not a whole number from 0 to 32'],
		['type: oneshot, sockets: 80, accept: lazy', 'services.web.accept is only for daemons'],
	])('%j is a problem', (text, problem) => {
		expect(problemsOf(text)).toContain(problem);
	});
});

test('two services cannot listen at one path, unless they conflict anyway', () => {
	const problems = (more: string): string => judgeConfig([{file: 'archon.yaml', text: `services:
  a: {command: x, sockets: "unix:/run/x"${more}}
  b: {command: x, sockets: [80, "unix:/run/x"]}
`}], null, around({})).problems.map(({message}) => message).join();
	expect(problems('')).toBe('services.b.sockets: unix:/run/x is a\'s already');
	expect(problems(', conflicts: b, autostart: false')).toBe('');
});

const {listen: _, name: __, ...DEFAULTS} = SOCKET.initial;
