/** supervisord's config: how its INI is read, and what each key comes to. */
import {describe, expect, test} from 'vitest';
import {splitCommand, splitPairs} from '../../../../src/config/formats/supervisord/expressions.ts';
import {supervisord} from '../../../../src/config/formats/supervisord.ts';
import {collector, formatProblem, type Source} from '../../../../src/config/problems.ts';
import {judgeConfig} from '../../../../src/config/plan.ts';
import {around} from '../around.ts';
import {bare, type Bare} from '../bare.ts';

interface Told {
	readonly services: Readonly<Record<string, Bare>>;
	readonly config: Readonly<Record<string, Bare>>;
	readonly told: readonly string[];
	readonly problems: readonly string[];
}

function translate(text: string, files: Readonly<Record<string, string>> = {}, environment: Readonly<Record<string, string>> = {}): Told {
	const source: Source = {file: 'supervisord.conf', text};
	const {report, problems} = collector([source]);
	const {config, untranslated} = supervisord.translate([{source, root: null}], around(environment, files), report);
	const whole = bare(config) as Record<string, Bare>;
	return {
		services: whole['services'] as Record<string, Bare>, config: whole,
		told: untranslated.map(({key, service, why}) => `${service ?? 'the whole'}: ${key}: ${why}`),
		problems: problems().map(formatProblem),
	};
}

/** The keys of the only service, but for those that every service has. */
function made(keys: string): Bare {
	const {services, problems} = translate(`[program:web]\ncommand=web\n${keys}\n`);
	expect(problems).toEqual([]);
	const {command: _, ...rest} = services['web'] as Record<string, Bare>;
	return Object.fromEntries(Object.entries(rest).filter(([name, value]) => USUAL[name] !== JSON.stringify(value)));
}

const USUAL: Readonly<Record<string, string>> = {
	start_period: '"1s"', stop_grace_period: '"10s"', restart: '{"policy":"on-failure","counts":"starts"}',
};

const file = (path: string, more: Bare = {}): Bare => ({driver: 'file', options: {'path': path, 'max-size': '50m', 'max-file': '11', 'mode': '0644', ...more as object}});

describe('a program', () => {
	test('has supervisord\'s defaults', () => {
		const text = '[program:web]\ncommand=web -p "a b" \'$HOME\'\n';
		expect(translate(text).config).toEqual({
			shutdown: {grace_period: '10s', when_idle: 'never'},
			services: {web: {
				command: 'web -p "a b" \'$$HOME\'', start_period: '1s', restart: {policy: 'on-failure', counts: 'starts'}, stop_grace_period: '10s',
			}},
		});
		const {plan} = judgeConfig([{file: 'f', text}], null, around());
		expect(plan).toMatchObject({whenIdle: 'never', shutdownGrace: 10_000});
		expect(plan?.services[0]).toMatchObject({
			startPeriod: 1000, stop: {signal: 15, grace: 10_000}, autostart: true, exec: {argv: ['web', '-p', 'a b', '$HOME']},
			restart: {
				policy: 'on-failure', growth: 'linear', delay: 1000, maxDelay: Infinity, attempts: 3, counts: 'starts', window: Infinity,
				success: {codes: [0]}, fatal: {codes: [], signals: []},
			},
		});
	});

	test.each<[string, Bare]>([
		['autostart=false', {autostart: 'false'}],
		['autostart=1', {}],
		['autostart=%(ENV_RUN)s', {autostart: '${RUN}'}],
		['startsecs=0', {start_period: '0s'}],
		['startsecs=%(ENV_SECS)s', {start_period: '${SECS}'}],
		['startretries=10', {restart: {policy: 'on-failure', counts: 'starts', attempts: '10'}}],
		['autorestart=true', {restart: {policy: 'always', counts: 'starts'}}],
		['autorestart=no', {restart: {policy: 'no', counts: 'starts'}}],
		['exitcodes=0', {}],
		['exitcodes=0, 2,143', {success_codes: ['0', '2', '143']}],
		['stopsignal=TERM', {}],
		['stopsignal=SIGQUIT', {stop_signal: 'QUIT'}],
		['stopwaitsecs=60', {stop_grace_period: '60s'}],
		['stopasgroup=true', {stop_to: 'group'}],
		['killasgroup=true', {}],
		['user=app', {user: 'app'}],
		['umask=022', {umask: '022'}],
		['directory=%(here)s/x', {working_dir: '/here/x'}],
		['environment=A=1,B="x, y",C=\'it"s\',D="%(ENV_HOME)s/$x",E="100%%"', {environment: {A: '1', B: 'x, y', C: 'it"s', D: '${HOME}/$$x', E: '100%'}}],
		['environment=\n  A="{name} {instance}",\n  B=%(program_name)s', {environment: {A: '\\{name} \\{instance}', B: 'web'}}],
		['numprocs=3\nprocess_name=%(program_name)s_%(process_num)02d', {scale: '3'}],
		['numprocs=%(ENV_N)s\nprocess_name=x%(process_num)s\nenvironment=I="%(process_num)d"', {scale: '${N}', environment: {I: '{instance}'}}],
		['priority=5', {}],
		['serverurl=AUTO', {}],
		['stdout_events_enabled=false\nstdout_capture_maxbytes=0', {}],
	])('%s', (keys, expected) => {
		expect(made(keys)).toEqual(expected);
	});

	test.each<[string, Bare]>([
		['stdout_logfile=AUTO', {}],
		['stdout_logfile=NONE\nstderr_logfile=off', {logging: 'none'}],
		['stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\nstderr_logfile=/dev/stderr\nstderr_logfile_maxbytes=0', {logging: {driver: 'inherit'}}],
		['stdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\nredirect_stderr=true', {stdout: '/dev/stdout', stderr: '/dev/stdout'}],
		['stdout_logfile=/dev/stderr\nstderr_logfile=NONE', {stdout: '/dev/stderr', stderr: 'none'}],
		['stdout_logfile=/var/log/web.log\nredirect_stderr=true', {logging: file('/var/log/web.log')}],
		['stdout_logfile=/l\nstdout_logfile_maxbytes=0\nstdout_logfile_backups=0\nredirect_stderr=yes', {
			logging: {driver: 'file', options: {'path': '/l', 'max-size': 'unlimited', 'max-file': '1', 'mode': '0644'}},
		}],
		['stdout_logfile=/l\nstdout_logfile_maxbytes=10MB\nstdout_logfile_backups=4\nredirect_stderr=on', {logging: {driver: 'file', options: {path: '/l', mode: '0644'}}}],
		['stdout_logfile=/o\nstderr_logfile=/e', {logging: [file('/o', {streams: 'stdout'}), file('/e', {streams: 'stderr'})]}],
		['stdout_logfile=/o', {logging: [file('/o', {streams: 'stdout'}), {driver: 'prefix', options: {streams: 'stderr'}}]}],
		['stdout_logfile=/var/log/%(program_name)s/%(ENV_APP)s.log\nredirect_stderr=true', {logging: file('/var/log/web/${APP}.log')}],
		['stdout_syslog=true\nstdout_logfile=NONE\nstderr_logfile=NONE', {logging: {driver: 'syslog', options: {'syslog-facility': 'user', 'streams': 'stdout'}}}],
	])('its output: %s', (keys, expected) => {
		expect(made(keys)).toEqual(expected);
	});

	test.each<[string, string]>([
		['command=web\nstartsecs=soon', '3:11: [program:web] startsecs is not a whole number from 0 to 604800'],
		['command=web\nautostart=perhaps', '3:11: [program:web] autostart is neither true nor false'],
		['command=web\nautorestart=perhaps', '3:13: [program:web] autorestart must be true, false or unexpected'],
		['command=web\nexitcodes=0,999', '3:11: [program:web] exitcodes is not a list of exit statuses from 0 to 255'],
		['command=web\nstopsignal=TERM,KILL', '3:12: [program:web] stopsignal is not a signal; supervisord sends one, as TERM or QUIT'],
		['command=date +%Y', '2:9: [program:web] command has a % that begins no %(NAME)s; supervisord wants %% for a plain one'],
		['command=web %(nmae)s', '2:9: [program:web] command has %(nmae)s, which supervisord does not know here'],
		['command=web %(program_name)d', '2:9: [program:web] command has %(program_name)d, which is not how this is written; write %(program_name)s'],
		['command=sh -c "a ; b"', '2:9: [program:web] command cannot be split into words: a quote is not closed (to supervisord, a ; after a blank begins a comment)'],
		['directory=/', '1:1: [program:web] command is missing; supervisord wants it in every program'],
		['command=web\nenvironment=A=x,y', '3:13: [program:web] environment is not KEY="value",KEY="value"; values with other signs than letters, digits and _/.+-(): want quotes'],
		['command=web\npriority=%(ENV_P)s', '3:10: [program:web] priority depends on P, which is not set here; set P for archon as it is to be'],
		['command', '2:1: this is neither a [section] nor KEY=value; indent it if it goes on with the value above'],
	])('%s is a problem', (keys, problem) => {
		expect(translate(`[program:web]\n${keys}\n`).problems[0]).toBe(`supervisord.conf:${problem}`);
	});

	test('what archon does not have stands beside it', () => {
		const {told} = translate('[program:web]\ncommand=web\nstdout_events_enabled=true\nstdoutlogfile=/x\nprocess_name=other\n');
		expect(told).toEqual([
			'web: stdout_events_enabled: archon sends no events; archonctl logs and archonctl status show what they would tell',
			'web: stdoutlogfile: supervisord does not know it either',
			'web: process_name: the service is called as the program: web',
		]);
	});

	test('its own environment says what %(ENV_NAME)s is in its other keys, and a mistake in it is told once', () => {
		const keys = 'command=web %(ENV_PORT)s %(ENV_HOST)s\ndirectory=/srv/%(ENV_PORT)s\nstdout_logfile=/log/%(ENV_PORT)s\n';
		const {services} = translate(`[program:web]\n${keys}environment=PORT="80%(process_num)s",HOST="%(ENV_HOST)s"\n`);
		expect(services['web']).toMatchObject({
			command: 'web 800 ${HOST}', working_dir: '/srv/800', environment: {PORT: '800', HOST: '${HOST}'},
			logging: [{options: {path: '/log/800'}}, {driver: 'prefix'}],
		});
		expect(translate('[program:web]\ncommand=web\nenvironment=A="%(nope)s"\n').problems).toHaveLength(1);
	});

	test('with numbers that are padded, or do not begin with 0, each process is a service of its own in a group', () => {
		const {config} = translate(
			'[program:w]\ncommand=w %(process_num)03d %(numprocs)d\nnumprocs=2\nnumprocs_start=9\nprocess_name=%(program_name)s_%(process_num)02d\n',
		);
		expect(config).toMatchObject({groups: {w: ['w_09', 'w_10']}, services: {w_09: {command: 'w 009 2'}, w_10: {command: 'w 010 2'}}});
	});
});

describe('the whole', () => {
	test('INI as Python reads it', () => {
		const {services, problems} = translate([
			'; a comment', '[DEFAULT]', 'user = app', '[program:a] ; another', 'COMMAND : a  ; after a blank', '   more', '', '   # none', '   words',
			'directory=/a;b#c', '[program:b]', 'command=b', '[program:a]', 'directory=/later', '',
		].join('\r\n'));
		expect(problems).toEqual([]);
		expect(services).toMatchObject({
			a: {command: 'a more words', working_dir: '/later', user: 'app'}, b: {command: 'b', user: 'app'},
		});
	});

	test('is known by a section of defaults, too', () => {
		const {plan} = judgeConfig([{file: 'f', text: '[DEFAULT]\nautostart=false\n[program:web]\ncommand=web\n'}], null, around());
		expect(plan?.services).toMatchObject([{name: 'web', autostart: false}]);
	});

	test('files of [include] beside the file that names them, each with a here of its own', () => {
		const files = {
			'/here/conf.d/b.conf': '[program:b]\ncommand=%(here)s/b\n[include]\nfiles=/here/never.conf\n',
			'/here/conf.d/a.conf': '[program:a]\ncommand=a\n', '/here/conf.d/.hidden.conf': '[program:hidden]\ncommand=x\n',
			'/here/conf.d/c.ini': '[program:c]\ncommand=c\n', '/etc/one.conf': '[program:one]\ncommand=one\n',
		};
		const {services, told} = translate('[supervisord]\n[include]\nfiles = conf.d/[ab]*.conf\n  /etc/one.conf %(here)s/no*\n', files);
		expect(Object.keys(services)).toEqual(['a', 'b', 'one']);
		expect(services).toMatchObject({b: {command: '/here/conf.d/b'}});
		expect(told).toEqual(['the whole: include.files: no file is there that /here/no* names']);
	});

	test('priorities are an order where they differ, also in a group and between groups', () => {
		const program = (name: string, priority: number, more = ''): string => `[program:${name}]\ncommand=${name}\npriority=${priority}\n${more}`;
		const {services, config} = translate([
			program('a', 1), program('b', 1, 'autostart=false\n'), program('c', 5, 'stopwaitsecs=20\n'), program('d', 9), program('e', 7), program('f', 999),
			'[group:g]\nprograms=d,e\npriority=3\n',
		].join(''));
		const after = Object.entries(services).map(([name, keys]) => [name, (keys as Record<string, Bare>)['after']]);
		expect(Object.fromEntries(after)).toEqual({a: undefined, b: undefined, e: ['a'], d: ['e'], c: ['d'], f: ['c']});
		expect(config).toMatchObject({groups: {g: ['d', 'e']}, shutdown: {grace_period: '60s'}});
	});

	test('what [supervisord] says for all programs', () => {
		const text = (more: string): string => `[supervisord]\nuser=app\numask=027\ndirectory=/srv\nenvironment=A="1",B="%(ENV_X)s"\n${more}\n`
			+ '[program:web]\ncommand=web %(ENV_A)s %(ENV_B)s\n';
		expect(translate(text('')).config).toMatchObject({
			environment: {A: '1', B: '${X}'}, services: {web: {command: 'web 1 ${X}', user: 'app', umask: '027', working_dir: '/srv'}},
		});
		// It takes both of them only as it becomes a daemon.
		const {web} = translate(text('nodaemon=true')).services;
		expect(web).not.toHaveProperty('umask');
		expect(web).not.toHaveProperty('working_dir');
	});

	test('names that archon does not take, or that are there twice', () => {
		const {config, told} = translate('[program:a@b]\ncommand=a\n[program:all]\ncommand=b\n[program:web]\ncommand=c\n[group:web]\nprograms=web,all\n');
		expect(Object.keys(config['services'] as object)).toEqual(['a-b', 'x-all', 'web']);
		expect(config['groups']).toEqual({'web-group': ['web', 'x-all']});
		expect(told).toHaveLength(3);
	});

	test.each([
		['[inet_http_server]\nport=:9001', '[inet_http_server]: write web with tokens, or use archonctl in the container'],
		['[unix_http_server]\nfile=/s\nchmod=0770', 'unix_http_server.chmod: archon\'s socket is for root and for archon\'s own user, who are known by their uid'],
		['[unix_http_server]\nfile=/s\nchmod=0700', null],
		['[supervisorctl]\nserverurl=unix:///s\nprompt=x', null],
		['[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=x', null],
		['[rpcinterface:twiddler]\nx=y', '[rpcinterface:twiddler]: archon takes no plugins: archonctl run and archonctl daemon start further programs'],
		['[supervisord]\nlogfile=/x\npidfile=/y\nminfds=1024\nnodaemon=true', null],
		['[supervisord]\nminfds=65536', 'supervisord.minfds: services have the limits of the container; ulimits: {nofile: 65536} raises one\'s own'],
		['[supervisord]\nnodeamon=true', 'supervisord.nodeamon: supervisord does not know it either'],
		['[eventlistener:x]\ncommand=httpok\nevents=TICK_60', '[eventlistener:x]: archon sends no events: write healthcheck: {http: URL, on_unhealthy: restart} in the service that it looks at'],
		['[eventlistener:x]\ncommand=x\nevents=PROCESS_LOG', '[eventlistener:x]: archon sends no events'],
		['[else]\nx=y', '[else]: supervisord does not know it either'],
	])('%s', (section, told) => {
		expect(translate(`[program:web]\ncommand=web\n${section}\n`).told).toEqual(told === null ? [] : [`the whole: ${told}`]);
	});

	test.each([
		['[group:g]\nprograms=a', '[group:g] programs names a, which is no program'],
		['[include]\nfiles=%(x)s', 'include.files has %(x)s, which supervisord does not know here'],
		['x=y', null],
	])('%s is a problem', (text, problem) => {
		const {problems} = translate(`[program:web]\ncommand=web\n${text}\n`);
		expect(problems.map(each => each.replace(/^\S+ /, ''))).toEqual(problem === null ? [] : [expect.stringContaining(problem)]);
	});

	test('patterns and long lines take no time that grows with more than their product', () => {
		const files = Object.fromEntries(Array.from({length: 50}, (_, index) => [`/here/${'a'.repeat(200)}${index}`, '']));
		expect(translate(`[supervisord]\n[include]\nfiles=${'*a'.repeat(100)}b\n`, files).told).toHaveLength(1);
		const {problems} = translate(`[program:web]\ncommand=${'%(program_name)s '.repeat(5000)}\nenvironment=${'A="b",'.repeat(20_000)}\n`);
		expect(problems).toEqual([]);
	});
});

/** What Python 3.11 says: shlex.split(text), and supervisor.datatypes.dict_of_key_value_pairs(text). */
describe('shlex', () => {
	test.each([
		['a  b\tc', ['a', 'b', 'c']], ['a "b c" d\'e f\'', ['a', 'b c', 'de f']], ['a "b\\"c\\d\\$" \\x', ['a', 'b"c\\d\\$', 'x']],
		['\'\' ""', ['', '']], ['a\\ b', ['a b']], ['a#b', ['a#b']],
	])('%j is split', (text, words) => {
		expect(splitCommand(text)).toEqual({ok: true, value: words});
	});

	test.each([
		['A="a b",B=c', {A: 'a b', B: 'c'}], ['A=a,b', null], ['A=b;c', null], ['A="it\'s",B=\'x"y\'', {A: 'it\'s', B: 'x"y'}],
		['A=http://x:1/y,B=1', {A: 'http://x:1/y', B: '1'}], ['A=', null], ['A="",B=1', {A: '', B: '1'}], ['A=x*y', null],
		['A=a\'b\'c', {A: 'a\'b\'c'}], ['A=1,', {A: '1'}], ['', {}], ['A="x', null], ['A=a b', {A: 'a'}],
	])('%j as pairs', (text, pairs) => {
		const split = splitPairs(text);
		expect(split.ok ? Object.fromEntries(split.value) : null).toEqual(pairs);
	});
});
