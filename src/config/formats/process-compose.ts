/** process-compose.yaml: processes with shell commands, availability, probes and dependencies. */
import type {ForeignFormat, Untranslated} from '../planning.ts';
import type {Place} from '../problems.ts';
import type {Mapping, Scalar, Value} from '../values.ts';
import {fieldsOf, type Fields} from './fields.ts';
import {faultIn, scheduleOf} from './schedules.ts';
import {list, literal, map, merge, word, written} from './translation.ts';

export const processCompose: ForeignFormat = {
	name: 'a process-compose file',
	translate(inputs, _lookups, report) {
		const untranslated: Untranslated[] = [];
		const services = new Map<string, Mapping>();
		const groups = new Map<string, Value[]>();
		const [{source} = {source: {file: '', text: ''}}] = inputs;
		const at = {source, offset: 0};
		const root = inputs.flatMap(({root}) => root ?? []).reduce(merge, map(at, {}));
		const file = fieldsOf(root.kind === 'map' ? root : map(at, {}), '', report);
		const whole: Whole = {
			shell: shellOf(file.map('shell')), variables: file.map('vars'), hasDollar: !file.flag('disable_env_expansion'),
		};
		for (const [name, process] of file.maps('processes')) {
			const tell = (at: Place, key: string, why: string): void => void untranslated.push({at, key, service: name, why});
			services.set(name, translateProcess(process, whole, tell));
			const namespace = process.text('namespace');
			if (namespace) groups.set(namespace.text, [...groups.get(namespace.text) ?? [], word(namespace, name)]);
			for (const [key, entry] of process.left()) if (REASONS[key] !== null) tell(entry.key, key, REASONS[key] ?? UNKNOWN);
		}
		const top = topOf(file, whole);
		for (const key of MEANINGLESS) file.any(key);
		for (const [key, entry] of file.left()) untranslated.push({at: entry.key, key, service: null, why: TOP_REASONS[key] ?? UNKNOWN});
		const grouped = new Map([...groups].filter(([name]) => !services.has(name)).map(([name, members]) => [name, list(at, members)]));
		return {
			config: map(at, {...top, groups: grouped.size > 0 ? map(at, grouped) : undefined, services: map(at, services)}), untranslated,
		};
	},
};

const UNKNOWN = 'process-compose does not know it, or archon does not';

/** Of a process; null: it changes nothing. */
const REASONS: Readonly<Record<string, string | null>> = {
	description: null, disable_ansi_colors: 'archon leaves colours as they are', is_elevated: 'write user: root',
	watch: 'write watch: [{path: …}] in the service',
	vars: 'write the values where they are used', monitor_for: 'archon does not look at the output for it',
};

const MEANINGLESS = ['version', 'log_level', 'log_length', 'log_format', 'is_strict', 'is_tui_disabled', 'disable_env_expansion'] as const;

const TOP_REASONS: Readonly<Record<string, string>> = {
	extends: 'give both files, the extended one first', env_cmds: 'write env_from in the services',
	mcp_server: 'archon speaks its own protocol', mcp: 'archon speaks its own protocol',
};

/** What holds for all processes of a file. */
interface Whole {
	readonly shell: readonly string[];
	readonly variables: Fields | undefined;
	/** Whether `$NAME` stands for a variable. */
	readonly hasDollar: boolean;
}

const shellOf = (shell: Fields | undefined): readonly string[] =>
	[shell?.text('shell_command')?.text ?? 'bash', shell?.text('shell_argument')?.text ?? '-c'];

/** A text with its `{{.NAME}}` put in. */
function textOf(from: Scalar, {variables, hasDollar}: Whole): Scalar {
	const filled = from.text.replaceAll(/\{\{ *\.(\w+) *\}\}/g, (whole, name: string) => variables?.text(name)?.text ?? whole);
	return hasDollar ? written(from, filled) : literal(from, filled);
}

function topOf(file: Fields, whole: Whole): Readonly<Record<string, Value>> {
	const variables = file.variables('environment');
	const logging = fileLogging(file, whole);
	return {
		...variables ? {environment: map(file.at, new Map([...variables].map(([name, value]) => [name, textOf(value, whole)])))} : {},
		...logging ? {archon: map(file.at, {logging})} : {},
	};
}

/** By an expression or an interval, and whether also with archon. */
function scheduleFor(from: Fields | undefined, tell: Tell): {readonly value: Value; readonly isAtStart: boolean} | undefined {
	if (!from) return undefined;
	const [cron, interval, zone, most] = [from.text('cron'), from.text('interval'), from.text('timezone'), from.text('max_concurrent')];
	const isAtStart = from.flag('run_on_start');
	if (most && Number(most.text) > 1) tell(most, 'schedule.max_concurrent', 'archon runs one at a time');
	for (const [key, entry] of from.left()) tell(entry.key, `schedule.${key}`, UNKNOWN);
	const fault = cron ? faultIn(cron.text) : null;
	if (cron && fault !== null) tell(cron, 'schedule', fault);
	if (cron && fault === null) {
		return {value: scheduleOf(cron, {cron: cron.text}, {timezone: zone && word(zone, zone.text)}), isAtStart};
	}
	return interval && !cron ? {value: scheduleOf(interval, {every: interval.text}), isAtStart} : undefined;
}

function translateProcess(from: Fields, whole: Whole, tell: Tell): Mapping {
	const {at} = from;
	const command = from.text('command');
	const entrypoint = from.list('entrypoint')?.flatMap(item => (item.kind === 'scalar' ? [textOf(item, whole)] : []));
	const variables = from.variables('environment');
	const replicas = from.text('replicas');
	const own = [...variables ?? []].map(([name, value]): [string, Value] => [name, textOf(value, whole)]);
	if (replicas) own.push(['PC_REPLICA_NUM', written(replicas, '{instance}')]);
	const directory = from.text('working_dir');
	const line = from.text('ready_log_line');
	const isDaemon = from.flag('is_daemon');
	const isForeground = from.flag('is_foreground');
	const scheduled = scheduleFor(from.map('schedule'), tell);
	return map(at, {
		...isDaemon ? {type: word(at, 'forking')} : scheduled ? {type: word(at, 'oneshot')} : {},
		command: entrypoint && entrypoint.length > 0 ? list(at, entrypoint)
		: command && list(command, [...whole.shell.map(each => literal(command, each)), textOf(command, whole)]),
		...from.flag('disabled') || isForeground ? {autostart: word(at, false)} : scheduled?.isAtStart ? {autostart: word(at, true)} : {},
		...isForeground ? {stdin_open: word(at, true)} : {},
		...from.flag('is_tty') ? {tty: word(at, true)} : {},
		scale: replicas && word(replicas, replicas.text),
		schedule: scheduled?.value,
		environment: own.length > 0 ? map(at, new Map(own)) : undefined,
		working_dir: directory && textOf(directory, whole),
		depends_on: dependenciesOf(from, tell),
		...probesOf(from, line, whole),
		...availabilityOf(from.map('availability'), at, tell),
		...shutdownOf(from.map('shutdown'), at, whole),
		start_timeout: seconds(from.text('launch_timeout_seconds')),
		logging: fileLogging(from, whole),
	});
}

type Tell = (at: Place, key: string, why: string) => void;

const seconds = (from: Scalar | undefined): Scalar | undefined => from && word(from, `${from.text}s`);

const CONDITIONS: Readonly<Record<string, string>> = {
	process_started: 'service_started', process_healthy: 'service_healthy', process_log_ready: 'service_healthy',
	process_completed_successfully: 'service_completed_successfully', process_completed: 'service_completed_successfully',
};

function dependenciesOf(from: Fields, tell: Tell): Value | undefined {
	const needs = new Map([...from.maps('depends_on')].map(([name, terms]) => {
		const written = terms.text('condition');
		const condition = CONDITIONS[written?.text ?? 'process_started'];
		if (written && condition === undefined) tell(written, 'condition', `process-compose has no ${written.text}`);
		// However it ends: this one starts then.
		const mayFail = written?.text === 'process_completed' ? {required: word(written, false)} : {};
		return [name, map(terms.at, {condition: word(written ?? terms.at, condition ?? 'service_started'), ...mayFail})] as const;
	}));
	return needs.size > 0 ? map(from.at, needs) : undefined;
}

/** The liveness probe is what archon repeats; a readiness probe beside it says when it is ready. */
function probesOf(from: Fields, line: Scalar | undefined, whole: Whole): Readonly<Record<string, Value | undefined>> {
	const [live, ready] = [from.map('liveness_probe'), from.map('readiness_probe')];
	const log = line && map(line, {log: literal(line, line.text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))});
	if (!live) return {ready: log, healthcheck: ready && probe(ready, whole, {})};
	const first = ready && map(ready.at, {
		...methodOf(ready, whole, 'exec'), interval: seconds(ready.text('period_seconds')) ?? word(ready.at, '10s'),
		timeout: seconds(ready.text('timeout_seconds')) ?? word(ready.at, '1s'),
	});
	return {ready: log ?? first, healthcheck: probe(live, whole, {on_unhealthy: word(live.at, 'restart')})};
}

const probe = (from: Fields, whole: Whole, more: Readonly<Record<string, Value>>): Mapping => map(from.at, {
	...methodOf(from, whole, 'test'),
	interval: seconds(from.text('period_seconds')) ?? word(from.at, '10s'),
	timeout: seconds(from.text('timeout_seconds')) ?? word(from.at, '1s'),
	retries: from.text('failure_threshold'),
	success_threshold: from.text('success_threshold'),
	start_period: seconds(from.text('initial_delay_seconds')),
	...more,
});

function methodOf(from: Fields, whole: Whole, key: 'exec' | 'test'): Readonly<Record<string, Value | undefined>> {
	const [exec, http] = [from.map('exec'), from.map('http_get') ?? from.map('http')];
	const command = exec?.text('command');
	if (command) {
		const shell = list(command, [...whole.shell.map(each => literal(command, each)), textOf(command, whole)]);
		return {[key]: key === 'exec' ? shell : list(command, [word(command, 'CMD'), ...shell.items])};
	}
	if (!http) return {};
	const [port, status] = [http.text('port'), http.text('status_code')];
	const host = http.text('host')?.text ?? '127.0.0.1';
	const path = http.text('path')?.text ?? '/';
	const text = `${http.text('scheme')?.text ?? 'http'}://${host}${port ? `:${port.text}` : ''}${path.startsWith('/') ? path : `/${path}`}`;
	const url = textOf({...http.at, kind: 'scalar', text, plain: false}, whole);
	return {http: status ? map(http.at, {url, status: word(status, status.text)}) : url};
}

/** process-compose counts for ever; the longest time that archon counts is a week. */
const ALWAYS = '168h';

function availabilityOf(from: Fields | undefined, at: Place, tell: Tell): Readonly<Record<string, Value | undefined>> {
	const when = from?.text('restart');
	const policy = when?.text ?? 'no';
	const [pause, most] = [from?.text('backoff_seconds'), from?.text('max_restarts')];
	if (from?.flag('exit_on_skipped')) tell(from.at, 'exit_on_skipped', 'a service that cannot start does not end the container');
	const ends = {
		...from?.flag('exit_on_end') ? {essential: word(from.at, true)} : {},
		...policy === 'exit_on_failure' ? {on_failed: word(when ?? at, 'shutdown')} : {},
	};
	if (policy === 'no' || policy === 'exit_on_failure') return {restart: literal(when ?? at, 'no'), ...ends};
	const isLimited = most && most.text !== '0';
	return {
		restart: map(when ?? at, {
			policy: word(when ?? at, policy === 'always' ? 'always' : 'on-failure'),
			delay: seconds(pause) ?? word(at, '1s'),
			attempts: word(most ?? at, isLimited ? most.text : 'unlimited'),
			...isLimited ? {window: word(most, ALWAYS), reset_after: word(most, ALWAYS)} : {},
		}),
		...ends,
	};
}

function shutdownOf(from: Fields | undefined, at: Place, whole: Whole): Readonly<Record<string, Value | undefined>> {
	const command = from?.text('command');
	return {
		pre_stop: command && list(command, [list(command, [...whole.shell.map(each => literal(command, each)), textOf(command, whole)])]),
		stop_signal: from?.text('signal'),
		stop_grace_period: seconds(from?.text('timeout_seconds')) ?? word(at, '10s'),
		...from?.flag('parent_only') ? {} : {stop_to: word(at, 'group')},
	};
}

/** A file beside the usual way of the lines. */
function fileLogging(from: Fields, whole: Whole): Value | undefined {
	const location = from.text('log_location');
	const rotation = from.map('log_configuration')?.map('rotation');
	if (!location) return undefined;
	const path = textOf({...location, text: location.text.replaceAll('{PC_REPLICA_NUM}', '{instance}')}, whole);
	const [size, days] = [rotation?.text('max_size_mb'), rotation?.text('max_age_days')];
	const options = map(location, {
		path, 'max-size': size && word(size, `${size.text}m`), 'max-file': rotation?.text('max_backups'),
		'max-age': days && word(days, `${days.text}d`), compress: rotation?.flag('compress') ? word(location, 'gzip') : undefined,
	});
	return map(location, {drivers: list(location, [word(location, 'prefix'), map(location, {driver: word(location, 'file'), options})])});
}
