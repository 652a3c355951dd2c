/** `bind` at the top. */
import {describe, expect, test} from 'vitest';
import {plan} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import {around} from '../around.ts';

const planOf = (bind: string) => plan([{
	file: 'f', text: `bind: ${bind}\nservices:\n  web: {command: x, scale: 2}\n  db: {command: x}\n`,
}], null, around({}, {}));

const AS_ASKED = {kind: 'address', host: null, port: null};

test.each<[string, unknown]>([
	['{rules: [{service: web, port: 80}]}', {service: 'web', port: 80, protocol: 'tcp', address: null, give: AS_ASKED, isStrict: false}],
	['{rules: [{service: "d*", port: 53, protocol: udp, address: "::1", give: 1053, strict: true}]}', {
		service: 'd*', port: 53, protocol: 'udp', address: '::1', give: {kind: 'address', host: null, port: 1053}, isStrict: true,
	}],
	['{rules: [{service: db, port: 1, address: "*", give: "[::1]:2"}]}', {
		service: 'db', port: 1, protocol: 'tcp', address: null, give: {kind: 'address', host: '::1', port: 2}, isStrict: false,
	}],
])('%s', (text, rule) => {
	const result = planOf(text);
	expect(result.ok && result.value.bind.rules).toEqual([rule]);
});

test('the services that a rule is for, each instance, are known by it', () => {
	const result = planOf('{rules: [{service: "w?b", port: 80}], library: /opt/x.so}');
	expect(result.ok && result.value.bind.library).toBe('/opt/x.so');
	expect(result.ok && result.value.services.map(({name, isBound}) => [name, isBound])).toEqual([['web:0', true], ['web:1', true], ['db', false]]);
});

describe('is told', () => {
	test.each<[string, string]>([
		['{rules: [{port: 80}]}', 'bind.rules[0] does not say for whom it is; write service: web, or a pattern'],
		['{rules: [{service: web}]}', 'bind.rules[0] does not say which port it is for; write port: 80'],
		['{rules: [{service: other, port: 80}]}', 'bind.rules[0].service: no service is called other; there are web, db'],
		['{rules: [{service: web, port: 80, give: db.http}]}', 'bind.rules[0].give: db.http is not a socket of a service; write it in sockets of the service'],
		['{rules: [{service: web, port: 80, give: "x:1"}]}', 'bind.rules[0].give: "x:1" is neither a port, an address with a port, nor a socket of a service'],
		['{rules: [{service: web, port: 80, address: localhost}]}', 'bind.rules[0].address: "localhost" is not an address in figures'],
		['{rules: 5}', 'bind.rules must be a list of rules, not a number'],
		['[]', 'bind must be a map with rules, not a list'],
	])('%s', (text, problem) => {
		const result = planOf(text);
		expect(result.ok ? [] : result.error.map(formatProblem)).toEqual([expect.stringContaining(problem)]);
	});
});

test('what is wrong with a rule is told at its line, also where another one before it is wrong', () => {
	const result = planOf('\n  rules:\n  - {service: web, port: 80}\n  - {port: 81}\n  - {service: other, port: 82, give: db.http}');
	expect(result.ok ? [] : result.error.map(formatProblem)).toEqual([
		expect.stringMatching(/^f:4:5: bind\.rules\[1\] does not say for whom/),
		expect.stringMatching(/^f:5:15: bind\.rules\[2\]\.service: no service is called other/),
		expect.stringMatching(/^f:5:38: bind\.rules\[2\]\.give: db\.http is not a socket/),
	]);
});
