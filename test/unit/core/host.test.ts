/** Addresses of an archon elsewhere. */
import {expect, test} from 'vitest';
import {hostsIn, parseHost} from '../../../src/core/host.ts';

test.each([
	['unix:///run/x.sock', {kind: 'unix', path: '/run/x.sock'}],
	['tcp://127.0.0.1:7070', {kind: 'tcp', host: '127.0.0.1', port: 7070}],
	['tcp://[::1]:1', {kind: 'tcp', host: '::1', port: 1}],
	['tcp://box.example:65535', {kind: 'tcp', host: 'box.example', port: 65_535}],
	['box', {kind: 'ssh', user: null, host: 'box', port: null, path: null}],
	['me@box.example:22/run/x', {kind: 'ssh', user: 'me', host: 'box.example', port: 22, path: '/run/x'}],
	['docker://box', {kind: 'docker', name: 'box', path: null}],
	['docker://a.b-c_1/run/x y', {kind: 'docker', name: 'a.b-c_1', path: '/run/x y'}],
	['ssh://box', {kind: 'ssh', user: null, host: 'box', port: null, path: null}],
	['ssh://box/', {kind: 'ssh', user: null, host: 'box', port: null, path: null}],
	['ssh://me@box:22/run/a b', {kind: 'ssh', user: 'me', host: 'box', port: 22, path: '/run/a b'}],
	['ssh://me@[fe80::1]:22', {kind: 'ssh', user: 'me', host: 'fe80::1', port: 22, path: null}],
] as const)('%s', (text, host) => {
	expect(parseHost(text)).toEqual({ok: true, value: host});
});

test.each([
	'', '/run/x', '-oProxyCommand=x', '-l@box', 'a b', 'a;b', 'a\nb', 'a\x1b[2Jb', '$(x)', 'a`x`', 'me;x@box', 'ssh://box/run\n', 'docker://', 'docker://-it',
	'docker://a b', 'docker://../x', 'docker://a:b', 'unix:///run/\x07', 'unix://x', 'http://box:1', 'tcp://box', 'tcp://box:0', 'tcp://box:65536', 'tcp://:7070', 'tcp://box:7070/x', 'tcp://a:b:1',
	'ssh://', 'ssh:///x', 'ssh://-oProxyCommand=x', 'ssh://-l@box', 'ssh://me@-v', 'ssh://a b', 'ssh://me@you@box',
])('%s is not one of them', text => {
	expect(parseHost(text)).toMatchObject({ok: false});
});

test('hosts of a list are each asked once, in order, and there is an end to them', () => {
	expect(hostsIn(['b,a', 'tcp://c:1', 'a'])).toEqual({ok: true, value: ['b', 'a', 'tcp://c:1']});
	for (const text of ['', 'a,', ',a', 'a,,b']) expect(hostsIn([text]), text).toEqual({ok: false, error: 'a host of the list is empty'});
	expect(hostsIn([Array.from({length: 1001}, (_, i) => `h${i}`).join()])).toEqual({ok: false, error: '1001 hosts are more than 1000'});
});
