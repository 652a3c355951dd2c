/** `ports` of a service and at the top. */
import {describe, expect, test} from 'vitest';
import {plan} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import {around} from '../around.ts';

const planOf = (text: string) => plan([{file: 'f', text}], null, around({}, {}));

function ports(text: string): unknown {
	const result = planOf(`services:\n  a: {command: x, ports: ${text}}\n`);
	return result.ok ? result.value.services[0]?.ports : result.error.map(formatProblem);
}

const told = (text: string): readonly string[] => {
	const result = planOf(text);
	return result.ok ? [] : result.error.map(formatProblem);
};

describe('of a service', () => {
	test.each<[string, unknown]>([
		['[{name: http}]', [{name: 'http', port: 'auto', protocol: 'tcp'}]],
		['[{name: http, port: 8080}, {name: dns, port: 53, protocol: udp}]', [
			{name: 'http', port: 8080, protocol: 'tcp'}, {name: 'dns', port: 53, protocol: 'udp'},
		]],
		['["80:80", 3000, {target: 80, published: "8080", name: web}]', []],
		['[]', []],
		['', []],
	])('%s', (text, expected) => expect(ports(text)).toEqual(expected));

	test('those of compose are ignored with one note, those with a name are not', () => {
		const result = planOf('services:\n  a: {command: x, ports: ["80:80", {name: http}, 443]}\n');
		expect(result.ok && result.value.notes.map(formatProblem)).toEqual([
			'f:2:27: ignored, as they concern the container and not what runs in it: ports',
		]);
	});

	test.each<[string, string[]]>([
		['[{port: 80}]', ['f:2:27: services.a.ports[0] has no name; write name: http, and the service finds it in $PORT_HTTP']],
		['{name: a}', ['f:2:26: services.a.ports must be a list of ports, not a map']],
		['[{name: 1x}]', [expect.stringContaining('services.a.ports[0].name: "1x" cannot be a port\'s name')]],
		['[{name: a, port: 70000}]', [expect.stringContaining('"70000" is not a port; write a number from 1 to 65535, or auto')]],
		['[{name: a-b}, {name: a_b}]', [expect.stringContaining('services.a.ports[1] has the variable PORT_A_B, as has a-b; give it another name')]],
		['[{name: a, port: 80}, {name: b, port: 80}]', [expect.stringContaining('services.a.ports: a.a and a.b are one port, 80')]],
	])('%s is told', (text, problems) => expect(ports(text)).toEqual(problems));
});

describe('of several services', () => {
	const two = (one: string, other: string) => `services:\n  a: {command: x, ports: [${one}]}\n  b: {command: x, ports: [${other}]}\n`;

	test('two that ask for one port are told', () => {
		expect(told(two('{name: http, port: 80}', '{name: web, port: 80}'))).toEqual([
			'f:3:26: services.b.ports: port 80: a asks for it as well; give each a port of its own, or let archon choose: port: auto',
		]);
		expect(told('services:\n  a: {command: x, scale: 2, ports: [{name: http, port: 80}]}\n')).toEqual([
			expect.stringContaining('services.a.ports: port 80: a:0 asks for it as well'),
		]);
	});

	test('not where they never run at the same time, nor for two protocols', () => {
		expect(told(two('{name: http, port: 80}', '{name: dns, port: 80, protocol: udp}'))).toEqual([]);
		const blue = 'services:\n  a: {command: x, ports: [{name: a, port: 80}]}\n'
			+ '  b: {command: x, autostart: false, conflicts: [a], ports: [{name: a, port: 80}]}\n';
		expect(told(blue)).toEqual([]);
	});

	test('a reserved port is no other service\'s', () => {
		expect(told(`ports: {reserve: {b.http: 80}}\n${two('{name: http, port: 80}', '{name: http}')}`)).toEqual([
			expect.stringContaining('services.a.ports: port 80 is reserved for b.http'),
		]);
	});
});

describe('at the top', () => {
	test('a range and what is reserved', () => {
		const result = planOf('ports: {range: 30000-30099, reserve: {web.http: 30080}}\nservices: {a: {command: x}}\n');
		expect(result.ok && result.value.ports).toEqual({range: [30_000, 30_099], reserve: {'web.http': 30_080}});
	});

	test.each<[string, string]>([
		['{range: 9-1}', 'ports.range: "9-1" is not a range of ports; write the first and the last, as in 30000-30099'],
		['{reserve: {web: 1}}', 'ports.reserve "web" is not a port of a service; write SERVICE.NAME, as in web.http'],
		['{reserve: {a.b: 1, c.d: 1}}', 'ports.reserve.c.d is reserved for a.b as well'],
		['3', 'ports must be a map with a range, not a number'],
	])('%s is told', (text, problem) => {
		expect(told(`ports: ${text}\nservices: {a: {command: x}}\n`)).toEqual([expect.stringContaining(problem)]);
	});
});
