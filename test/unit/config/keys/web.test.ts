/** `web`: what it comes to, and what is told of it, with its place. */
import {expect, test} from 'vitest';
import {plan} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import type {Web} from '../../../../src/core/web.ts';
import {around} from '../around.ts';

const read = (text: string) =>
	plan([{file: 'a.yaml', text: `services:\n  app: {command: x}\nweb: ${text}\n`}], null, around({}, {}));

const said = (text: string): readonly string[] => {
	const result = read(text);
	return (result.ok ? result.value.notes : result.error).map(formatProblem);
};

const made = (more: Partial<Web> = {}): Web =>
	({listen: [{kind: 'inet', host: '127.0.0.1', port: 9180}], hosts: [], show: null, tokens: [], ...more});

test.each<[string, Web | null]>([
	['{}', made()],
	['{listen: "[::1]:1"}', made({listen: [{kind: 'inet', host: '::1', port: 1}]})],
	['{listen: ["0.0.0.0:80", "unix:///run/w.sock"], mode: "0660"}', made({
		listen: [{kind: 'inet', host: '0.0.0.0', port: 80}, {kind: 'unix', path: '/run/w.sock', mode: 0o660}],
	})],
	['{hosts: Status.Example.COM}', made({hosts: ['status.example.com']})],
	['{show: []}', made({show: []})],
	['{show: [health, api]}', made({show: ['health', 'api']})],
	['{tokens: {token_file: /t}}', made({tokens: [{tokenFile: '/t', grant: {role: 'observe', services: null}}]})],
	['{tokens: [{token_file: /t, role: admin}, {token_file: /u, role: operate, services: [app]}]}', made({tokens: [
		{tokenFile: '/t', grant: {role: 'admin', services: null}}, {tokenFile: '/u', grant: {role: 'operate', services: ['app']}},
	]})],
	['{listen: "0.0.0.0:1", tokens: {token_file: /t}, insecure: true}', made({
		listen: [{kind: 'inet', host: '0.0.0.0', port: 1}], tokens: [{tokenFile: '/t', grant: {role: 'observe', services: null}}],
	})],
])('%s', (text, web) => {
	const result = read(text);
	expect(result.ok ? result.value.web : result.error).toEqual(web);
	expect(said(text)).toEqual([]);
});

test('what is empty counts as not written, with a note: {} was meant, perhaps', () => {
	expect(read('')).toMatchObject({ok: true, value: {web: null}});
	expect(said('')).toEqual(['a.yaml:3:6: nothing listens where it is empty (write {} for the usual address): web']);
});

const FAR = 'has http://0.0.0.0:1, an address that others reach, who could read tokens on the way; '
	+ 'listen at 127.0.0.1 behind a proxy with TLS, or write insecure: true';

test.each<[string, readonly string[]]>([
	['9180', ['a.yaml:3:6: web must be a map with listen, show and tokens, which may be empty: {}, not a number']],
	['{listen: 9180}', ['a.yaml:3:15: web.listen: "9180" has no address; write 127.0.0.1:9180']],
	['{listen: []}', ['a.yaml:3:15: web.listen does not say where to listen; write listen: 127.0.0.1:9180']],
	['{listen: "unix://run/w.sock"}', [
		'a.yaml:3:15: web.listen: "unix://run/w.sock" is not the path of a socket; write an absolute one: unix:///run/archon/web.sock',
	]],
	['{listen: "unix:///a/../b"}', ['a.yaml:3:15: web.listen: "unix:///a/../b" leads upwards; write it without ..']],
	['{listen: ["127.0.0.1:1", "127.0.0.1:1"]}', ['a.yaml:3:15: web.listen has http://127.0.0.1:1 twice; remove one of them']],
	['{listen: "0.0.0.0:1", tokens: {token_file: /t}}', [`a.yaml:3:15: web.listen ${FAR}`]],
	['{hosts: "a:80"}', ['a.yaml:3:14: web.hosts: "a:80" is not the name of a host; write a name without a port, as browsers are given it: status.example.com']],
	['{show: everything}', ['a.yaml:3:13: web.show: "everything" is not one of health, metrics, api, page; write show: [health, metrics, api, page]']],
	['{tokens: {role: operate}}', ['a.yaml:3:15: web.tokens has no token_file; name a file with a token in it, as of: openssl rand -base64 32']],
	['{tokens: {token_file: /t, role: operate, services: [ap]}}', [
		'a.yaml:3:58: web.tokens.services names "ap", which is neither a service nor a group; did you mean "app"?',
	]],
	['true', ['a.yaml:3:6: web must be a map, not true; write web: {}']],
	['{listen: "127.0.0.1"}', ['a.yaml:3:15: web.listen: "127.0.0.1" has no port; write an address and a port: 127.0.0.1:9180 or "[::1]:9180"']],
	['{listen: "box:1"}', ['a.yaml:3:15: web.listen: "box:1" is not an address in figures with a port; write 127.0.0.1:9180 or "[::1]:9180"']],
	['{listen: ":9180"}', ['a.yaml:3:15: web.listen: ":9180" has no address; write 127.0.0.1:9180, or 0.0.0.0:9180 for all addresses']],
	['{listen: "*:80"}', ['a.yaml:3:15: web.listen: "*:80" has no address; write 127.0.0.1:80, or 0.0.0.0:80 for all addresses']],
	['{listen: /run/w.sock}', ['a.yaml:3:15: web.listen: "/run/w.sock" has no port; write unix:///run/w.sock for a socket at this path']],
	['{listen: "http://127.0.0.1:1/"}', ['a.yaml:3:15: web.listen: "http://127.0.0.1:1/" begins with http://; write it without: 127.0.0.1:1']],
	['{token_file: /t}', ['a.yaml:3:7: unknown key "token_file" in web; write tokens: {token_file: …, role: …}']],
	['{tls: {cert: /c}}', ['a.yaml:3:7: unknown key "tls" in web; put a proxy with TLS in front of it, and remove this']],
	['{enabled: true}', ['a.yaml:3:7: unknown key "enabled" in web; remove it: with web, HTTP is answered']],
	['{lisen: "127.0.0.1:1"}', ['a.yaml:3:7: unknown key "lisen" in web; did you mean "listen"?']],
])('%s is refused', (text, problems) => {
	expect(said(text)).toEqual(problems);
	expect(read(text).ok).toBe(false);
});
