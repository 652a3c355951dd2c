/** What a reload makes of each key, found by trying: a config without it, with it, and with another value. */
import {judgeConfig} from '../../src/config/plan.ts';
import type {Lookups} from '../../src/config/planning.ts';
import {SERVICE} from '../../src/config/schema/service.ts';
import {TOP} from '../../src/config/schema/top.ts';
import {changedSettings, type Config} from '../../src/core/config.ts';
import {compare} from '../../src/core/reconfigure.ts';
import {ok} from '../../src/core/result.ts';

/** Two values of each key, as YAML in braces; and other keys of the service that go with it. */
type Sample = readonly [one: string, other: string, more?: string];

export const SERVICE_SAMPLES: Readonly<Record<string, Sample>> = {
	type: ['oneshot', 'daemon'], command: ['[a]', '[b]', 'entrypoint: [x]'], entrypoint: ['[a]', '[b]'], shell: ['true', '/bin/bash'],
	autostart: ['false', 'true'], groups: ['[a]', '[b]'],
	test: ['[a]', '[b]'], only_if: ['{path_exists: /a}', '{path_exists: /b}'], on_failure: ['[other]', '[further]'],
	conflicts: ['[other]', '[further]', 'autostart: false'],
	environment: ['{A: 1}', '{A: 2}'], env_file: ['[/a.env]', '[/b.env]'], env_dir: ['[/a]', '[/b]'],
	env_from: ['[{command: [a]}]', '[{command: [b]}]'], environment_base: ['clean', '[HOME]'], secrets_from_files: ['true', 'false'],
	secrets: ['[one]', '[two]'], configs: ['[one]', '[two]'],
	working_dir: ['/a', '/b'], user: ['"1"', '"2"'], umask: ['"077"', '"027"'], ulimits: ['{nofile: 10}', '{nofile: 20}'], nice: ['1', '2'],
	ionice: ['idle', 'realtime'], oom_score_adj: ['100', '200'], group_add: ['["1"]', '["2"]'], cap_add: ['[KILL]', '[CHOWN]'],
	cap_drop: ['[KILL]', '[CHOWN]'], no_new_privileges: ['true', 'false'], security_opt: ['["no-new-privileges:true"]', '[]'],
	cgroup: ['a', 'b'], cpuset: ['"0"', '"1"'], cpus: ['1', '2'], cpu_shares: ['100', '200'], mem_limit: ['64m', '128m'],
	mem_reservation: ['64m', '128m'], memswap_limit: ['64m', '128m', 'mem_limit: 32m'], pids_limit: ['10', '20'],
	tty: ['true', 'false'], stdin_open: ['true', 'false'],
	logging: ['json', 'none'], stdout: ['/tmp/a', '/tmp/b'], stderr: ['/tmp/a', '/tmp/b'],
	runtime_directory: ['a', 'b'], runtime_directory_preserve: ['true', 'false', 'runtime_directory: a'], state_directory: ['a', 'b'],
	cache_directory: ['a', 'b'], logs_directory: ['a', 'b'], clean: ['[/tmp/a]', '[/tmp/b]'],
	depends_on: ['[other]', '[further]'], wants: ['[other]', '[further]'], after: ['[other]', '[further]'], before: ['[last]', '[]'],
	links: ['[other]', '[further]'], ready: ['notify', '{tcp: "1"}'], start_period: ['1s', '2s'], start_timeout: ['1s', '2s'],
	pre_start: ['[[a]]', '[[b]]'], post_start: ['[[a]]', '[[b]]'], healthcheck: ['{test: [CMD, a]}', '{test: [CMD, b]}'],
	watchdog: ['1s', '2s'], reload: ['HUP', 'USR1'], restart: ['on-failure', 'unless-stopped'],
	schedule: ['"@daily"', '{every: 5m}', 'type: oneshot'], success_codes: ['[1]', '[2]'],
	restart_on: ['[1]', '[2]'], fatal_codes: ['[1]', '[2]'], on_failed: ['shutdown', 'stay'], essential: ['true', 'false'],
	pre_stop: ['[[a]]', '[[b]]'], post_stop: ['[[a]]', '[[b]]'], down: ['[[a]]', '[[b]]', 'type: oneshot'], stop_signal: ['INT', 'HUP'],
	stop_grace_period: ['1s', '2s'], stop_to: ['group', 'main'], kill_mode: ['group', 'main'], pid_file: ['/run/a', '/run/b'],
	sockets: ['[8080]', '[8081]'], accept: ['lazy', 'eager', 'sockets: [8080]'],
	idle_timeout: ['1m', '2m', 'sockets: [8080], accept: lazy'], fd_store_max: ['1', '0'],
	watch: ['/a', '{path: /a, action: reload}'], control: ['operate', '{role: operate, services: [other]}'], labels: ['[a]', '[b]'],
	on: ['{failed: [restart]}', '{failed: [alert]}'],
	ports: ['[{name: a}]', '[{name: b}]'],
};

/** At the top of a config. `services` are told of key by key. */
export const TOP_SAMPLES: Readonly<Record<string, Sample>> = {
	environment: ['{A: 1}', '{A: 2}'], groups: ['{a: [web]}', '{b: [web]}'], archon: ['{log_level: warn}', '{log_level: error}'],
	shutdown: ['{grace_period: 20s}', '{grace_period: 30s}'], start_rate: ['5', '6'], signals: ['{USR1: reload}', '{USR1: reopen}'],
	access: ['[{user: 1, role: observe}]', '[{user: 1, role: operate}]'],
	remote: ['{listen: "127.0.0.1:1", token_file: /a}', '{listen: "127.0.0.1:2", token_file: /a}'],
	manifest: ['{file: /a}', '{file: /b}'],
	monitor: ['[{match: {exe: /a}}]', '[{match: {exe: /b}}]'],
	sync: ['{source: "http://a/", dest: /a}', '{source: "http://b/", dest: /a}'],
	rules: ['{lua: /a.lua}', '{lua: /b.lua}'],
	web: ['{listen: "127.0.0.1:1"}', '{listen: "127.0.0.1:2"}'],
	alerts: ['{receivers: {mail: a@b}}', '{receivers: {mail: c@d}}'],
	pools: ['{app: {command: x, plan: {a: {}}}}', '{app: {command: x, plan: {b: {}}}}'],
	watch_config: ['true', '1s'], on: ['{failed: [restart]}', '{failed: [alert]}'], name: ['a', 'b'], version: ['"2"', '"3"'],
	boot: ['{rc: /a}', '{rc: /b}'],
	ports: ['{range: 20000-20001}', '{range: 20000-20002}'],
	bind: ['{rules: [{service: web, port: 1}]}', '{rules: [{service: web, port: 2}]}'],
};

/** Keys of which nothing can be shown in this way, and what a reload makes of them. */
export const IN_WORDS: Readonly<Record<string, string>> = {
	include: 'what is included is compared as if it were written there', extends: 'the same of what is extended',
	services: 'one by one', scale: 'instances start and stop, the others keep their processes', profiles: 'services come and go',
	'secrets (top)': 'of the services that have one of them', 'configs (top)': 'the same',
};

const lookups: Lookups = {
	environment: {}, dotenv: {}, profiles: [], directory: () => '/', formats: new Map(),
	readYaml: () => { throw new Error('all samples are plain'); },
	createExpand: () => value => value,
	readConfig: file => ok({file, text: ''}), readFile: file => ok({file, text: `FROM=${file}`}), listFolder: () => ok(['X']),
	findUser: () => ok(null),
};

function planned(top: string, service: string): Config {
	const others = ['other', 'further', 'last'].map(name => `  ${name}: {command: ${name}}\n`).join('');
	const text = `${top}\nservices:\n  web: ${service}\n${others}`;
	const {plan, problems} = judgeConfig([{file: '/archon.yaml', text}], null, lookups);
	if (!plan) throw new Error(`${text}: ${problems.map(({message}) => message).join('; ')}`);
	return plan;
}

/** What becomes of the process of `web`, in words. */
function fate(before: Config, after: Config): string {
	const {restarted, updated} = compare(before.services, after.services);
	if (restarted.includes('web')) return 'restarted';
	const isKnown = updated.length > 0 || changedSettings(before, after).length > 0;
	return restarted.length > 0 ? 'restarted' : isKnown ? 'kept' : 'nothing';
}

/** What `secrets` and `configs` of a service may name. */
const FILES = 'secrets: {one: {file: /a}, two: {file: /b}}\nconfigs: {one: {file: /a}, two: {file: /b}}';

export type Fates = readonly [added: string, removed: string, changed: string];

/** A service has a command, unless it is told of that itself. */
function serviceWith(key: string, value: string | null, more: string): string {
	const isOwn = key === 'command' || (key === 'entrypoint' && value !== null);
	const keys = [isOwn ? '' : 'command: x', more, value === null ? '' : `${key}: ${value}`];
	return `{${keys.filter(each => each !== '').join(', ')}}`;
}

/** What a reload does where a service's key is added, removed, or has another value. */
export function fatesOf(key: string, [one, other, more = '']: Sample): Fates {
	const made = (value: string | null): Config => planned(FILES, serviceWith(key, value, more));
	const [without, first, second] = [made(null), made(one), made(other)];
	return [fate(without, first), fate(first, without), fate(first, second)];
}

export function topFatesOf(key: string, [one, other]: Sample): Fates {
	const made = (value: string | null): Config => planned(value === null ? '' : `${key}: ${value}`, '{command: x}');
	const [without, first, second] = [made(null), made(one), made(other)];
	return [fate(without, first), fate(first, without), fate(first, second)];
}

const WORDS: Readonly<Record<string, string>> = {
	restarted: 'the process is started again', kept: 'holds at once, or at the next start; the process stays', nothing: 'nothing changes',
};

export function reloadTable(): string {
	const rows = [
		...Object.keys(SERVICE.keys).filter(key => !(key in IN_WORDS)).map(key => [key, fatesOf(key, sampleOf(SERVICE_SAMPLES, key))] as const),
		...Object.keys(TOP.keys).filter(key => !(key in IN_WORDS) && !(`${key} (top)` in IN_WORDS))
			.map(key => [`${key} (top)`, topFatesOf(key, sampleOf(TOP_SAMPLES, key))] as const),
	];
	const told = (fates: Fates): string => {
		const [added, removed, changed] = fates.map(each => WORDS[each] ?? each);
		if (added === removed && removed === changed) return added ?? '';
		return `added: ${added}; removed: ${removed}; changed: ${changed}`;
	};
	const groups = Map.groupBy(rows, ([, fates]) => told(fates));
	return [
		'| what a reload does | where one of these keys is added, removed or changed |', '| --- | --- |',
		...[...groups].map(([words, same]) => `| ${words} | ${same.map(([key]) => `\`${key}\``.replace(' (top)`', '` (top)')).join(', ')} |`),
	].join('\n');
}

function sampleOf(samples: Readonly<Record<string, Sample>>, key: string): Sample {
	const sample = samples[key];
	if (!sample) throw new Error(`scripts/docs/reloads.ts: ${key} has no sample`);
	return sample;
}
