/** What `access` and `control` come to, and what is told of those that mean no one or nothing. */
import {describe, expect, test} from 'vitest';
import type {AccessRule, Grant} from '../../../src/core/access.ts';
import {plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {err, ok} from '../../../src/core/result.ts';
import {around} from './around.ts';

const lookups = {
	...around(),
	findUser: ({user, group}: {readonly user: string; readonly group: string | null}) => {
		if (user === 'nosuch') return err('user nosuch is not in /etc/passwd');
		return group === 'nosuch' ? err('group nosuch is not in /etc/group') : ok(null);
	},
};

const planOf = (top: string, control = '') => plan([{
	file: 'a.yaml', text: `${top}\nservices:\n  web: {command: x, groups: [front], scale: 2}\n  cron: {command: x${control === '' ? '' : `, control: ${control}`}}\n`,
}], null, lookups);

function told(top: string, control?: string): readonly string[] {
	const result = planOf(top, control);
	return result.ok ? [] : result.error.map(problem => formatProblem({...problem, file: '', line: 0}).replace(/^:\d+:\d+: /, ''));
}

describe('access', () => {
	const all = (role: Grant['role']): Grant => ({role, services: null});
	test.each<[string, readonly AccessRule[]]>([
		['[]', []],
		['', []],
		['[{user: deploy, role: operate}]', [{to: {user: 'deploy'}, grant: all('operate')}]],
		['[{user: [a, 1000], role: observe}, {group: ops, role: admin}]', [
			{to: {user: 'a'}, grant: all('observe')}, {to: {user: '1000'}, grant: all('observe')}, {to: {group: 'ops'}, grant: all('admin')},
		]],
		['[{user: a, role: operate, services: web}]', [{to: {user: 'a'}, grant: {role: 'operate', services: ['web']}}]],
		['[{user: a, role: operate, services: ["web:1", "w*", front, all, archon.syslog, "front:*"]}]', [
			{to: {user: 'a'}, grant: {role: 'operate', services: ['web:1', 'w*', 'front', 'all', 'archon.syslog', 'front:*']}},
		]],
	])('%s', (text, rules) => {
		const result = planOf(`access: ${text}`);
		expect(result.ok && result.value.access).toEqual(rules);
		expect(result.ok && result.value.notes).toEqual([]);
	});

	test.each<[string, readonly string[]]>([
		['{user: a}', ['access must be a list of maps with user or group, and role, not a map']],
		['[a]', ['access[0] must be a map with user or group, and role, not text']],
		['[{role: observe}]', ['access[0] does not say for whom it is; write user or group']],
		['[{user: a, group: b, role: observe}]', ['access[0] has both user and group; write a rule for each']],
		['[{user: a}]', ['access[0] has no role; write role: observe or operate or admin']],
		['[{user: a, role: root}]', ['access[0].role: "root" is not one of observe, operate, admin']],
		['[{user: "a:b", role: observe}]', ['access[0].user: "a:b" is a user with a group; write the name or the number of a user alone']],
		['[{users: a, role: observe}]', ['unknown key "users" in access[0]; archon calls it user']],
		['[{user: a, role: operate, services: []}]', ['access[0] has a role for no services; name some, or leave services out']],
		['[{user: a, role: operate, services: wbe}]', ['access[0].services names "wbe", which is neither a service nor a group; did you mean "web"?']],
		['[{user: nosuch, role: observe}]', ['access[0].user: user nosuch is not in /etc/passwd; make the user in the image, or write a number']],
		['[{group: nosuch, role: observe}]', ['access[0].group: group nosuch is not in /etc/group; make the group in the image, or write a number']],
		[`[{user: a, role: observe, services: [${Array.from({length: 17}, (_, i) => `"w${i}*"`).join(', ')}]}]`, ['access[0] has more than 16 patterns']],
		[`[${Array.from({length: 101}, () => '{user: a, role: observe}').join(', ')}]`, ['access has more than 100 rules']],
	])('%s is told', (text, problems) => {
		expect(told(`access: ${text}`)).toEqual(problems);
	});

	test('a pattern that matches nothing is noted', () => {
		const result = planOf('access: [{user: a, role: observe, services: [x*, "back:*"]}]');
		expect(result.ok && result.value.notes.map(({message}) => message)).toEqual([
			'access[0].services names "x*", which matches no service that the config has',
			'access[0].services names "back:*", which matches no service that the config has',
		]);
	});

	test('of several files come together', () => {
		const result = plan([
			{file: 'a.yaml', text: 'access: [{user: a, role: observe}]\nservices: {web: {command: x}}\n'},
			{file: 'b.yaml', text: 'access: [{user: b, role: operate}]\n'},
		], null, lookups);
		expect(result.ok && result.value.access.map(({to}) => to)).toEqual([{user: 'a'}, {user: 'b'}]);
	});
});

describe('control', () => {
	test.each<[string, readonly Grant[] | null]>([
		['', null], ['none', []], ['observe', [{role: 'observe', services: null}]], ['admin', [{role: 'admin', services: null}]],
		['{role: operate, services: [web]}', [{role: 'operate', services: ['web']}]],
		['[{role: observe}, {role: operate, services: front}]', [{role: 'observe', services: null}, {role: 'operate', services: ['front']}]],
	])('%s', (text, control) => {
		const result = planOf('', text);
		expect(result.ok && result.value.services.find(({name}) => name === 'cron')?.control).toEqual(control);
		expect(result.ok && result.value.services.find(({name}) => name === 'web:0')?.control).toBeNull();
	});

	test.each<[string, readonly string[]]>([
		['all', ['services.cron.control: "all" is not one of observe, operate, admin']],
		['{services: web}', ['services.cron.control has no role; write role: observe or operate or admin']],
		['[observe]', ['services.cron.control[0] must be a map, not text']],
		['{role: operate, services: db}', ['services.cron.control.services names "db", which is neither a service nor a group']],
		['[{role: operate, services: [web, db]}]', ['services.cron.control[0].services names "db", which is neither a service nor a group']],
		['{role: operate, user: 1}', ['unknown key "user" in services.cron.control']],
	])('%s is told', (text, problems) => {
		expect(told('', text)).toEqual(problems);
	});
});
