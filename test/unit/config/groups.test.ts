/** Groups: who is in them, what depends on them, and what is wrong with them. */
import {describe, expect, test} from 'vitest';
import {plan, type Plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {around} from './around.ts';

const run = (text: string) => plan([{file: 'f', text}], null, around({}));

function planned(text: string): Plan {
	const result = run(text);
	return result.ok ? result.value : expect.fail(result.error.map(formatProblem).join('\n'));
}

const told = (text: string): readonly string[] => {
	const result = run(text);
	return result.ok ? [] : result.error.map(formatProblem);
};

const THREE = `services:
  api: {command: x}
  worker: {command: x, scale: 2}
  web: {command: x}
`;

/** `api: backend all`. */
const groupsIn = (text: string): readonly string[] => planned(text).services.map(({name, groups}) => [`${name}:`, ...groups].join(' '));

describe('a service is in groups', () => {
	test.each<[string, string, readonly string[]]>([
		['that name it', 'groups: {backend: [api, worker]}', ['api: backend', 'worker:0: backend', 'worker:1: backend', 'web:']],
		['that names one', 'groups: {backend: api}', ['api: backend', 'worker:0:', 'worker:1:', 'web:']],
		['by a group in a group', 'groups: {app: [backend, web], backend: [api]}', ['api: app backend', 'worker:0:', 'worker:1:', 'web: app']],
		['once, however often it is named', 'groups: {app: [backend, api], backend: [api]}', ['api: app backend', 'worker:0:', 'worker:1:', 'web:']],
	])('%s', (_, groups, expected) => {
		expect(groupsIn(`${THREE}${groups}`)).toEqual(expected);
	});

	test('that it names itself', () => {
		expect(groupsIn('services: {a: {command: x, groups: [one, two]}, b: {command: x, groups: two}}\ngroups: {three: [two]}'))
			.toEqual(['a: three one two', 'b: three two']);
	});
});

test('a later file adds to the groups of an earlier one', () => {
	const texts = ['groups: {backend: [api], app: web}', 'groups: {backend: [worker, api]}\nservices: {web: {groups: backend}}'];
	const result = plan([`${THREE}${texts[0]}`, texts[1] ?? ''].map((text, i) => ({file: String(i), text})), null, around({}));
	expect(result.ok && result.value.services.map(({name, groups}) => [`${name}:`, ...groups].join(' ')))
		.toEqual(['api: backend', 'worker:0: backend', 'worker:1: backend', 'web: backend app']);
});

describe('what depends on a group', () => {
	const needs = (key: string, group = 'groups: {backend: [api, worker, once]}'): string => {
		const {services} = planned(`${THREE}  once: {command: x, type: oneshot}\n  top: {command: x, ${key}}\n${group}`);
		return services.find(({name}) => name === 'top')?.needs
			.map(({name, condition, strength}) => `${strength} ${name} ${condition.split('_')[1]}`).join(', ') ?? '';
	};

	test('depends on each service in it', () => {
		expect(needs('depends_on: [backend]')).toBe('hard api started, hard worker:0 started, hard worker:1 started, hard once started');
		expect(needs('wants: [backend]')).toBe('soft api healthy, soft worker:0 healthy, soft worker:1 healthy, soft once completed');
	});

	test('has a condition that means of each what it can', () => {
		expect(needs('depends_on: {backend: {condition: service_healthy}}'))
			.toBe('hard api healthy, hard worker:0 healthy, hard worker:1 healthy, hard once completed');
	});

	test('may say something else of one in it', () => {
		expect(needs('depends_on: {backend: {required: false}, api: {condition: service_healthy}}'))
			.toBe('hard api healthy, soft worker:0 started, soft worker:1 started, soft once started');
	});

	test('does not depend on those that do not run here', () => {
		const text = 'services: {a: {command: x, profiles: [p]}, b: {command: x}, c: {command: x, depends_on: [g]}}\ngroups: {g: [a, b]}';
		expect(planned(text).services.at(-1)?.needs.map(({name}) => name)).toEqual(['b']);
	});

	test('comes before all of it', () => {
		const {services} = planned(`${THREE}  top: {command: x, before: [backend]}\ngroups: {backend: [api, web]}`);
		expect(services.filter(each => each.needs.length > 0).map(({name}) => name)).toEqual(['api', 'web']);
	});
});

describe('what is wrong is told', () => {
	test.each<[string, readonly string[]]>([
		['groups: {backend: [apy]}', ['f:5:20: groups.backend names "apy", which is neither a service nor a group; did you mean "api"?']],
		['groups: {web: [api]}', ['f:5:10: groups.web: a service is called web as well; rename one of them']],
		['groups: {a: [b], b: [c], c: [a]}', ['f:5:10: groups contain each other in a circle: a → b → c → a']],
		['groups: {a: [a]}', ['f:5:10: groups contain each other in a circle: a → a']],
		['groups: {all: [api]}', ['f:5:10: "all" cannot be a group\'s name: it stands for every service']],
		['groups: {"a b": [api]}', ['f:5:10: "a b" cannot be a group\'s name; a name has letters, digits, ".", "_" and "-", and begins with a letter or digit']],
		['groups: [api]', ['f:5:9: groups must be a map from names of groups to their services, not a list']],
		['groups: {g: {services: [api]}}', ['f:5:13: groups.g must be a single value, not a map']],
		['groups: {g: [{}]}', ['f:5:14: groups.g[0] must be a single value, not a map']],
	])('%s', (groups, problems) => {
		expect(told(`${THREE}${groups}\n`)).toEqual(problems);
	});

	test('of a service in a group on which it depends', () => {
		expect(told('services: {a: {command: x, depends_on: [g]}, b: {command: x}}\ngroups: {g: [a, b]}')).toEqual([
			'f:1:41: services.a names the group g in depends_on, and is in it',
		]);
	});

	test('of circles through a group', () => {
		expect(told('services: {a: {command: x, depends_on: [g]}, b: {command: x, depends_on: [a]}}\ngroups: {g: [b]}')).toEqual([
			'f:1:41: services depend on each other in a circle: a → b → a; take one of these dependencies away',
		]);
	});

	test('of a service that names a group as another service is called', () => {
		expect(told('services: {a: {command: x, groups: [b]}, b: {command: x}}')).toEqual([
			'f:1:37: services.a.groups: a service is called b as well; rename one of them',
		]);
	});

	test('of too many', () => {
		const services = Array.from({length: 1000}, (_, i) => `  s${i}: {command: x}`).join('\n');
		const chain = Array.from({length: 300}, (_, i) => `  g${i}: [${i === 0 ? Array.from({length: 1000}, (_, j) => `s${j}`).join(', ') : `g${i - 1}`}]`).join('\n');
		expect(told(`services:\n${services}\ngroups:\n${chain}\n`)).toEqual([
			'f:1103:3: groups.g100 brings the number of services in groups above 100000',
		]);
	});
});
