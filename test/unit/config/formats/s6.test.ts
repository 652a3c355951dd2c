/** Services of s6-overlay, s6, s6-rc and runit as archon's own. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {importConfig} from '../../../../src/config/import.ts';
import {judgeConfig} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import type {Service} from '../../../../src/core/service.ts';
import {folderOf, lookupsOf, type Tree} from './tree.ts';

/** What is at /etc/s6, or at the directory that is named. */
function judge(tree: Tree, {folder = '/etc/s6', environment = {}}: {folder?: string; environment?: Readonly<Record<string, string>>} = {}) {
	const around = lookupsOf(tree, environment);
	const {plan, problems} = judgeConfig([folderOf(tree, folder)], null, around);
	const {untranslated} = importConfig([folderOf(tree, folder)], around);
	const services: Readonly<Record<string, Service>> = Object.fromEntries(plan?.services.map(service => [service.name, service]) ?? []);
	const left = untranslated.map(({message}) => message.replace('not translated: ', ''));
	return {plan, services, problems: problems.map(formatProblem), left};
}

/** One service of a scan directory. */
const scanned = (files: Tree, name = 'web') => judge(Object.fromEntries(Object.entries(files).map(([file, text]) => [`/etc/s6/${name}/${file}`, text])));
const only = (files: Tree): Service | undefined => scanned(files).services['web'];

/** One service of s6-overlay 3, with what it is beside. */
const overlaid = (files: Tree, environment = {}) => judge({
	'/etc/s6-overlay/s6-rc.d/user/type': 'bundle\n', '/etc/s6-overlay/s6-rc.d/user/contents.d/web': '',
	...Object.fromEntries(Object.entries(files).map(([file, text]) => [file.startsWith('/') ? file : `/etc/s6-overlay/s6-rc.d/${file}`, text])),
}, {folder: '/etc/s6-overlay', environment});

const PLAIN = '#!/bin/sh\nexec web\n';

describe('a service', () => {
	test('is restarted after a second without end, is never killed by itself, and runs in its directory', () => {
		expect(only({run: PLAIN})).toMatchObject({
			type: 'daemon', autostart: true, restart: {policy: 'always', delay: 1000, growth: 'constant', attempts: Infinity, fatal: {codes: []}},
			stop: {signal: 15, grace: Infinity}, exec: {argv: ['web'], cwd: '/etc/s6/web', base: 'inherit'},
		});
	});

	test.each([
		['#!/bin/sh\nexec nginx -g "daemon off;"\n', ['nginx', '-g', 'daemon off;']],
		['#!/bin/sh -e\n# it serves\n\nset -eu\nexec 2>&1\nexec web \\\n  --port 80 # here\n', ['web', '--port', '80']],
		['#!/usr/bin/env bash\nexec web \'a $b\'\n', ['web', 'a $b']],
		['#!/bin/sh\nexec web --port "${PORT:-80}" "$HOST" "a ${HOST-b}/$" \n', ['/bin/sh', '/etc/s6/web/run']],
		['#!/bin/sh\nexec web --port "${PORT:-80}" -"$HOST"- "a ${NAME-b}/c"\n', ['web', '--port', '80', '-box-', 'a b/c']],
		['#!/bin/sh\nexec web a\\\nb 2>&1\n', ['web', 'ab']], ['#!/bin/sh\nexec web 2>&1#c\n', ['/bin/sh', '/etc/s6/web/run']],
		['#!/command/execlineb -P\nwith-contenv define p 1 define p 2 web ${p}\n', ['web', '1']],
		['#!/bin/sh\nexport HOST=a\nexec web "$HOST"\n', ['/bin/sh', '/etc/s6/web/run']],
		['#!/bin/sh\nset -u\nexec web "$HOST"\n', ['/bin/sh', '/etc/s6/web/run']],
		['#!/bin/bash\nexec web "$UID"\n', ['/bin/bash', '/etc/s6/web/run']],
		['#!/bin/sh\nexec web "${HOST#b}" "`date`"\n', ['/bin/sh', '/etc/s6/web/run']],
		['#!/bin/sh\nexec web \'${A}\' \'$B\'\n', ['/bin/sh', '/etc/s6/web/run']],
		['#!/bin/sh\nexec chpst -u app web\n', ['web']],
		['#!/bin/sh\nexec web $OPTIONS\n', ['/bin/sh', '/etc/s6/web/run']],
		['#!/bin/sh\necho starting\nexec web\n', ['/bin/sh', '/etc/s6/web/run']],
		['#!/bin/sh\nexec web | tee log\n', ['/bin/sh', '/etc/s6/web/run']],
		['#!/bin/sh\nweb\n', ['/bin/sh', '/etc/s6/web/run']],
		['#!/usr/bin/python3 -u\nprint(1)\n', ['/usr/bin/python3', '-u', '/etc/s6/web/run']],
		['#!/usr/bin/with-contenv bash\nexec web $A\n', ['bash', '/etc/s6/web/run']],
		['exec web\n', ['/etc/s6/web/run']],
		['#!/command/execlineb -P\nweb "a b" \\"c { }\n', ['/command/execlineb', '-P', '/etc/s6/web/run']],
		['#!/command/execlineb -P\n# a comment\nweb "a b" "\\x\\t\\0x41\\66\\0103" c\\ d "e\\\nf" g\\\nh\n', ['web', 'a b', 'x\tABC', 'c d', 'ef', 'g\nh']],
		['#!/command/execlineb -P\nweb "\\300"\n', undefined], ['#!/command/execlineb -P\nweb "\\09"\n', undefined],
		['#!/command/execlineb -P\nweb "\\0351"\n', ['/command/execlineb', '-P', '/etc/s6/web/run']],
		['#!/command/execlineb -P\nifelse { test -e /x } { a } b\n', ['/command/execlineb', '-P', '/etc/s6/web/run']],
		['#!/command/execlineb -S0\nweb\n', ['/command/execlineb', '-S0', '/etc/s6/web/run']],
		['#!/command/execlineb -P\nweb $@ ${1}\n', ['web', '$@', '${1}']],
	])('%j runs %j', (run, argv) => {
		expect(judge({'/etc/s6/web/run': run}, {environment: {HOST: 'box'}}).services['web']?.exec.argv).toEqual(argv);
	});

	test.each<[string, object]>([
		['s6-setuidgid app web', {exec: {user: {user: 'app'}}}],
		['cd /srv web', {exec: {cwd: '/srv'}}],
		['umask 027 web', {exec: {umask: 0o27}}],
		['export A b export C "d $e" web', {exec: {environment: {A: 'b', C: 'd $e'}}}],
		['define p 80 web ${p}', {exec: {argv: ['web', '80']}}],
		['multisubstitute { importas -D 80 p PORT define h x } web ${h}:${p}', {exec: {argv: ['web', 'x:80']}}],
		['importas -i home HOME web ${home}', {exec: {argv: ['web', '/root']}}],
		['s6-envdir ./env web', {exec: {sources: [{path: '/etc/s6/web/env'}]}}],
		['if { mkdir -p /run/web } s6-setuidgid app web', {hooks: {preStart: [{command: ['mkdir', '-p', '/run/web'], user: {user: 'root'}}]}}],
		['s6-setuidgid app foreground { echo a } web', {hooks: {preStart: [['sh', '-c', '"$@" || :', 'sh', 'echo', 'a']]}}],
		['s6-notifyoncheck -d -t 500 -w 2000 -c "curl -f x" web', {ready: {probe: {command: ['curl', '-f', 'x']}, interval: 2000, timeout: 500}}],
		['s6-notifyoncheck web', {ready: {probe: {command: ['/etc/s6/web/data/check']}, interval: 1000}, startTimeout: Infinity}],
		['fdmove -c 2 1 exec web', {exec: {argv: ['web']}}],
	])('execline: %s', (script, expected) => {
		const tree = {'/etc/s6/web/run': `#!/usr/bin/execlineb -P\n${script}\n`, '/etc/s6/web/env/A': 'b\n'};
		expect(judge(tree, {environment: {HOME: '/root'}}).services['web']).toMatchObject(expected);
	});

	test('a check in a shell script has the variables of the service', () => {
		const run = '#!/bin/bash\nexec s6-notifyoncheck -d -c "nc -z localhost ${PORT:-80}" s6-setuidgid app web\n';
		expect(only({run})).toMatchObject({exec: {argv: ['web'], user: {user: 'app'}}, ready: {probe: {command: ['sh', '-c', 'exec nc -z localhost ${PORT:-80}']}}});
	});

	test.each([
		['importas p PORT web $p'], ['importas -u p PORT web'], ['importas -iu p PORT web'], ['cd srv web'], ['fdmove 2 1 web'], ['redirfd -w 1 /dev/null web'],
		['backtick -n A { date } web'], ['if { test -e /x } export A b web'], ['exec -c web'], ['background { a } web'], ['s6-softlimit -o 9 web'],
	])('execline that archon has no keys for is run by execlineb: %s', script => {
		const {services, left} = scanned({run: `#!/usr/bin/execlineb -P\n${script}\n`});
		expect(services['web']?.exec.argv).toEqual(['/usr/bin/execlineb', '-P', '/etc/s6/web/run']);
		expect(left[0]).toEqual(expect.stringMatching(/^execlineb.* of web: its script is run by it, or calls it: keep the programs of s6 in the image/));
	});

	test.each<[Tree, object]>([
		[{'notification-fd': '3\n'}, {ready: {kind: 'fd', fd: 3}, startTimeout: Infinity}],
		[{'notification-fd': '4\n', 'timeout-up': '2500\n'}, {ready: {fd: 4}, startTimeout: 2500}],
		[{'down-signal': 'SIGQUIT\n'}, {stop: {signal: 3}}],
		[{'down-signal': '2\n', 'timeout-kill': '7000\n'}, {stop: {signal: 2, grace: 7000}}],
		[{'timeout-kill': '0\n'}, {stop: {grace: Infinity}}],
		[{down: ''}, {autostart: false}],
		[{finish: '#!/bin/sh\nrm -f /run/web.pid\n'}, {hooks: {postStop: [['/bin/sh', '/etc/s6/web/finish']]}}],
		[{finish: '#!/bin/sh\nexec rm -f /run/web.pid\n'}, {hooks: {postStop: [['rm', '-f', '/run/web.pid']]}}],
	])('beside run: %j', (files, expected) => {
		expect(only({run: PLAIN, ...files})).toMatchObject(expected);
	});

	test('finish has the exit status, the signal and the name as arguments', () => {
		const [hook] = only({run: PLAIN, finish: '#!/bin/sh\necho "$1 $2"\n'})?.hooks.postStop ?? [];
		expect(hook).toEqual(['sh', '-c', expect.stringContaining('256 "$n" "$0"') as string, 'web', '/bin/sh', '/etc/s6/web/finish']);
	});

	test.each([
		['#!/usr/bin/execlineb -S0\ns6-svscanctl -t /var/run/s6/services\n', []],
		['#!/bin/sh\nif test "$1" -eq 256 ; then\n  e=$((128 + $2))\nelse\n  e="$1"\nfi\n'
			+ 'echo "$e" > /run/s6-linux-init-container-results/exitcode\n/run/s6/basedir/bin/halt\n', []],
		['#!/bin/sh\nrm -f /run/x\n/run/s6/basedir/bin/halt\n', ['finish of web: it ends the container, which essential: true does; what else it does is not run']],
	])('a finish that ends the container makes it essential: %j', (finish, expected) => {
		const {services, left} = scanned({run: PLAIN, finish});
		expect(services['web']).toMatchObject({essential: true, restart: {policy: 'no'}, hooks: {postStop: []}});
		expect(left).toEqual(expected);
	});

	test.each<[Tree, string]>([
		[{'timeout-finish': '1000\n'}, 'timeout-finish of web: post_stop has the time of stop_grace_period'],
		[{'flag-essential': ''}, 'flag-essential of web: all who may stop services may stop this one'],
		[{finish: '#!/bin/sh\nexit 125\n'}, 'finish of web: an exit with 125 does not keep the service from being restarted: write fatal_codes'],
		[{'notification-fd': '1\n'}, 'notification-fd of web: 1 is no descriptor from 3 to 63'],
		[{'timeout-up': '10\n'}, 'timeout-up of web: without notification-fd a daemon is up as soon as it runs'],
		[{'log/run': '#!/bin/sh\nexec logger -t web\n'}, 'log/run of web: archon has no pipes to other programs: what the service writes goes to archon\'s own output'],
		[{run: '#!/bin/sh\nx; s6-svc -d /run/service/web\n'}, 's6-svc of web: there is no s6 to steer: archonctl restart, stop and status do that here'],
	])('%j is left out with the reason', (files, why) => {
		expect(scanned({run: PLAIN, ...files}).left).toEqual([why]);
	});

	test('its name is one that archon takes', () => {
		const {services, left} = judge({'/etc/s6/getty@tty1/run': PLAIN, '/etc/s6/all/run': PLAIN});
		expect([Object.keys(services), left]).toEqual([
			['all-2', 'getty-tty1'], ['all of all-2: its name here is all-2', 'getty@tty1 of getty-tty1: its name here is getty-tty1'],
		]);
	});

	test.each<[Tree, string]>([
		[{'notification-fd': 'three\n'}, '/etc/s6/web/notification-fd:1:1: notification-fd must hold a number, not "three"'],
		[{run: '#!/bin/execlineb -P\nweb { a\n'}, '/etc/s6/web/run:2:5: a block is not closed'],
		[{run: '#!/bin/execlineb -P\nweb }\n'}, '/etc/s6/web/run:2:5: a block is closed that was not opened'],
		[{run: '#!/bin/execlineb -P\nweb "a\n'}, '/etc/s6/web/run:2:5: a quote is not closed'],
	])('%j is refused', (files, problem) => {
		expect(scanned({run: PLAIN, ...files}).problems).toEqual([problem]);
	});
});

describe('loggers', () => {
	const logged = (log: string, run = '#!/bin/sh\nexec 2>&1\nexec web\n') => only({run, 'log/run': log})?.exec.output;
	test.each<[string, object]>([
		['#!/bin/sh\nexec logutil-service /var/log/web\n',
			{path: '/var/log/web/current', maxSize: 1_000_000, maxFile: 21, format: 'timestamps', user: 'nobody', streams: ['stdout', 'stderr']}],
		['#!/usr/bin/execlineb -P\ns6-setuidgid log\ns6-log -b -- n3 s5000 /var/log/web\n', {maxSize: 5000, maxFile: 4, format: 'raw', user: 'log'}],
		['#!/bin/sh\nexec s6-log T ./main\n', {path: '/etc/s6/web/log/main/current', maxSize: 99_999, maxFile: 11, format: 'timestamps'}],
		['#!/bin/sh\nexec svlogd -tt /var/log/web\n', {path: '/var/log/web/current', maxSize: 1_000_000, maxFile: 11, format: 'timestamps'}],
	])('%j', (log, expected) => {
		expect(logged(log)).toMatchObject({logging: {drivers: [{kind: 'file', ...expected}]}});
	});

	test('what is not in the pipe goes to archon\'s own output', () => {
		expect(logged('#!/bin/sh\nexec s6-log n3 /var/log/web\n', PLAIN)).toMatchObject({
			logging: {drivers: [{kind: 'file', streams: ['stdout']}, {kind: 'prefix', streams: ['stderr']}]},
		});
	});

	test.each(['s6-log -bp n3 +error /var/log/web', 's6-log n3 !gzip /var/log/web', 'logutil-service -f /run/fifo /var/log/web', 's6-log n3 /a /b'])(
		'%s does more than archon\'s drivers', command => {
			expect(scanned({run: PLAIN, 'log/run': `#!/bin/sh\nexec ${command}\n`}).left).toEqual([
				'log/run of web: archon has no pipes to other programs: what the service writes goes to archon\'s own output',
			]);
		},
	);
});

describe('s6-rc', () => {
	const WEB = {'web/type': 'longrun\n', 'web/run': PLAIN};

	test('dependencies are needs, bundles stand for what is in them, and what is in no bundle is not started', () => {
		const {services, problems} = overlaid({
			...WEB, 'web/dependencies.d/base': '', 'web/dependencies.d/stores': '', 'web/dependencies': '# first\nprepare\n',
			'stores/type': 'bundle\n', 'stores/contents': 'db\n', 'stores/contents.d/cache': '',
			'db/type': 'longrun\n', 'db/run': PLAIN, 'cache/type': 'longrun\n', 'cache/run': PLAIN, 'cache/notification-fd': '3\n',
			'prepare/type': 'oneshot\n', 'prepare/up': 'mkdir -p /run/web\n', 'spare/type': 'longrun\n', 'spare/run': PLAIN,
		});
		expect(problems).toEqual([]);
		expect(services['web']?.needs.map(({name, condition, strength}) => [name, condition, strength])).toEqual([
			['prepare', 'service_completed_successfully', 'hard'], ['db', 'service_started', 'hard'], ['cache', 'service_healthy', 'hard'],
		]);
		expect(Object.values(services).filter(({autostart}) => !autostart).map(({name}) => name)).toEqual(['spare']);
	});

	test('a bundle is a group, but for those that say what is started', () => {
		const {services} = overlaid({...WEB, 'site/type': 'bundle\n', 'site/contents.d/web': '', 'site/contents.d/db': '', 'db/type': 'longrun\n', 'db/run': PLAIN});
		expect([services['web']?.groups, services['db']?.groups, services['db']?.autostart]).toEqual([['site'], ['site'], false]);
	});

	test('a oneshot is a line of execline, and is undone by another', () => {
		const {services} = overlaid({
			...WEB, 'web/dependencies.d/init': '', 'init/type': 'oneshot\n', 'init/up': '/etc/s6-overlay/scripts/init\n', 'init/timeout-up': '30000\n',
			'/etc/s6-overlay/scripts/init': '#!/command/with-contenv sh\necho $A\n', 'init/down': 'rm -f /run/x\n', 'init/timeout-down': '2000\n',
		});
		expect(services['init']).toMatchObject({
			type: 'oneshot', exec: {argv: ['sh', '/etc/s6-overlay/scripts/init'], base: 'inherit'}, startTimeout: 30_000,
			hooks: {down: [['rm', '-f', '/run/x']]}, stop: {grace: 2000},
		});
	});

	test('only scripts with with-contenv have the variables of the container', () => {
		expect(overlaid(WEB).services['web']?.exec.base).toBe('clean');
		expect(overlaid(WEB, {S6_KEEP_ENV: '1'}).services['web']?.exec.base).toBe('inherit');
		expect(overlaid({...WEB, 'web/run': '#!/command/with-contenv sh\nexec web\n'}).services['web']?.exec.base).toBe('inherit');
		expect(overlaid({...WEB, 'web/run': '#!/command/execlineb -P\nwith-contenv\nweb\n'}).services['web']?.exec.base).toBe('inherit');
	});

	test('the logger of a pipeline becomes logging, and its needs those of the service', () => {
		const {services, left} = overlaid({
			...WEB, 'web/producer-for': 'web-log\n', 'web-log/type': 'longrun\n', 'web-log/consumer-for': 'web\n', 'web-log/pipeline-name': 'web-pipe\n',
			'web-log/run': '#!/command/execlineb -P\nlogutil-service /var/log/web\n', 'web-log/dependencies.d/log-folder': '',
			'log-folder/type': 'oneshot\n', 'log-folder/up': 'mkdir -p /var/log/web\n', 'user/contents.d/web-pipe': '',
		});
		expect([Object.keys(services), left]).toEqual([['log-folder', 'web'], []]);
		expect(services['web']?.exec.output).toMatchObject({logging: {drivers: [{kind: 'file', path: '/var/log/web/current'}, {kind: 'prefix'}]}});
		expect(services['web']?.needs.map(({name}) => name)).toEqual(['log-folder']);
	});

	test('a consumer that is no logger is left out', () => {
		const {services, left} = overlaid({
			...WEB, 'web/producer-for': 'sift\n', 'sift/type': 'longrun\n', 'sift/consumer-for': 'web\n', 'sift/run': '#!/bin/sh\nexec sift\n',
		});
		expect([Object.keys(services), left]).toEqual([['web'], [
			'producer-for of web: sift would read it from a pipe, and archon has none: what it writes goes to archon\'s own output',
		]]);
	});

	test('the bundle default of plain sources is what is started', () => {
		const {services} = judge({
			'/srv/rc/default/type': 'bundle\n', '/srv/rc/default/contents.d/a': '',
			'/srv/rc/a/type': 'longrun\n', '/srv/rc/a/run': PLAIN, '/srv/rc/b/type': 'longrun\n', '/srv/rc/b/run': PLAIN,
		}, {folder: '/srv/rc'});
		expect([services['a']?.autostart, services['b']?.autostart, services['a']?.exec.base]).toEqual([true, false, 'inherit']);
	});

	test.each<[Tree, string]>([
		[{'web/run': PLAIN}, '/etc/s6-overlay/s6-rc.d/web: type is missing; write longrun, oneshot or bundle into it'],
		[{'web/type': 'daemon\n'}, '/etc/s6-overlay/s6-rc.d/web/type:1:1: type must be longrun, oneshot or bundle, not "daemon"; write longrun, oneshot or bundle into it'],
		[{'web/type': 'root:$6$salt$hash:20228:0:99999:7:::\n'}, '/etc/s6-overlay/s6-rc.d/web: type must be longrun, oneshot or bundle; write longrun, oneshot or bundle into it'],
		[{'web/type': 'longrun\n'}, '/etc/s6-overlay/s6-rc.d/web/type:1:1: there is no file run, or it is no text'],
		[{...WEB, 'web/dependencies': 'base\nnowhere\n'}, '/etc/s6-overlay/s6-rc.d/web/dependencies:2:1: web depends on nowhere, which there is not'],
		[{...WEB, 'web/dependencies.d/nowhere': ''}, '/etc/s6-overlay/s6-rc.d/web/dependencies.d/nowhere: web depends on nowhere, which there is not'],
	])('%j is refused', (files, problem) => {
		expect(overlaid(files).problems[0]).toBe(problem);
	});
});

describe('s6-overlay', () => {
	const SERVICE = {'/etc/services.d/web/run': PLAIN};

	test('scripts run in their order before services, and at the end after them', () => {
		const {plan, services} = judge({
			...SERVICE, '/etc/cont-init.d/10-a': '#!/bin/sh\na\n', '/etc/cont-init.d/20-b': '#!/usr/bin/with-contenv sh\nb\n',
			'/etc/cont-finish.d/10-c': '#!/bin/sh\nexec c\n', '/etc/cont-finish.d/20-d': '#!/bin/sh\nd\n',
			'/etc/fix-attrs.d/01': '/var/lib/db true db,99:99 0600 0700\n/run/x false root 0644 0755\n',
		}, {folder: '/etc/services.d'});
		expect(plan?.services.map(({name}) => name)).toEqual(['cont-finish', 'fix-attrs', 'cont-init-10-a', 'cont-init-20-b', 'web']);
		expect(services['web']?.needs).toMatchObject([{name: 'cont-init-20-b', strength: 'soft'}, {name: 'cont-finish', strength: 'order'}]);
		expect(services['cont-finish']).toMatchObject({hooks: {down: [['c'], ['/bin/sh', '/etc/cont-finish.d/20-d']]}, stop: {grace: 10_000}});
		expect(services['fix-attrs']?.exec.argv[2]).toContain('find /run/x -maxdepth 0 -type f -exec chmod 0644 {} +');
		expect(plan?.shutdownGrace).toBe(6000);
	});

	test('the first scripts that fail end the container only if s6-overlay was told so', () => {
		const tree = {...SERVICE, '/etc/cont-init.d/10-a': '#!/bin/sh\na\n'};
		expect(judge(tree, {folder: '/etc'}).services).toMatchObject({'cont-init-10-a': {onFailed: 'stay'}, web: {needs: [{strength: 'soft'}]}});
		const strict = judge(tree, {folder: '/etc', environment: {S6_BEHAVIOUR_IF_STAGE2_FAILS: '2'}});
		expect(strict.services).toMatchObject({'cont-init-10-a': {onFailed: 'shutdown'}, web: {needs: [{strength: 'hard'}]}});
	});

	test('variables that scripts write are those of what starts after them', () => {
		const {services} = judge({
			'/etc/services.d/web/run': '#!/usr/bin/with-contenv sh\nexec web\n',
			'/etc/cont-init.d/10-a': '#!/usr/bin/with-contenv sh\necho -n b > /var/run/s6/container_environment/A\n',
		}, {folder: '/etc/services.d'});
		expect(services['container-environment']?.exec.argv).toEqual(['mkdir', '-p', '/run/s6/container_environment']);
		expect(services['web']?.exec.sources).toMatchObject([{path: '/run/s6/container_environment', required: false}]);
	});

	test.each(['/etc', '/etc/services.d', '/etc/s6-overlay', '/etc/cont-init.d', '/'])('%s means all of it', folder => {
		const {services} = judge({
			...SERVICE, '/etc/cont-init.d/10-a': '#!/bin/sh\na\n', '/etc/s6-overlay/s6-rc.d/db/type': 'longrun\n',
			'/etc/s6-overlay/s6-rc.d/db/run': PLAIN, '/etc/s6-overlay/s6-rc.d/user/contents.d/db': '',
		}, {folder});
		expect(Object.keys(services).sort()).toEqual(['cont-init-10-a', 'db', 'web']);
	});

	test('paths of a tree for an image are those in the image', () => {
		const {services} = judge({'build/root/etc/services.d/web/run': '#!/bin/sh\nexec web $A\n'}, {folder: 'build/root'});
		expect(services['web']?.exec).toMatchObject({argv: ['/bin/sh', '/etc/services.d/web/run'], cwd: '/etc/services.d/web'});
	});

	test('scripts that call its programs find them, and with-contenv does nothing', () => {
		const tree = {'/etc/services.d/web/run': '#!/usr/bin/with-contenv sh\ns6-envuidgid app web $A\n'};
		const {services, left} = judge(tree, {folder: '/etc/services.d', environment: {PATH: '/bin'}});
		expect(services['web']?.exec.common).toEqual({PATH: '/command:/bin', S6_KEEP_ENV: '1'});
		expect(left).toEqual(['s6-envuidgid of web: its script is run by it, or calls it: keep the programs of s6 in the image']);
		expect(judge({...tree, '/command/s6-envuidgid': ''}, {folder: '/etc/services.d'}).left).toEqual([]);
	});

	test.each([
		['S6_CMD_ARG0', 'write it as the first word of the image\'s CMD'],
		['S6_STAGE2_HOOK', 'write what it runs as a oneshot'],
		['S6_LOGGING', 'write archon: {logging: …} for where all output goes'],
	])('$%s is told of', (name, why) => {
		expect(judge(SERVICE, {folder: '/etc/services.d', environment: {[name]: '1'}}).left).toEqual([`${name}: ${why}`]);
	});

	test('an etc without services is refused', () => {
		expect(judge({'/etc/services.d/README': 'none yet'}, {folder: '/etc/services.d'}).problems[0])
			.toBe('/etc/services.d: there are no services in /etc; they are in services.d or s6-overlay/s6-rc.d there');
	});
});

describe('runit', () => {
	test('check says that it is ready, and finish has -1 for a signal', () => {
		const {services, left} = judge({
			'/etc/sv/web/run': '#!/bin/sh\nexec 2>&1\nexec chpst -u app:staff web\n', '/etc/sv/web/check': '#!/bin/sh\n', '/etc/sv/web/finish': '#!/bin/sh\necho $1\n',
			'/etc/sv/web/control/t': '#!/bin/sh\n',
		}, {folder: '/etc/sv'});
		expect(services['web']).toMatchObject({
			exec: {argv: ['web'], user: {user: 'app', group: 'staff'}}, ready: {probe: {command: ['/etc/sv/web/check']}},
			hooks: {postStop: [{command: ['sh', '-c', expect.stringContaining('"$@" -1 "$n"') as string, 'web', '/bin/sh', '/etc/sv/web/finish']}]},
		});
		expect(left).toEqual(['control of web: write stop_signal and pre_stop for what its scripts do']);
	});
});

describe('whatever there is', () => {
	const LINKS = [
		'exec ', 'cd /srv ', 'umask 027 ', 'export A b ', 'foreground { a } ', 'if { s6-setuidgid app b } ', '"${B:-c}" ', '${p} ', 'importas -D 8 p PORT ', 'define p 80 ',
		's6-setuidgid app ', 's6-notifyoncheck -c "a b" ', 's6-log n3 T /var/log/x ', 'logutil-service /var/log/x ', 'fdmove -c 2 1 ', 'with-contenv ', 'web ', 'a=b ', '$A ', '$1 ',
		'{name} ', '${name} ', '\\x ', '"a b" ', '\'$c {service}\' ', '# note\n', '\n', '2>&1\n', 'exec 2>&1\n', 'export A=b\n', '/run/s6/basedir/bin/halt\n', 's6-svc -d x ',
	];
	const head = fc.constantFrom('#!/bin/sh\n', '#!/bin/sh -e\n', '#!/command/execlineb -P\n', '#!/usr/bin/with-contenv bash\n', '#!/usr/bin/python3\n', '');
	const script = fc.tuple(head, fc.array(fc.constantFrom(...LINKS), {maxLength: 8})).map(([first, links]) => `${first}${links.join('')}web\n`);
	const RC = '/etc/s6-overlay/s6-rc.d';
	const longrun = (name: string) => fc.record({
		[`${RC}/${name}/type`]: fc.constant('longrun\n'), [`${RC}/${name}/run`]: script, [`${RC}/${name}/finish`]: script,
		[`${RC}/${name}/notification-fd`]: fc.constantFrom('3\n', '1\n'), [`${RC}/${name}/timeout-up`]: fc.constantFrom('0\n', '1500\n'),
		[`${RC}/${name}/timeout-kill`]: fc.constantFrom('0\n', '1500\n'), [`${RC}/${name}/down-signal`]: fc.constantFrom('SIGINT\n', '3\n'),
	}, {requiredKeys: [`${RC}/${name}/type`, `${RC}/${name}/run`]});
	const oneshot = fc.record({
		[`${RC}/c/type`]: fc.constant('oneshot\n'), [`${RC}/c/up`]: script, [`${RC}/c/down`]: script, [`${RC}/a/dependencies.d/c`]: fc.constant(''),
	}, {requiredKeys: [`${RC}/c/type`, `${RC}/c/up`]});
	const pipe = fc.constantFrom<Tree>(
		{}, {[`${RC}/b/dependencies`]: 'a\nbase\n'}, {[`${RC}/a/producer-for`]: 'b\n', [`${RC}/b/consumer-for`]: 'a\n', [`${RC}/b/pipeline-name`]: 'p\n'},
		{[`${RC}/g/type`]: 'bundle\n', [`${RC}/g/contents.d/a`]: '', [`${RC}/g/contents.d/b`]: '', [`${RC}/user/contents.d/g`]: ''},
	);
	const scan = fc.record({
		'/etc/services.d/d/run': script, '/etc/services.d/d/log/run': script, '/etc/services.d/d/finish': script, '/etc/services.d/d/down': fc.constant(''),
		'/etc/cont-init.d/1': script, '/etc/cont-init.d/2': script, '/etc/cont-finish.d/1': script,
		'/etc/fix-attrs.d/1': fc.constant('/srv true app 0600 0700\n'),
	}, {requiredKeys: ['/etc/services.d/d/run']});
	/** What spoils it. */
	const mess = fc.dictionary(
		fc.constantFrom(`${RC}/a/run`, `${RC}/c/up`, `${RC}/a/type`, `${RC}/a/dependencies`, `${RC}/user/contents`, `${RC}/a/timeout-up`, '/etc/services.d/d/run'),
		fc.string({maxLength: 30}), {maxKeys: 1},
	);
	const trees = fc.tuple(longrun('a'), longrun('b'), oneshot, pipe, scan, fc.oneof({weight: 4, arbitrary: fc.constant({})}, {weight: 1, arbitrary: mess}))
		.map(parts => Object.assign({}, ...parts) as Tree);

	test('a directory is refused, or comes to what is printed of it', () => {
		let taken = 0;
		fc.assert(fc.property(trees, tree => {
			const around = lookupsOf(tree, {PORT: '80', PATH: '/bin'});
			const source = folderOf(tree, '/etc/services.d');
			const direct = judgeConfig([source], null, around);
			const {yaml} = importConfig([source], around);
			expect(yaml === null).toBe(direct.plan === null);
			if (yaml === null) return;
			taken += 1;
			expect(judgeConfig([{file: 'archon.yaml', text: yaml}], null, around).plan).toEqual(direct.plan);
		}), {numRuns: 300});
		expect(taken).toBeGreaterThan(150);
	});

	test.each<[string, string]>([
		['blocks in blocks', `#!/bin/execlineb -P\n${'if { '.repeat(50_000)}`], ['an endless quote', `#!/bin/execlineb -P\nweb "${'a'.repeat(1_000_000)}`],
		['many words', `#!/bin/execlineb -P\nweb ${'a '.repeat(200_000)}`], ['many links', `#!/bin/execlineb -P\n${'umask 022 '.repeat(50_000)} web`],
		['many lines', `#!/bin/sh\n${'cd /srv\n'.repeat(50_000)}exec web`], ['many calls', `#!/bin/sh\n${'s6-svc -d x; with-contenv '.repeat(20_000)}`],
		['many variables', `#!/bin/execlineb -P\nwith-contenv ${'importas -D 8 p PORT '.repeat(20_000)} web \${p}`],
	])('%s do no harm', (_, run) => {
		const {services, problems} = scanned({run});
		expect(Object.keys(services).length + problems.length).toBe(1);
	});

	test('bundles in circles are flat', () => {
		const {services} = overlaid({
			'user/contents.d/a': '', 'a/type': 'bundle\n', 'a/contents.d/b': '', 'b/type': 'bundle\n', 'b/contents.d/a': '', 'b/contents.d/web': '',
			'web/type': 'longrun\n', 'web/run': PLAIN,
		});
		expect(services['web']?.autostart).toBe(true);
	});
});
