/**
 * The same files given to supervisord's own parser: what programs come to is the same. Where it is not installed (Debian's
 * supervisor), the tests are skipped.
 */
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {judgeConfig} from '../../src/config/plan.ts';
import {formatProblem} from '../../src/config/problems.ts';
import {around} from '../unit/config/around.ts';

/** Debian's, which sees Debian's packages. */
const PYTHON = '/usr/bin/python3';
const isThere = spawnSync(PYTHON, ['-c', 'import supervisor.options']).status === 0;

const VARIABLES = {FOO: 'foo', HOSTNAME: hostname(), CELERY_WORKERS: '3', QUEUES: 'default', PATH: '/usr/bin:/bin'};

const FOLDER = mkdtempSync(join(tmpdir(), 'archon-supervisord-'));

/** Prints what each file comes to, or null where it is refused; directories and users need not be there. */
const ORIGINAL = `
import json, shlex, sys
import supervisor.datatypes as datatypes, supervisor.options as options
datatypes.existing_dirpath = options.existing_dirpath = lambda path: path
options.name_to_uid = lambda name: name
options.gid_for_uid = lambda uid: 0
RESTART = {'RestartWhenExitUnexpected': 'on-failure', 'RestartUnconditionally': 'always'}
def seen(p):
    return {'command': shlex.split(p.command), 'directory': p.directory, 'umask': p.umask, 'user': p.uid,
        'autostart': p.autostart and 'FastCGI' not in type(p).__name__,
        'restart': RESTART.get(getattr(p.autorestart, '__name__', ''), 'no'), 'startsecs': p.startsecs, 'startretries': p.startretries,
        'stopsignal': int(p.stopsignal), 'stopwaitsecs': p.stopwaitsecs, 'stopasgroup': p.stopasgroup,
        'exitcodes': sorted(p.exitcodes), 'environment': p.environment}
def read(path):
    parser = options.ServerOptions()
    parser.stderr = open('/dev/null', 'w')
    try:
        parser.realize(args=['-c', path, '-n'], doc='')
    except SystemExit:
        return None
    return [seen(p) for g in parser.process_group_configs for p in g.process_configs if 'Listener' not in type(p).__name__]
print(json.dumps({path: read(path) for path in sys.argv[1:]}))
`;

const web = (keys: string, command = 'x'): string => `[program:web]\ncommand=${command}\n${keys}\n[supervisord]\nnodaemon=true\n`;

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '../import/supervisord', name, 'supervisord.conf'), 'utf8');

const FILES: Readonly<Record<string, string>> = {
	...Object.fromEntries(['celery', 'laravel', 'mail', 'stack'].map(name => [name, fixture(name)])),
	'defaults': web(''),
	'quotes in a command': web('', `/bin/x "a b" 'c "d" e' f\\ g "h\\"i" '' "" a"b"c \\\\a \\n "b\\n" 'c\\d'`),
	'expressions': web('', 'date +%%Y %(program_name)s %(group_name)s %(process_num)d %(numprocs)d %(process_num)5d|%(program_name)6s| %(host_node_name)s'),
	'variables': web('environment=A="%(ENV_FOO)s-b",B=%(program_name)s', 'x %(ENV_FOO)s'),
	'signs of a shell': web('environment=A="$HOME ${X} {name}"', 'x $HOME ${FOO} ~/a {instance} *'),
	'comments': web('directory=/a;b\nenvironment=A="1;2" ; c\numask=22 # d', 'sh -c "a; b" ; comment'),
	'lines that go on': web('environment=A="1",\n  B="2",\n  C=3', 'x\n  y\n\n\tz\n; c\n  w'),
	'colons, blanks and case': '[program:a] behind\nCOMMAND : x: y=z\nStartSecs =  5\n[supervisord]\n',
	'ends of lines of DOS': web('startsecs=3').replaceAll('\n', '\r\n'),
	'indented keys': '[program:a]\n  command=x\n  startsecs=3\n[supervisord]\n',
	'a section in parts': `${web('startsecs=2')}[program:web]\ncommand=y\nstartretries=0\n`,
	'defaults of all sections': `[DEFAULT]\nautostart=false\nstopwaitsecs=4\n${web('')}`,
	'flags': web('autostart=Off\nautorestart=TRUE\nstopasgroup=1'),
	'unexpected': web('autorestart=Unexpected\nexitcodes=0,2, 143'),
	'no exit is expected': web('exitcodes='),
	'signals': web('stopsignal=usr1'),
	'a signal with SIG': web('stopsignal=SIGQUIT'),
	'a signal by number': web('stopsignal=9'),
	...Object.fromEntries([
		'A=1,B=2', `A="a b",B='c d',C=/x/y:z`, 'A="a""b"', `A="it's",B="x=y,z"`, 'A="1",', '', 'A="",B="x"', 'A="a\\"b"', 'A="#1",B="a\tb"', 'A=1;B=2',
		'A="50%%"',
	].map(text => [`environment=${text}`, web(`environment=${text}`)])),
	'variables of all': `[supervisord]\nenvironment=FOO="from above",BAR=2\n[program:a]\ncommand=x %(ENV_FOO)s %(ENV_BAR)s\nenvironment=BAR=3\n`,
	'a variable of its own': web('environment=FOO="%(ENV_FOO)s, own",DIR=/srv\ndirectory=%(ENV_DIR)s/x', 'x "%(ENV_FOO)s"'),
	'numbers with zeros': web('process_name=%(process_num)02d\nnumprocs=3\nnumprocs_start=2', 'x %(process_num)02d'),
	'plain numbers': web('process_name=%(process_num)s\nnumprocs=3', 'x %(process_num)s'),
	'groups': '[group:g]\nprograms=b, a\npriority=3\n[program:a]\ncommand=x %(group_name)s\n[program:b]\ncommand=y\n[program:c]\ncommand=z\n[supervisord]\n',
	'a FastCGI program': '[fcgi-program:f]\ncommand=x\nsocket=tcp://127.0.0.1:9000\n[supervisord]\n',
	'a listener': `${web('')}[eventlistener:e]\ncommand=y\nevents=TICK_5\n`,
};

/** What both refuse. */
const REFUSED: readonly string[] = [
	web('autorestart=sometimes'), web('autostart=maybe'), web('exitcodes=a'), web('exitcodes=300'), web('stopsignal=FOO'), web('umask=99'),
	web('startsecs=1.5'), web('startsecs='), web('stdout_logfile=/tmp/a\nstdout_logfile_maxbytes=10XB'), web('environment=A=http://x/?y'),
	web('environment=A'), web('environment=A="'), web('environment=A=1 B=2'), web('garbage'), web('', 'x %(nope)s'), web('', 'date +%Y'),
	'[program:a]\ndirectory=/tmp\n[supervisord]\n', `[group:g]\nprograms=web,nope\n${web('')}`,
];

type Seen = readonly {readonly command: readonly string[]; readonly [key: string]: unknown}[] | null;

/** The same of archon's services. */
function ours(text: string): Seen {
	const {plan, problems} = judgeConfig([{file: 'supervisord.conf', text}], null, {
		...around(VARIABLES), directory: () => FOLDER, findUser: () => ({ok: true, value: null}),
	});
	if (!plan) return null;
	expect(problems.map(formatProblem)).toEqual([]);
	return plan.services.map(({autostart, restart, startPeriod, stop, stopTo, exec}) => {
		const {ARCHON_INSTANCE: _, ...environment} = {...exec.common, ...exec.environment};
		return {
			command: exec.argv, directory: exec.cwd, umask: exec.umask, user: exec.user?.user ?? null, autostart,
			restart: restart.policy, startsecs: startPeriod / 1000, startretries: restart.attempts,
			stopsignal: stop.signal, stopwaitsecs: stop.grace / 1000, stopasgroup: stopTo === 'group',
			exitcodes: [...restart.success.codes].sort((a, b) => a - b), environment,
		};
	});
}

/** By command: in which order they start is not what is asked here. */
const sorted = (seen: Seen): Seen =>
	(seen && [...seen].sort((a, b) => (JSON.stringify(a.command) < JSON.stringify(b.command) ? -1 : 1)));

describe.skipIf(!isThere)('supervisord itself', () => {
	const texts = [...Object.values(FILES), ...REFUSED];
	let theirs: Readonly<Record<string, Seen>> = {};
	const pathOf = (text: string): string => join(FOLDER, `${texts.indexOf(text)}.conf`);

	beforeAll(() => {
		for (const text of texts) writeFileSync(pathOf(text), text);
		const {stdout, stderr} = spawnSync(PYTHON, ['-c', ORIGINAL, ...texts.map(pathOf)], {encoding: 'utf8', env: VARIABLES, cwd: FOLDER});
		if (stdout === '') throw new Error(stderr);
		theirs = JSON.parse(stdout) as typeof theirs;
	});
	afterAll(() => rmSync(FOLDER, {recursive: true}));

	test.each(Object.entries(FILES))('reads the same: %s', (_, text) => {
		expect(theirs[pathOf(text)]).not.toBeNull();
		expect(sorted(ours(text))).toEqual(sorted(theirs[pathOf(text)] ?? null));
	});

	test.each(REFUSED)('refuses it as well: %j', text => {
		expect(theirs[pathOf(text)]).toBeNull();
		expect(ours(text)).toBeNull();
	});
});
