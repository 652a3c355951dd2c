/** Words in braces that stand for one instance of a service. */
import {describe, expect, test} from 'vitest';
import {formatProblem} from '../../../src/config/problems.ts';
import {plan} from '../../../src/config/plan.ts';
import {around} from './around.ts';

const AROUND = around({NAME: '{name}'}, {'etc/a0.env': 'A=0', 'etc/a1.env': 'A=1'});

const planOf = (text: string, lookups = AROUND) => plan([{file: 'etc/f', text}], null, lookups);

function made(text: string) {
	const result = planOf(text);
	return result.ok ? result.value.services : expect.fail(result.error.map(formatProblem).join('\n'));
}

const told = (text: string): readonly string[] => {
	const result = planOf(text);
	return result.ok ? [] : result.error.map(formatProblem);
};

const command = (words: string, scale = ''): readonly (readonly string[])[] =>
	made(`services: {a: {command: ${JSON.stringify(words)}${scale}}}`).map(({exec}) => exec.argv);

describe('the instance', () => {
	test('stands in every text of a service, each for its own', () => {
		const services = made(`services:
  a:
    scale: 2
    command: [server, "--id={name}", "{service}", "{instance}", "{index}"]
    environment: {SOCKET: "/run/{name}.sock"}
    working_dir: /srv/{instance}
    user: "1000:10{instance}"
    ready: {tcp: "808{instance}"}
    healthcheck: {test: "check {index}", interval: "1{index}s"}
    post_start: ["warm {name}"]
    pre_stop: ["drain {name}"]
    reload: {command: "reload {name}"}
    clean: ["/run/{name}.pid"]
    env_file: a{instance}.env
    env_from: {command: "vault {service} {instance}"}
    logging: {driver: file, options: {path: "/var/log/{service}/{index}.log"}}
`);
		expect(services.map(({name}) => name)).toEqual(['a:0', 'a:1']);
		for (const [index, {exec, ready, health, hooks, reload}] of services.entries()) {
			expect(exec).toMatchObject({
				argv: ['server', `--id=a-${index}`, 'a', String(index), String(index)],
				environment: {SOCKET: `/run/a-${index}.sock`, ARCHON_INSTANCE: String(index)},
				cwd: `/srv/${index}`, user: {user: '1000', group: `10${index}`}, clean: [`/run/a-${index}.pid`],
				sources: [{kind: 'file', path: `etc/a${index}.env`}, {kind: 'command', command: ['vault', 'a', String(index)]}],
				output: {logging: {drivers: [{path: `/var/log/a/${index}.log`}]}},
			});
			expect(ready).toMatchObject({probe: {port: 8080 + index}});
			expect(health).toMatchObject({interval: 10_000 + index * 1000});
			expect(hooks).toMatchObject({postStart: [['warm', `a-${index}`]], preStop: [['drain', `a-${index}`]]});
			expect(reload).toEqual({command: ['reload', `a-${index}`]});
		}
		expect(services[0]?.exec.sourced.stamp).not.toBe(services[1]?.exec.sourced.stamp);
	});

	test('of a service that is alone is 0, and its name is the plain one', () => {
		expect(command('x {name} {service} {instance}')).toEqual([['x', 'a', 'a', '0']]);
		expect(command('x {name}', ', scale: 1')).toEqual([['x', 'a']]);
	});

	test.each([
		['awk {print}', '{print}'], ['x {{name}}', '{{name}}'], ['x {"name":1}', '{name:1}'], ['x $${name}', '${name}'], ['x %{name}', '%{name}'],
		['x {name', '{name'], ['x {Name}', '{Name}'], ['x {}', '{}'], ['x {stream}', '{stream}'], ['x ${NAME}', '{name}'], ['x \\\\{name}', '{name}'],
	])('%s is left as it is', (words, last) => {
		expect(command(words)[0]?.at(-1)).toBe(last);
	});

	test('is reported at its place where a port or a mode becomes invalid by it', () => {
		expect(told('services: {a: {command: x, scale: 8, ready: {tcp: "6553{instance}"}}}')).toEqual([
			expect.stringMatching(/^etc\/f:1:51: services\.a\.ready\.tcp: "65536"/), expect.stringMatching(/^etc\/f:1:51: services\.a\.ready\.tcp: "65537"/),
		]);
		expect(told('services: {a: {command: x, umask: "{instance}9"}}')).toEqual([expect.stringContaining('services.a.umask: "09"')]);
	});

	test('makes no edges of the graph', () => {
		expect(told('services: {a: {command: x, scale: 2, depends_on: ["b{instance}"]}, b0: {command: x}}')).toHaveLength(1);
	});
});

describe('a variable that only a process has', () => {
	test.each([
		['command: server ${ARCHON_INSTANCE}', 'services.a.command: ${ARCHON_INSTANCE} is not known when the config is read; '
			+ 'write {instance}, or $$ARCHON_INSTANCE for a shell to expand'],
		['ready: {tcp: "808${ARCHON_INSTANCE:-0}"}', 'services.a.ready.tcp: ${ARCHON_INSTANCE} is not known when the config is read; '
			+ 'write {instance}, or $$ARCHON_INSTANCE for a shell to expand'],
		['environment: [A=$ARCHON_SERVICE]', 'services.a.environment[0]: ${ARCHON_SERVICE} is not known when the config is read; '
			+ 'write {service} or {name}, or $$ARCHON_SERVICE for a shell to expand'],
	])('%s', (key, problem) => {
		const keys = key.startsWith('command') ? key : `command: x\n    ${key}`;
		expect(told(`services:\n  a:\n    ${keys}\n`)).toEqual([expect.stringContaining(problem)]);
	});

	test('is one like others where archon itself has it', () => {
		const result = planOf('services: {a: {command: "x $ARCHON_INSTANCE"}}', around({ARCHON_INSTANCE: '3'}));
		expect(result.ok && result.value.services[0]?.exec.argv).toEqual(['x', '3']);
	});
});
