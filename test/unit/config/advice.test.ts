/** What is valid and yet surprises: it is noted, with what to write instead. */
import {describe, expect, test} from 'vitest';
import {plan, type Plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {AROUND, around} from './around.ts';

function planned(...texts: readonly string[]): Plan {
	const result = plan(texts.map((text, index) => ({file: `f${index}`, text})), null, AROUND);
	return result.ok ? result.value : expect.fail(result.error.map(formatProblem).join('\n'));
}

const notes = (...texts: readonly string[]): readonly string[] => planned(...texts).notes.map(formatProblem);

describe('a command', () => {
	test.each([
		['cd /app && exec ./start', 'begins with cd, which only a shell knows; write working_dir, or shell: true'],
		['PORT=3000 npm start', 'begins with a variable, and not with a program; write environment: {PORT: …}, or shell: true'],
		['worker > /tmp/x 2>&1', 'has >, which only a shell understands: here it is a plain argument; write shell: true'],
		['worker 2>/dev/null', 'has >, which only a shell understands: here it is a plain argument; write shell: true'],
		['a | b', 'has |, which only a shell understands: here it is a plain argument; write shell: true'],
		['a || b', 'has ||, which only a shell understands: here it is a plain argument; write shell: true'],
		['a; b', 'has ;, which only a shell understands: here it is a plain argument; write shell: true'],
		['web --host $$(hostname)', 'has $$(, which only a shell understands: here it is a plain argument; write shell: true'],
		['web &', 'has &, which only a shell understands: here it is a plain argument; write shell: true'],
		['exec web', 'begins with exec, which only a shell knows; write shell: true'],
		['a -x \'b c\' | d', 'has |, which only a shell understands: here it is a plain argument; write shell: true'],
	])('%s is noted', (command, note) => {
		expect(notes(`services:\n  a:\n    command: ${command}\n`)).toEqual([`f0:3:14: services.a.command ${note}`]);
	});

	test.each([
		'sh -c \'cd /app && ./start | tee x > y\'', 'nginx -g "daemon off;"', 'find / -name x -exec rm {} \\;', 'web --filter a>b',
		'pip install x>=1', 'web --size >=10', '[a, "|", b]', 'web "&&" \\> x', 'env A=b web', 'web --query=a&b',
	])('%s is not', command => {
		expect(notes(`services:\n  a:\n    command: ${command}\n`)).toEqual([]);
	});

	test('that begins with an option is that of an image with an entrypoint', () => {
		const note = 'services.a begins with an option instead of a program; archon does not know the image\'s entrypoint: write it first';
		expect(notes('services: {a: {command: [--api, --log]}}')).toEqual([`f0:1:25: ${note}`]);
		expect(notes('services: {a: {command: --api}}')).toEqual([`f0:1:25: ${note}`]);
		expect(notes('services: {a: {entrypoint: proxy, command: [--api]}}')).toEqual([]);
	});
});

test('that a compose file starts its services once and archon again is noted once', () => {
	expect(notes(`services:
  web: {image: app, command: x}
  migrate: {image: app, command: y}
  db: {image: db, command: z, restart: always}
  once: {image: app, command: z, type: oneshot}
  own: {command: z}
`)).toEqual([
		'f0:2:3: restarted whenever they exit, unlike in compose: write restart: "no", or type: oneshot for what is meant to end: web, migrate',
		'f0:2:9: ignored, as they concern the container and not what runs in it: image',
	]);
});

test.each([
	['command: "sh -c \'prep; nginx\'", stop_signal: QUIT', 'stop_signal reaches sh, which does not forward signals; write exec before the program, or stop_to: group'],
	['command: [/bin/bash, -ec, "a && b"], reload: HUP', 'reload reaches /bin/bash, which does not forward signals; write exec before the program, or stop_to: group'],
	['command: apachectl -DFOREGROUND, stop_signal: WINCH', 'stop_signal reaches apachectl, which does not forward signals; write stop_to: group'],
	['command: npm start, stop_signal: INT', 'stop_signal reaches npm, which does not forward signals; write stop_to: group'],
])('a signal to a wrapper is noted: %s', (service, note) => {
	expect(notes(`services: {a: {${service}}}`)).toEqual([expect.stringMatching(new RegExp(`^f0:1:\\d+: services\\.a\\.${note}$`))]);
});

test.each([
	'command: "sh -c \'prep; exec nginx\'", stop_signal: QUIT', 'command: "sh -c nginx", stop_signal: QUIT', 'command: npm start',
	'command: apachectl -DFOREGROUND, stop_signal: WINCH, stop_to: group', 'command: nginx, stop_signal: QUIT',
	'command: "sh -c \'trap stop USR1; wait; b\'", reload: USR1', 'command: "sh -c \'a; b\'", stop_signal: TERM',
])('and else not: %s', service => {
	expect(notes(`services: {a: {${service}}}`)).toEqual([]);
});

test('https without a program that speaks TLS is noted where it is asked, without the address', () => {
	const text = 'services: {a: {command: x, ready: {http: "https://${PW}@b/"}, healthcheck: {http: "https://b/"}}, c: {command: y, ready: {http: "http://b"}}}';
	const noted = (...there: readonly string[]): readonly string[] => {
		const result = plan([{file: 'f', text}], null, {...around({PW: 'hunter2'}), hasProgram: name => there.includes(name)});
		return result.ok ? result.value.notes.map(formatProblem) : expect.fail('no plan');
	};
	expect(noted()).toEqual([
		'f:1:35: https needs curl or wget, and neither is here: install one in the image, or use http or exec: '
			+ 'services.a.ready, services.a.healthcheck',
	]);
	expect(noted('wget')).toEqual([]);
	expect(noted('curl')).toEqual([]);
});

test('deploy says how many there are and when they are started again', () => {
	const deploy = 'deploy: {replicas: 3, restart_policy: {condition: on-failure, delay: 5s, max_attempts: 2, window: 2m}}';
	const {services, notes} = planned(`services: {a: {command: x, ${deploy}}}`);
	expect(services.map(({name}) => name)).toEqual(['a:0', 'a:1', 'a:2']);
	expect(services[0]?.restart).toMatchObject({policy: 'on-failure', delay: 5000, attempts: 2, window: 120_000});
	expect(notes).toEqual([]);
	expect(planned('services: {a: {command: x, deploy: {restart_policy: {condition: "any", max_attempts: 0}}, restart: "no"}}').services[0]?.restart)
		.toMatchObject({policy: 'always', attempts: Infinity});
	expect(planned('services: {a: {command: x, scale: 2, deploy: {replicas: 3, mode: global, x-a: 1}}}').notes.map(formatProblem)).toEqual([
		'f0:1:60: ignored, as they concern the container and not what runs in it: deploy.mode',
	]);
});

describe('a later file', () => {
	const environment = (lower: string, upper: string) =>
		planned(`services: {a: {command: x, environment: ${lower}}}`, `services: {a: {environment: ${upper}}}`).services[0]?.exec.environment;

	test.each([
		['[A=1, B=2]', '{C: 3}'], ['{A: 1, B: 2}', '[C=3]'], ['[A=1, B=0]', '[B=2, C=3]'], ['{A: 1, B: 0}', '{B: 2, C: 3}'],
	])('adds variables to those before it: %s, %s', (lower, upper) => {
		expect(environment(lower, upper)).toEqual({A: '1', B: '2', C: '3'});
	});

	test.each([
		['healthcheck', '{test: x, interval: 5s}', '{tcp: 80}', {probe: {kind: 'tcp', host: '127.0.0.1', port: 80}, interval: 5000}],
		['healthcheck', '{tcp: 80, interval: 5s}', '{interval: 6s}', {probe: {kind: 'tcp', host: '127.0.0.1', port: 80}, interval: 6000}],
	])('exchanges one %s %s for another: %s', (key, lower, upper, health) => {
		const [service] = planned(`services: {a: {command: x, ${key}: ${lower}}}`, `services: {a: {${key}: ${upper}}}`).services;
		expect(service?.health).toMatchObject(health);
	});

	test('exchanges readiness and reload', () => {
		const [service] = planned(
			'services: {a: {command: x, ready: {log: up}, reload: {signal: HUP}}}',
			'services: {a: {ready: {notify: true}, reload: {command: r}}}',
		).services;
		expect([service?.ready, service?.reload]).toEqual([{kind: 'notify'}, {command: ['r']}]);
	});

	test('takes a value back by !reset, and not by writing none', () => {
		const umask = (upper: string) => planned('services: {a: {command: x, umask: 077}}', `services: {a: {umask: ${upper}}}`).services[0]?.exec.umask;
		expect([umask(''), umask('!reset null')]).toEqual([0o077, null]);
	});
});
