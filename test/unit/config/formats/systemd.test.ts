/** Units of systemd as services: the words of each setting, and whole sites. */
import {describe, expect, test} from 'vitest';
import {systemd} from '../../../../src/config/formats/systemd.ts';
import type {Source} from '../../../../src/config/problems.ts';
import {bare, type Bare} from '../bare.ts';
import {translate as translateAs} from './translate.ts';

const translate = (sources: readonly Source[], files: Readonly<Record<string, string>> = {}) => translateAs(systemd, sources, files);

/** The keys of one service with these settings, and what is told. */
function made(settings: string, name = 'web.service'): {readonly keys: Bare; readonly told: readonly string[]} {
	const text = settings.includes('ExecStart=') ? settings : `${settings}\n[Service]\nExecStart=/bin/x\n`;
	const {config, problems, untranslated} = translate([{file: name, text: text.startsWith('[') ? text : `[Service]\n${text}`}]);
	const services = bare(config.entries.get('services')?.value ?? config) as Record<string, Bare>;
	return {keys: Object.values(services)[0] ?? '', told: [...problems, ...untranslated.map(({key, why}) => `${key}: ${why}`)]};
}

describe('a setting', () => {
	test.each<[string, Bare]>([
		['ExecStart=/bin/a  b\t"c d" \'e "f"\' g\\x20h "\\u"', {command: ['/bin/a', 'b', 'c d', 'e "f"', 'g h', '\\u']}],
		['ExecStart=/bin/a $$X ${A}b', {command: ['/bin/sh', '-c', 'set -f; exec /bin/a "\\$$X" "$${A}b"']}],
		['Environment=A=1 "B=x y"\nExecStart=/bin/a ${A}/$B $B', {command: ['/bin/a', '1/$$B', 'x', 'y'], environment: {A: '1', B: 'x y'}}],
		['Environment=A=1\nEnvironmentFile=/e\nExecStart=/bin/a $A "it\'s ${A}"', {
			command: ['/bin/sh', '-c', 'set -f; exec /bin/a $$A "it\'s $${A}"'], environment: {A: '1'}, env_file: ['/e'],
		}],
		['ExecStart=:/bin/a $X', {command: ['/bin/a', '$$X']}],
		['ExecStart=-/bin/a "b c"', {command: ['/bin/sh', '-c', '/bin/a \'b c\' || :']}],
		['ExecStartPre=/bin/p\nExecStartPre=\nExecStartPre=-/bin/q\nExecStart=/bin/a', {
			command: ['/bin/a'], pre_start: [['/bin/sh', '-c', '/bin/q || :']],
		}],
		['Type=notify-reload\nExecStart=/bin/a', {command: ['/bin/a'], ready: 'notify', reload: 'HUP', start_timeout: '90s'}],
		['ExecReload=/bin/kill -USR2 $MAINPID\nExecStart=/bin/a', {command: ['/bin/a'], reload: 'USR2'}],
		['TimeoutStopSec=1min 30s\nExecStart=/bin/a', {command: ['/bin/a'], stop_grace_period: '90s'}],
		['TimeoutSec=infinity\nExecStart=/bin/a', {command: ['/bin/a'], stop_grace_period: 'unlimited', start_timeout: 'unlimited'}],
		['User=a\nGroup=b\nExecStart=/bin/a', {command: ['/bin/a'], user: 'a:b'}],
		['LimitNOFILE=64K\nLimitCPU=1:2\nExecStart=/bin/a', {command: ['/bin/a'], ulimits: {nofile: '65536', cpu: {soft: '1', hard: '2'}}}],
		['AmbientCapabilities=CAP_NET_BIND_SERVICE\nExecStart=/bin/a', {command: ['/bin/a'], cap_add: ['NET_BIND_SERVICE']}],
		['CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_CHOWN\nExecStart=/bin/a', {command: ['/bin/a'], cap_drop: ['SYS_ADMIN', 'CHOWN']}],
		['EnvironmentFile=-/etc/default/x\nExecStart=/bin/a', {command: ['/bin/a'], env_file: [{path: '/etc/default/x', required: 'false'}]}],
		['StandardOutput=null\nExecStart=/bin/a', {command: ['/bin/a'], logging: 'none'}],
	])('%s', (settings, keys) => {
		const found = made(settings);
		expect(found.told).toEqual([]);
		expect(found.keys).toEqual({restart: 'no', environment_base: 'clean', ...keys as object});
	});

	test.each<[string, Bare]>([
		['Restart=always', {restart: {policy: 'always', delay: '100ms', attempts: '5', window: '10s'}}],
		['Restart=on-failure\nRestartSec=5\n[Unit]\nStartLimitIntervalSec=0', {
			restart: {policy: 'on-failure', delay: '5s', attempts: 'unlimited'}, success_codes: ['0', 'SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'],
		}],
		['Restart=on-success\nType=oneshot', {type: 'oneshot', restart: {policy: 'no', delay: '100ms', attempts: '5', window: '10s'}, restart_on: ['0']}],
	])('%s', (settings, keys) => {
		expect(made(`ExecStart=/bin/a\n${settings}`).keys).toEqual({command: ['/bin/a'], environment_base: 'clean', ...keys as object});
	});

	test.each([
		['Sloppy=1', 'Sloppy: systemd does not know it, or archon does not'],
		['ProtectSystem=full', 'ProtectSystem: what the container may do is for its runtime to say'],
		['WorkingDirectory=~', 'WorkingDirectory: write the home directory of the user'],
		['Type=dbus', 'Type: archon does not look at a bus: the service counts as ready at once'],
		['KillMode=none', 'KillMode: archon leaves no process of a service behind'],
		['ExecStartPre="/bin/a', 'ExecStartPre: a quote is not closed'],
		['[Unit]\nRequires=db.service', 'Requires: db.service is not among the units that were read'],
		['LimitNOFILE=many', 'LimitNOFILE: many is no limit'],
	])('%s is told', (settings, why) => {
		expect(made(`ExecStart=/bin/a\n${settings}`).told).toContain(why);
	});

	test.each([
		['ExecStart=/bin/a', 'a.service:1:1: stands before the first section; write [Service] above it'],
		['[Service]\n  what is this', 'a.service:2:3: is neither a section nor an assignment; write Key=value'],
	])('%j is no unit', (text, problem) => {
		expect(translate([{file: 'a.service', text}]).problems).toEqual([problem]);
	});

	test('specifiers stand for the unit and its instance', () => {
		expect(made('ExecStart=/bin/a %n %N %p %i %I %t %% %H', 'web@a-b.service').keys)
			.toMatchObject({command: ['/bin/a', 'web@a-b.service', 'web@a-b', 'web', 'a-b', 'a/b', '/run', '%', '%H']});
	});

	test('drop-ins and enabled units are found in a directory', () => {
		const files = {
			'/units/web.service': '[Service]\nExecStart=/bin/web\n', '/units/web.service.d/10-user.conf': '[Service]\nUser=app\n',
			'/units/off.service': '[Service]\nExecStart=/bin/off\n', '/units/multi-user.target.wants/web.service': '',
		};
		const names = ['web.service', 'web.service.d', 'off.service', 'multi-user.target.wants'];
		const {config} = translate([{file: '/units', text: '', names}], files);
		expect(bare(config)).toMatchObject({services: {web: {command: ['/bin/web'], user: 'app'}}});
		expect(Object.keys(bare(config.entries.get('services')?.value ?? config))).toEqual(['web']);
	});
});

describe('a timer', () => {
	const SERVICE = '[Service]\nExecStart=/bin/x\n';
	/** What becomes of its service. */
	function scheduled(timer: string, service = SERVICE): {readonly keys: Bare; readonly told: readonly string[]} {
		const {config, problems, untranslated} = translate([
			{file: 'job.service', text: service}, {file: 'job.timer', text: `[Timer]\n${timer}\n[Install]\nWantedBy=timers.target\n`},
		]);
		const {job = ''} = bare(config.entries.get('services')?.value ?? config) as Record<string, Bare>;
		return {keys: job, told: [...problems, ...untranslated.map(({key, why}) => `${key}: ${why}`)]};
	}

	test.each<[string, Bare]>([
		['OnCalendar=daily', {cron: '0 0 * * *'}], ['OnCalendar=weekly\nPersistent=true', {cron: '0 0 * * 1', catch_up: 'once'}],
		['OnCalendar=*-*-* 03:30:00\nRandomizedDelaySec=10min', {cron: '30 3 * * *', jitter: '600s'}],
		['OnCalendar=Mon..Fri 08:00', {cron: '0 8 * * mon-fri'}], ['OnCalendar=Sat,Sun *-*-* 10:00', {cron: '0 10 * * sat,sun'}],
		['OnCalendar=*:0/15', {cron: '*/15 * * * *'}], ['OnCalendar=*-*-01 00:00:00', {cron: '0 0 1 * *'}],
		['OnCalendar=*-12-24 18:00 Europe/Berlin', {cron: '0 18 24 12 *', timezone: 'Europe/Berlin'}],
		['OnCalendar=*-*~01 23:00', {cron: '0 23 L * *'}], ['OnCalendar=8..18/2:05:30 UTC', {cron: '30 5 8-18/2 * * *', timezone: 'UTC'}],
		['OnBootSec=5min\nOnUnitActiveSec=15min\nAccuracySec=1s', {every: '900s'}],
	])('%s', (timer, schedule) => {
		const {keys, told} = scheduled(timer);
		expect(told).toEqual([]);
		expect(keys).toEqual({command: ['/bin/x'], restart: 'no', environment_base: 'clean', type: 'oneshot', schedule});
	});

	test.each<[string, string[]]>([
		['OnCalendar=2026-01-01 00:00', ['OnCalendar: cron has no years']],
		['OnCalendar=Mon *-*-01 00:00', ['OnCalendar: with cron a day of the month and one of the week are either, and not both']],
		['OnCalendar=*-*~03 00:00', ['OnCalendar: cron has no such days']], ['OnCalendar=what ever it is', ['OnCalendar: it cannot be read']],
		['OnCalendar=daily\nOnCalendar=hourly', ['OnCalendar: a schedule has one expression: add a service for each further one']],
		['OnCalendar=daily\nWakeSystem=yes', ['WakeSystem: archon has nothing like it']],
		['OnCalendar=*-02-31 00:00', ['OnCalendar: cron has no words for it: the expression never comes']],
		['OnUnitActiveSec=nonsense', ['OnUnitActiveSec: it is not a time']],
	])('%s is told', (timer, told) => {
		expect(scheduled(timer).told).toEqual(told);
	});

	test('of a daemon is told, and so is one without its service', () => {
		expect(scheduled('OnCalendar=daily', '[Service]\nType=notify\nExecStart=/bin/x\n').told)
			.toEqual(['OnCalendar: what its timer starts is a daemon, which archon only restarts by the clock']);
		const {untranslated} = translate([{file: 'other.service', text: SERVICE}, {file: 'job.timer', text: '[Timer]\nOnCalendar=daily\n'}]);
		expect(untranslated.map(({key, why}) => `${key}: ${why}`)).toEqual(['job.timer: job.service is not read with it']);
	});

	test('what undoes a oneshot runs after its end', () => {
		const {keys} = scheduled('OnCalendar=daily', '[Service]\nType=oneshot\nExecStart=/bin/x\nExecStop=/bin/y\n');
		expect(keys).toMatchObject({type: 'oneshot', post_stop: [['/bin/y']]});
		expect(keys).not.toHaveProperty('down');
	});
});
