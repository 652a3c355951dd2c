/** Services of dinit as archon's own. */
import {describe, expect, test} from 'vitest';
import {importConfig} from '../../../../src/config/import.ts';
import {judgeConfig} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import type {Service} from '../../../../src/core/service.ts';
import {folderOf, lookupsOf, type Tree} from './tree.ts';

const FOLDER = '/etc/dinit.d';

/** The directory; or a file in it alone. */
function judge(tree: Tree, {file = '', environment = {}}: {file?: string; environment?: Readonly<Record<string, string>>} = {}) {
	const paths = Object.fromEntries(Object.entries(tree).map(([name, text]) => [name.startsWith('/') ? name : `${FOLDER}/${name}`, text]));
	const sources = [file === '' ? folderOf(paths, FOLDER) : {file: `${FOLDER}/${file}`, text: paths[`${FOLDER}/${file}`] ?? ''}];
	const around = lookupsOf(paths, environment);
	const {plan, problems} = judgeConfig(sources, null, around);
	const {untranslated} = importConfig(sources, around);
	const services: Readonly<Record<string, Service>> = Object.fromEntries(plan?.services.map(service => [service.name, service]) ?? []);
	return {services, problems: problems.map(formatProblem), left: untranslated.map(({message}) => message.replace('not translated: ', ''))};
}

const WEB = 'type = process\ncommand = /usr/bin/web\n';
const only = (lines: string, environment = {}) => judge({web: `${WEB}${lines}\n`}, {environment}).services['web'];

describe('a process', () => {
	test('is not restarted, has ten seconds from a signal to its group on, and is silent', () => {
		expect(only('')).toMatchObject({
			type: 'daemon', restart: {policy: 'no'}, stop: {signal: 15, grace: 10_000}, stopTo: 'group',
			exec: {argv: ['/usr/bin/web'], output: {logging: {drivers: []}}},
		});
	});

	test.each<[string, object]>([
		['command: web "a  b" c\\ d  e # here', {exec: {argv: ['web', 'a  b', 'c d', 'e']}}],
		['command = web\ncommand += --port 80\ncommand += x', {exec: {argv: ['web', '--port', '80', 'x']}}],
		['command = web \\\n  --port 80', {exec: {argv: ['web', '--port', '80']}}],
		['command = web $PORT ${HOST:-x} $$5 {name}', {exec: {argv: ['web', '80', 'x', '$5', '{name}']}}],
		['working-dir = /srv', {exec: {cwd: '/srv'}}],
		['run-as = app', {exec: {user: {user: 'app'}}}],
		['env-file = web.env', {exec: {sources: [{path: '/etc/dinit.d/web.env'}]}}],
		['restart = true', {restart: {policy: 'always', delay: 200, growth: 'constant', attempts: 3, window: 10_000}}],
		['restart = on-failure\nrestart-delay = 1.5\nrestart-limit-count = 0\nrestart-limit-interval = 60',
			{restart: {policy: 'on-failure', delay: 1500, attempts: Infinity, window: 60_000}}],
		['stop-timeout = 0\nterm-signal = INT', {stop: {signal: 2, grace: Infinity}}],
		['ready-notification = pipefd:4', {ready: {kind: 'fd', fd: 4}, startTimeout: 60_000}],
		['ready-notification = pipevar:READY_FD\nstart-timeout = 0', {ready: {kind: 'fd', variable: 'READY_FD'}, startTimeout: Infinity}],
		['options = signal-process-only no-new-privs', {stopTo: 'main', exec: {limits: {noNewPrivileges: true}}}],
		['stop-command = web stop', {hooks: {preStop: [['web', 'stop']]}}],
		['rlimit-nofile = 1024:2048\nrlimit-core = -', {exec: {limits: {rlimits: [{soft: 1024, hard: 2048}, {soft: Infinity, hard: Infinity}]}}}],
		['nice = 5\noom-score-adj = -100\nioprio = best-effort:3', {exec: {limits: {nice: 5, oomScoreAdj: -100, ionice: {class: 2, level: 3}}}}],
		['load-options = export-service-name', {exec: {environment: {DINIT_SERVICE: 'web'}}}],
		['logfile = /var/log/web.log', {exec: {output: {logging: {drivers: [{kind: 'file', path: '/var/log/web.log', maxSize: Infinity, mode: 0o600}]}}}}],
		['log-type = buffer\nlog-buffer-size = 4096', {exec: {output: {logging: {drivers: [], buffer: 4096}}}}],
		['options = shares-console', {exec: {output: {kind: 'inherit'}}}],
	])('%s', (lines, expected) => {
		expect(only(lines, {PORT: '80'})).toMatchObject(expected);
	});

	test.each([
		['chain-to = other', 'chain-to of web: archon starts nothing because a service has ended; write one script that runs both'],
		['socket-listen = /run/web', 'socket-listen of web: the service has to open its socket itself'],
		['term-signal = none', 'term-signal of web: a service is always sent a signal'],
		['rlimit-nofile = 100:', 'rlimit-nofile of web: one of both limits alone cannot be set'],
		['command = web $/OPTIONS', '$/OPTIONS of web: its value is one argument, and is not split'],
		['options = pass-cs-fd', 'pass-cs-fd of web: archonctl reaches archon at its socket'],
		['log-type = pipe', 'log-type of web: archon has no pipes between services: what it writes goes to archon\'s own output'],
		['load-options = export-passwd-vars', 'export-passwd-vars of web: write environment: {USER: …, LOGNAME: …, HOME: …, SHELL: …}'],
		['capabilities = ^cap_net_raw', 'capabilities of web: write cap_add and cap_drop'],
	])('%s is left out with the reason', (line, why) => {
		expect(judge({web: `${WEB}${line}\n`}).left).toEqual([why]);
	});

	test.each([
		['command web', '/etc/dinit.d/web:3:1: "command web" is no setting; write NAME = VALUE'],
		['colour = red', '/etc/dinit.d/web:3:1: "colour" is no setting that dinit has'],
		['options = fast', '/etc/dinit.d/web:3:11: "fast" is no option that dinit has'],
		['type = daemon', '/etc/dinit.d/web:3:8: type must be process, bgprocess, scripted, internal, triggered, not "daemon"'],
		['restart = maybe', '/etc/dinit.d/web:3:11: restart must be true, false or on-failure, not "maybe"'],
		['smooth-recovery = maybe', '/etc/dinit.d/web:3:19: smooth-recovery must be true or false, not "maybe"'],
		['stop-timeout = soon', '/etc/dinit.d/web:3:16: stop-timeout must be seconds, not "soon"'],
		['ready-notification = 3', '/etc/dinit.d/web:3:22: ready-notification must be pipefd:NUMBER or pipevar:NAME, not "3"'],
		['rlimit-nofile = many', '/etc/dinit.d/web:3:17: rlimit-nofile must be SOFT:HARD, not "many"'],
		['depends-on = nowhere', '/etc/dinit.d/web:3:14: web names "nowhere", of which there is no description'],
		['@include nowhere', '/etc/dinit.d/web:3:1: cannot read /nowhere: no such file or directory'],
		['@include web', '/etc/dinit.d/web:3:1: includes are more than 8 deep'],
	])('%s is refused', (line, problem) => {
		expect(judge({web: `${WEB}${line}\n`}).problems).toEqual([problem]);
	});
});

describe('other types', () => {
	test('bgprocess puts itself into the background', () => {
		const {services} = judge({web: 'type = bgprocess\ncommand = web -d\npid-file = /run/web.pid\nrestart = yes\n'});
		expect(services['web']).toMatchObject({forks: true, pidFile: '/run/web.pid', startTimeout: 60_000, restart: {policy: 'always'}});
	});

	test('scripted is a oneshot that is undone', () => {
		const {services} = judge({net: 'type = scripted\ncommand = net up\nstop-command = net down\n'});
		expect(services['net']).toMatchObject({type: 'oneshot', exec: {argv: ['net', 'up']}, startTimeout: 60_000, hooks: {down: [['net', 'down']]}, stop: {grace: 10_000}});
	});

	test('internal and triggered run nothing', () => {
		const {services, left} = judge({boot: 'type = internal\nwaits-for = t\n', t: 'type = triggered\n'});
		expect(Object.values(services).map(({type, exec: {argv}}) => [type, ...argv])).toEqual([['oneshot', 'true'], ['oneshot', 'true']]);
		expect(left).toEqual(['type of t: nothing is waited for: it is as an internal service']);
	});

	test.each([
		['type = bgprocess\ncommand = web\n', '/etc/dinit.d/web:1:1: web has no pid-file; a bgprocess must have one'],
		['type = process\n', '/etc/dinit.d/web:1:1: web has no command'],
	])('%j is refused', (web, problem) => {
		expect(judge({web}).problems).toEqual([problem]);
	});
});

describe('services together', () => {
	const TREE: Tree = {
		'boot': 'type = internal\nwaits-for.d = boot.d\n', 'boot.d/web': '', 'spare': WEB,
		'web': `${WEB}depends-on = db\ndepends-ms = prepare\nwaits-for: cache\nafter = log\n`,
		'db': `${WEB}restart = true\n`, 'cache': `${WEB}smooth-recovery = true\nbefore = db\n`, 'log': WEB, 'prepare': 'type = scripted\ncommand = prepare\n',
	};

	test('what boot needs is started, and the rest by hand', () => {
		const {services, problems} = judge(TREE);
		expect(problems).toEqual([]);
		expect(Object.values(services).filter(({autostart}) => !autostart).map(({name}) => name)).toEqual(['spare']);
	});

	test('a need ends with what it needs unless that recovers smoothly; a milestone counts once; waits-for may fail', () => {
		expect(judge(TREE).services['web']?.needs.map(({name, condition, strength, restart}) => [name, condition, strength, restart])).toEqual([
			['db', 'service_started', 'hard', true], ['prepare', 'service_completed_successfully', 'hard', false],
			['cache', 'service_healthy', 'soft', false], ['log', 'service_healthy', 'order', false],
		]);
		expect(judge(TREE).services['db']?.needs).toMatchObject([{name: 'cache', strength: 'order'}]);
	});

	test('a file alone comes with what it names', () => {
		expect(Object.keys(judge(TREE, {file: 'web'}).services).sort()).toEqual(['cache', 'db', 'log', 'prepare', 'web']);
	});

	test('without boot all are started; descriptions with an argument are for others', () => {
		const {services, left} = judge({getty: 'type = process\ncommand = getty $1\n', web: `${WEB}depends-on = getty@tty1\n`});
		expect(services['getty-tty1']).toMatchObject({autostart: true, exec: {argv: ['getty', 'tty1']}});
		expect([Object.keys(services), left]).toEqual([['getty-tty1', 'web'], ['getty@tty1 of getty-tty1: its name here is getty-tty1']]);
	});

	test('settings of an included file count where it is included', () => {
		expect(judge({'web': `@include-opt none\n@include /etc/common\n${WEB}`, '/etc/common': 'restart = true\ncommand = other\n'}).services['web'])
			.toMatchObject({restart: {policy: 'always'}, exec: {argv: ['/usr/bin/web']}});
	});
});
