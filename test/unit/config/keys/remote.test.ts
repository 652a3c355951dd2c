/** `remote`: what it comes to, and what is told of it. */
import {expect, test} from 'vitest';
import {plan} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import type {Remote} from '../../../../src/core/remote.ts';
import {around} from '../around.ts';

const read = (text: string) =>
	plan([{file: 'a.yaml', text: `services:\n  web: {command: x}\nremote: ${text}\n`}], null, around({}, {}));

const said = (text: string): readonly string[] => {
	const result = read(text);
	return (result.ok ? result.value.notes : result.error).map(each => formatProblem(each).replace(/^a\.yaml:\d+:\d+: /, ''));
};

const made = (host: string, port: number, more: Partial<Remote> = {}): Remote =>
	({host, port, tokenFile: '/t', grant: {role: 'observe', services: null}, ...more});

test.each<[string, readonly Remote[]]>([
	['{listen: "127.0.0.1:7070", token_file: /t}', [made('127.0.0.1', 7070)]],
	['{listen: 127.8.0.1:1, token_file: /t, role: admin}', [made('127.8.0.1', 1, {grant: {role: 'admin', services: null}})]],
	['{listen: "localhost:65535", token_file: /t}', [made('127.0.0.1', 65_535)]],
	['{listen: "[::1]:7070", token_file: /t, services: web, role: operate}', [made('::1', 7070, {grant: {role: 'operate', services: ['web']}})]],
	['{listen: "0.0.0.0:7070", token_file: /t, insecure: true}', [made('0.0.0.0', 7070)]],
	['{listen: "[::]:7070", token_file: /t, insecure: true}', [made('::', 7070)]],
	['[{listen: "127.0.0.1:1", token_file: /t}, {listen: "[2001:db8::1]:2", token_file: /t, insecure: yes}]', [made('127.0.0.1', 1), made('2001:db8::1', 2)]],
	['', []],
	['[]', []],
])('%s', (text, remote) => {
	const result = read(text);
	expect(result.ok ? result.value.remote : result.error).toEqual(remote);
	expect(said(text)).toEqual([]);
});

const OTHERS = 'is an address that others reach, who could read the token on the way; listen at 127.0.0.1 and come in by ssh or a proxy with TLS, or write insecure: true';

test.each<[string, readonly string[]]>([
	['7070', ['remote must be a map with listen and token_file, or a list of them, not a number']],
	['{listen: 127.0.0.1:7070}', ['remote has no token_file; name a file with a token in it, as of: openssl rand -base64 32']],
	['{token_file: /t}', ['remote does not say where to listen; write listen: 127.0.0.1:7070']],
	['{listen: 7070, token_file: /t}', ['remote.listen: "7070" has no address; write 127.0.0.1:7070']],
	['{listen: 127.0.0.1:7070-7079, token_file: /t}', ['remote.listen: "127.0.0.1:7070-7079" has a range of ports; write one port']],
	['{listen: 127.0.0.1, token_file: /t}', ['remote.listen: "127.0.0.1" has no port; write an address and a port: 127.0.0.1:7070 or "[::1]:7070"']],
	['{listen: "box:7070", token_file: /t}', ['remote.listen: "box:7070" is not an address in figures with a port; write 127.0.0.1:7070 or "[::1]:7070"']],
	['{listen: "127.0.0.1:0", token_file: /t}', ['remote.listen: "127.0.0.1:0" is not an address in figures with a port; write 127.0.0.1:7070 or "[::1]:7070"']],
	['{listen: "127.0.0.1:65536", token_file: /t}', ['remote.listen: "127.0.0.1:65536" is not an address in figures with a port; write 127.0.0.1:7070 or "[::1]:7070"']],
	['{listen: "127.0.0.256:1", token_file: /t}', ['remote.listen: "127.0.0.256:1" is not an address in figures with a port; write 127.0.0.1:7070 or "[::1]:7070"']],
	['{listen: "0.0.0.0:7070", token_file: /t}', [`remote.listen ${OTHERS}`]],
	['{listen: "[::]:7070", token_file: /t}', [`remote.listen ${OTHERS}`]],
	['[{listen: "127.0.0.1:1", token_file: /t}, {listen: "10.0.0.1:1", token_file: /t}]', [`remote[1].listen ${OTHERS}`]],
	['{listen: 127.0.0.1:7070, token_file: t}', ['remote.token_file: "t" is not an absolute path; begin it with /']],
	['{listen: 127.0.0.1:7070, token_file: /t, role: root}', ['remote.role: "root" is not one of observe, operate, admin']],
	['{listen: 127.0.0.1:7070, token_file: /t, services: wbe}', ['remote.services names "wbe", which is neither a service nor a group; did you mean "web"?']],
	['{listen: 127.0.0.1:7070, token_file: /t, services: "x-*"}', ['remote.services names "x-*", which matches no service that the config has']],
	['{listen: 127.0.0.1:7070, token: abc}', ['unknown key "token" in remote; archon calls it token_file']],
	[`[${'{listen: "127.0.0.1:1", token_file: /t}, '.repeat(9)}]`, ['remote has more than 8 entries']],
])('%s is told', (text, problems) => {
	expect(said(text)).toEqual(problems);
});
