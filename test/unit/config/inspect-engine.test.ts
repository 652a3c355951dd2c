/** `archon check --for`: where a config and the engine around its container disagree, each at its place and with what to do. */
import {describe, expect, test} from 'vitest';
import {type Engine, GRACE} from '../../../src/config/inspect/engine.ts';
import {inspect} from '../../../src/config/inspect/inspect.ts';
import {judgeConfig} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {ok} from '../../../src/core/result.ts';
import {around} from './around.ts';

function told(text: string, name: Engine['name'], grace = GRACE[name]): readonly string[] {
	const lookups = {
		...around(), findUser: () => ok(null),
		inspect: (...what: [Parameters<typeof inspect>[0], Parameters<typeof inspect>[1]]) => inspect(...what, null, {name, grace}),
	};
	const {problems, notes} = judgeConfig([{file: 'f', text}], null, lookups);
	expect(problems.map(formatProblem)).toEqual([]);
	return notes.map(formatProblem).filter(note => !note.includes('ignored'));
}

const both = (text: string): readonly [docker: readonly string[], kubernetes: readonly string[]] => [told(text, 'docker'), told(text, 'kubernetes')];

test('nothing is told of a config that fits', () => {
	expect(both('services: {a: {command: a}, b: {command: b, healthcheck: {tcp: "localhost:80"}, depends_on: [a]}}')).toEqual([[], []]);
});

describe('the stop', () => {
	const SLOW = 'shutdown: {grace_period: 45s}\nservices: {a: {command: a}}';

	test('may not take as long as the engine waits', () => {
		expect(both(SLOW)).toEqual([
			['f:1:26: archon may take 45s to stop everything, and docker kills it after 10s; write shutdown: {grace_period: 9s}, '
				+ 'or give it longer: docker run --stop-timeout 48, or stop_grace_period: 48s in compose'],
			['f:1:26: archon may take 45s to stop everything, and kubernetes kills it after 30s; write shutdown: {grace_period: 29s}, '
				+ 'or give it longer: terminationGracePeriodSeconds: 48'],
		]);
		expect(told(SLOW, 'kubernetes', 60_000)).toEqual([]);
		expect(told('services: {a: {command: a}}', 'docker', 5000)).toEqual([expect.stringMatching(/^f:1:1: archon may take 9s .* after 5s/)]);
	});

	test('begins with a signal that shuts down', () => {
		const [docker, kubernetes] = both('signals: {TERM: reload}\nservices: {a: {command: a}}');
		expect(docker).toEqual([
			'f:1:17: SIGTERM does not shut archon down, and it is what docker sends to stop it; '
			+ 'write STOPSIGNAL SIGINT into the image, if that shuts down, or leave TERM as it is',
		]);
		expect(kubernetes).toHaveLength(1);
		expect(both('signals: {TERM: shutdown}\nservices: {a: {command: a}}')).toEqual([[], []]);
	});
});

describe.each<readonly [what: string, text: string, place: string, docker: string | null, kubernetes: string | null]>([
	['nothing runs any more', 'shutdown: {when_idle: never}\nservices: {a: {command: a}}', '1:23', 'HEALTHCHECK', 'livenessProbe'],
	['a service ends the container', 'services:\n  a: {command: a, essential: true}', '2:30', '--restart unless-stopped', null],
	['a service ends the container when it fails', 'services:\n  a: {command: a, on_failed: shutdown}', '2:30', '--restart', null],
	['work is done once', 'services:\n  a: {command: a, type: oneshot, essential: true}', '2:45', null, 'restartPolicy: OnFailure'],
	['health is looked at seldom', 'services:\n  a: {command: a, healthcheck: {tcp: "localhost:1", interval: 5m}}', '2:63', 'shorter interval', 'shorter interval'],
	['a start takes long', 'services:\n  a: {command: a, start_timeout: 3m, ready: {tcp: "localhost:1"}}', '2:34', '--start-period=180s', null],
	['another user is asked for', 'services:\n  a: {command: a, user: app}\n  b: {command: b}', '2:25', null, 'the same user'],
	['a capability is lacking', 'services:\n  a: {command: a, cap_add: [NET_ADMIN]}', '2:28', '--cap-add NET_ADMIN', 'add: [NET_ADMIN]'],
	['a priority takes a capability', 'services:\n  a: {command: a, nice: -5}', '2:25', '--cap-add SYS_NICE', 'add: [SYS_NICE]'],
	['the memory killer is to spare it', 'services:\n  a: {command: a, oom_score_adj: -5}', '2:34', '--cap-add SYS_RESOURCE', 'add: [SYS_RESOURCE]'],
	['limits need cgroups', 'services:\n  a: {command: a, mem_limit: 64m}', '2:30', 'docker run --memory', 'resources.limits'],
	['stdin is read', 'services:\n  a: {command: a, stdin_open: true}', '2:31', 'docker run -it', 'stdin: true'],
	['lines go to a file alone', 'services:\n  a: {command: a, logging: {driver: file, options: {path: /var/log/a}}}', '2:28', 'own streams', 'own streams'],
	['lines go to a socket', 'services:\n  a: {command: a, logging: {driver: syslog}}', '2:28', 'udp://', 'udp://'],
	['a low port is listened at', 'services:\n  a: {command: a, sockets: [{listen: 80}]}', '2:28', null, 'ip_unprivileged_port_start'],
	['a file is written where nothing is writable', 'configs: {c: {content: x}}\nservices:\n  a: {command: a, configs: [{source: c, target: /etc/c}]}', '3:28', null, 'below /run'],
	['only the container itself comes in', 'web: {listen: "127.0.0.1:9180"}\nservices: {a: {command: a}}', '1:15', '0.0.0.0:9180', '0.0.0.0:9180'],
	['state is kept', 'archon: {state_dir: /var/lib/archon}\nservices: {a: {command: a}}', '1:21', 'docker run -v NAME:/var/lib/archon', '--kind statefulset'],
])('%s', (_, text, place, docker, kubernetes) => {
	test.each(['docker', 'kubernetes'] as const)('%s', engine => {
		const hint = engine === 'docker' ? docker : kubernetes;
		const notes = told(text, engine);
		expect(notes).toHaveLength(hint === null ? 0 : 1);
		if (hint === null) return;
		expect(notes[0]).toContain(`f:${place}: `);
		expect(notes[0]).toContain(hint);
	});
});

test('a volume of compose keeps what is in state_dir', () => {
	const text = 'archon: {state_dir: /var/lib/archon}\nservices: {a: {command: a, volumes: ["data:/var/lib"]}}';
	expect(both(text)).toEqual([[], []]);
});
