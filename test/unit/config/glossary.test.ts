/** Words that people bring from other supervisors: each gets the hint that it means, and none a hint that means the opposite. */
import {expect, test} from 'vitest';
import {SECTIONS} from '../../../src/config/describe.ts';
import {bare} from '../../../src/config/glossary.ts';
import {plan} from '../../../src/config/plan.ts';
import {SERVICE_GROUPS} from '../../../src/config/schema/service.ts';
import {AROUND} from './around.ts';

/** The hint for one key; null without a hint, undefined without a problem. */
function hint(text: string): string | null | undefined {
	const result = plan([{file: 'f', text}], null, AROUND);
	return result.ok ? undefined : result.error.map(problem => problem.hint).join(' & ');
}

test.each([
	// supervisord
	['directory', 'archon calls it working_dir'],
	['autorestart', 'write restart: always, on-failure or no'],
	['startsecs', 'archon calls it start_period'],
	['startretries', 'write restart: {attempts: N}'],
	['stopwaitsecs', 'archon calls it stop_grace_period'],
	['numprocs', 'archon calls it scale'],
	['stopsignal', 'did you mean "stop_signal"?'],
	['exitcodes', 'archon calls it success_codes'],
	['killasgroup', 'write stop_to: group'],
	['redirect_stderr', 'remove it: both streams go the same way, unless logging says otherwise'],
	['stdout_logfile', 'write logging: {driver: file, options: {path: …}}'],
	['priority', 'say which service comes first: depends_on or after'],
	// systemd
	['WorkingDirectory', 'archon calls it working_dir'],
	['EnvironmentFile', 'archon calls it env_file'],
	['Restart', 'did you mean "restart"?'],
	['RestartSec', 'write restart: {delay: 1s}'],
	['User', 'did you mean "user"?'],
	['Group', 'write user: name:group'],
	['After', 'did you mean "after"?'],
	['Requires', 'archon calls it depends_on'],
	['KillMode', 'did you mean "kill_mode"?'],
	['KillSignal', 'archon calls it stop_signal'],
	['TimeoutStopSec', 'archon calls it stop_grace_period'],
	['LimitNOFILE', 'write ulimits: {nofile: N}'],
	['ExecStop', 'write pre_stop, which runs before the stop signal'],
	['ExecStartPre', 'archon calls it pre_start'],
	['ExecStartPost', 'archon calls it post_start'],
	// s6, runit, dinit
	['notification-fd', 'write ready: {fd: 3}'],
	['finish', 'archon calls it post_stop'],
	['producer-for', 'archon has no pipelines: write logging'],
	['timeout-kill', 'archon calls it stop_grace_period'],
	['waits-for', 'archon calls it wants'],
	// pm2, process-compose, pebble, docker run
	['cwd', 'archon calls it working_dir'],
	['instances', 'archon calls it scale'],
	['max_restarts', 'write restart: {attempts: N}'],
	['args', 'write them in command, after the program'],
	['exec_mode', 'remove it: scale starts several instances'],
	['availability', 'write restart: always, on-failure or no'],
	['readiness_probe', 'archon calls it ready'],
	['liveness_probe', 'archon calls it healthcheck'],
	['is_daemon', 'write type: forking, or let the program stay in the foreground'],
	['startup', 'write autostart: true or false'],
	['kill-delay', 'archon calls it stop_grace_period'],
	['env', 'archon calls it environment'],
	['workdir', 'archon calls it working_dir'],
	['replicas', 'archon calls it scale'],
	['stop_timeout', 'archon calls it stop_grace_period'],
	// typing mistakes, and words that are not typing mistakes
	['enviroment', 'did you mean "environment"?'],
	['healtcheck', 'did you mean "healthcheck"?'],
	['stop_singal', 'did you mean "stop_signal"?'],
	['depend_on', 'did you mean "depends_on"?'],
	['workingdir', 'did you mean "working_dir"?'],
	['start_signal', ''],
	['colour', ''],
])('%s: %s', (word, expected) => {
	expect(hint(`services:\n  a:\n    command: x\n    ${word}: x`)).toBe(expected);
});

test.each(['cmd', 'exec', 'ExecStart', 'script', 'run', 'comand'])('with %s nothing is said of a missing command', word => {
	expect(hint(`services: {a: {${word}: x}}`)).toMatch(/^(archon calls it command|did you mean "command"\?)$/);
});

test.each([
	['procs: {a: {command: x}}', 'archon calls it services'],
	['services: {a: {command: x}}\nlog_level: warn', 'write archon: {log_level: …}'],
	['services: {a: {command: x, healthcheck: {test: x, failure_threshold: 3}}}', 'archon calls it retries'],
	['services: {a: {command: x, restart: {max_attempts: 3}}}', 'archon calls it attempts'],
	['services: {a: {command: x, ready: {tcp: 80, initialDelaySeconds: 3}}}', 'remove it: archon checks until it is ready'],
	['programs: {a: {command: x}}', 'archon calls it cmd'],
])('%s: %s', (text, expected) => {
	expect(hint(text)).toBe(expected);
});

test.each(SECTIONS.filter(([title]) => !title.includes('pre_start')))('words for keys of %s are none of its keys, and lead to them', (_, {words, keys}) => {
	const known = Object.keys(keys);
	expect([...words().keys()].filter(word => known.some(key => bare(key) === word))).toEqual([]);
	const led = [...words().values()].map(({key}) => key).filter(key => key !== null && !known.includes(key));
	expect(led).toEqual([]);
});

test('no word for keys of a service is that of two groups', () => {
	const words = SERVICE_GROUPS.flatMap(({words}) => {
		const {names = {}, others = []} = words?.() ?? {};
		return [...Object.values(names), ...others.map(([each]) => each)].flatMap(each => each.split(' ')).map(bare);
	});
	expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
});
