/** One service of systemd, with the units it names, as a service of archon's: systemd.service(5), systemd.unit(5). */
import type {Untranslated} from '../../planning.ts';
import type {Mapping, Value} from '../../values.ts';
import {list, literal, map, word} from '../translation.ts';
import {duration, isYes, RULES, textOf, wordsOf, type Translating} from './keys.ts';
import {isAmbient, reasonFor} from './meanings.ts';
import {all, last, serviceName, type Setting, type Unit} from './unit.ts';
import {readExec, toCommand, toSequence, type ExecLine} from './words.ts';

/** The services that are translated together, by the names of their units. */
export type Others = ReadonlyMap<string, Unit>;

/** Keys that are read together, or that the settings below look at. */
const COMPOSITE: ReadonlySet<string> = new Set([
	...[
		'Type', 'RemainAfterExit', 'User', 'Group', 'StandardOutput', 'StandardError', 'Restart', 'RestartSec', 'RestartSteps',
		'RestartMaxDelaySec', 'ExecStart', 'ExecStartPre', 'ExecStartPost', 'ExecReload', 'ExecStop', 'ExecStopPost', 'ExecCondition',
		'ConfigurationDirectory', 'RuntimeDirectoryPreserve', 'IOSchedulingPriority', 'CPUAffinity', 'CPUQuota', 'MemoryMax', 'MemoryLimit',
		'TasksMax',
	].map(key => `Service.${key}`),
	...['StartLimitBurst', 'StartLimitIntervalSec', 'StartLimitInterval'].flatMap(key => [`Unit.${key}`, `Service.${key}`]),
	...['After', 'Before', 'Requires', 'Requisite', 'BindsTo', 'Wants', 'PartOf', 'OnFailure', 'Conflicts'].map(key => `Unit.${key}`),
	...['RuntimeDirectory', 'StateDirectory', 'CacheDirectory', 'LogsDirectory'].flatMap(key => [`Service.${key}`, `Service.${key}Mode`]),
	'Unit.ConditionPathExists', 'Unit.ConditionEnvironment',
]);

export function translateService(
	unit: Unit, name: string, others: Others,
): {readonly config: Mapping; readonly untranslated: readonly Untranslated[]} {
	const untranslated: Untranslated[] = [];
	const tell = (at: Setting, why: string): void =>
		void untranslated.push({at, key: at.key.replace(/^[^.]*\./, ''), service: name, why});
	const keys = new Map<string, Value>();
	const translating: Translating = {unit, keys, tell};
	translateType(translating);
	translateCommands(translating);
	translateUser(translating);
	for (const key of new Set(unit.settings.map(setting => setting.key))) {
		const setting = last(unit, key);
		if (!setting || COMPOSITE.has(key)) continue;
		const rule = RULES[key];
		const limit = /^Service\.Limit([A-Z]+)$/.exec(key)?.[1];
		if (rule) rule(translating, setting);
		else if (limit === undefined) tellOther(tell, key, setting);
	}
	translateLimits(translating);
	translateDirectories(translating);
	translateResources(translating);
	translateRestart(translating);
	translateOutput(translating);
	translateEdges(translating, others);
	translateConditions(translating);
	// As a unit of the system has it, and what PassEnvironment= adds.
	const base = keys.get('environment_base');
	keys.set('environment_base', base?.kind === 'list'
		? list(base, [...['PATH', 'TERM'].map(each => word(base, each)), ...base.items]) : word(unit.at, 'clean'));
	return {config: map(unit.at, keys), untranslated};
}

function tellOther(tell: Translating['tell'], key: string, setting: Setting): void {
	const why = reasonFor(key);
	if (why !== null) tell(setting, why ?? 'systemd does not know it, or archon does not');
}

/** Types that need no word are daemons of the usual kind; `notify` reports, `forking` leaves its daemon behind. */
function translateType({unit, keys, tell}: Translating): void {
	const type = last(unit, 'Service.Type');
	const hasCommand = last(unit, 'Service.ExecStart') !== undefined;
	const kind = type?.value ?? (hasCommand ? 'simple' : 'oneshot');
	const at = type ?? unit.at;
	if (kind === 'oneshot') keys.set('type', word(at, 'oneshot'));
	else if (kind === 'notify' || kind === 'notify-reload') keys.set('ready', word(at, 'notify'));
	else if (kind === 'forking') keys.set('type', word(at, 'forking'));
	else if (type && kind === 'dbus') tell(type, 'archon does not look at a bus: the service counts as ready at once');
	else if (type && !['simple', 'exec', 'idle'].includes(kind)) tell(type, `${kind} is no type that systemd has`);
	if (kind === 'notify-reload') keys.set('reload', word(at, 'HUP'));
	const remains = last(unit, 'Service.RemainAfterExit');
	if (remains && isYes(remains) && kind !== 'oneshot') tell(remains, 'only a oneshot counts as up when it has exited');
	// systemd waits this long for what reports or forks; all else is up at once.
	if (keys.has('ready') || kind === 'forking') keys.set('start_timeout', word(at, '90s'));
}

/** Variables that are sure to be what the unit says: none if a file may override them. */
function knownVariables(unit: Unit): ReadonlyMap<string, string> | null {
	if (last(unit, 'Service.EnvironmentFile') || last(unit, 'Service.PassEnvironment')) return null;
	return new Map(wordsOf(unit, 'Service.Environment').flatMap(([each]) => {
		const equals = each.indexOf('=');
		return equals > 0 ? [[each.slice(0, equals), each.slice(equals + 1)] as const] : [];
	}));
}

function translateCommands(translating: Translating): void {
	const {unit, keys, tell} = translating;
	const known = knownVariables(unit);
	const linesOf = (key: string): readonly (readonly [ExecLine, Setting])[] => all(unit, `Service.${key}`).flatMap(setting => {
		const lines = readExec(textOf(unit, setting));
		if (!lines) tell(setting, 'a quote is not closed');
		return (lines ?? []).map(line => {
			if (line.alias !== null) tell(setting, `the program sees its own name instead of ${line.alias}`);
			return [line, setting] as const;
		});
	});
	const hooksOf = (lines: readonly (readonly [ExecLine, Setting])[]): readonly Value[] => lines.map(([line, at]) => {
		const command = toCommand(at, line, known);
		return line.isPrivileged ? map(at, {command, user: word(at, 'root')}) : command;
	});
	const setHooks = (key: string, hooks: readonly Value[]): void => {
		if (hooks[0]) keys.set(key, list(hooks[0], hooks));
	};
	const starts = linesOf('ExecStart');
	// Those of a oneshot run one after the other.
	setHooks('pre_start', [...hooksOf(linesOf('ExecStartPre')), ...hooksOf(starts.slice(0, -1))]);
	const [line, at] = starts.at(-1) ?? [null, null];
	if (line) {
		keys.set('command', toCommand(at, line, known));
		if (line.isPrivileged && last(unit, 'Service.User')) tell(at, 'the command runs as the user of the service, not with all rights');
	} else {
		keys.set('command', list(unit.at, [word(unit.at, '/bin/true')]));
	}
	setHooks('post_start', hooksOf(linesOf('ExecStartPost')));
	const [reload, ...more] = linesOf('ExecReload');
	if (reload) keys.set('reload', reloadOf(reload, more, known));
	setHooks(keys.get('type')?.kind === 'scalar' && isOneshot(keys) ? 'down' : 'pre_stop', hooksOf(linesOf('ExecStop')));
	setHooks('post_stop', hooksOf(linesOf('ExecStopPost')));
	const [condition] = linesOf('ExecCondition');
	if (condition) keys.set('only_if', map(condition[1], {command: toCommand(condition[1], condition[0], known)}));
}

const isOneshot = (keys: ReadonlyMap<string, Value>): boolean => {
	const type = keys.get('type');
	return type?.kind === 'scalar' && type.text === 'oneshot';
};

/** `kill -HUP $MAINPID` alone is a signal. Of several commands each runs if the one before it succeeded. */
function reloadOf(
	[line, at]: readonly [ExecLine, Setting], rest: readonly (readonly [ExecLine, Setting])[], known: ReadonlyMap<string, string> | null,
): Value {
	if (rest.length > 0) return map(at, {command: toSequence(at, [line, ...rest.map(([each]) => each)])});
	const [program = '', first = '', second = '', third = ''] = line.words;
	const isKill = /(?:^|\/)kill$/.test(program) && ['$MAINPID', '${MAINPID}'].includes(line.words.at(-1) ?? '');
	const signal = first === '-s' ? second : /^-(?:SIG)?[A-Z0-9]+$/.test(first) ? first.slice(1) : null;
	if (isKill && signal !== null && (third === '' || first === '-s')) return word(at, signal);
	return map(at, {command: toCommand(at, line, known)});
}

function translateUser({unit, keys}: Translating): void {
	const [user, group] = [last(unit, 'Service.User'), last(unit, 'Service.Group')];
	if (!user && !group) return;
	const name = user ? textOf(unit, user) : 'root';
	const at = user ?? group ?? unit.settings[0];
	if (at) keys.set('user', literal(at, group ? `${name}:${textOf(unit, group)}` : name));
}

/** `LimitNOFILE=1024:524288`, `infinity`, and bytes with K, M, G (systemd.exec(5)). */
function translateLimits({unit, keys, tell}: Translating): void {
	const limits = new Map<string, Value>();
	for (const {key} of unit.settings) {
		const name = /^Service\.Limit([A-Z]+)$/.exec(key)?.[1]?.toLowerCase();
		const setting = name === undefined ? undefined : last(unit, key);
		if (name === undefined || !setting || limits.has(name)) continue;
		const [soft = null, hard = soft] = setting.value.split(':').map(limitOf);
		if (soft === null || hard === null) tell(setting, `${setting.value} is no limit`);
		else limits.set(name, soft === hard ? word(setting, soft) : map(setting, {soft: word(setting, soft), hard: word(setting, hard)}));
	}
	const [first] = limits.values();
	if (first) keys.set('ulimits', map(first, limits));
}

function limitOf(text: string): string | null {
	if (text === 'infinity') return 'unlimited';
	const [, number, unit = ''] = /^(\d+)([KMGTPE]?)$/.exec(text) ?? [];
	return number === undefined ? null : String(Number(number) * 1024 ** ['', ...'KMGTPE'].indexOf(unit));
}

/** Directories that are made before the start. */
function translateDirectories({unit, keys, tell}: Translating): void {
	for (const [theirs, ours] of DIRECTORIES) {
		const names = wordsOf(unit, `Service.${theirs}`);
		const [first] = names;
		if (!first) continue;
		const mode = last(unit, `Service.${theirs}Mode`);
		const permissions = /^0*[0-7]?([0-7]{3})$/.exec(mode?.value ?? '')?.[1];
		if (mode && permissions !== mode.value.replace(/^0+(?=...)/, '')) tell(mode, 'archon sets the permissions, and no setgid or sticky bit');
		const path = list(first[1], names.map(([name, at]) => literal(at, name.replace(/:.*$/, ''))));
		keys.set(ours, mode && permissions !== undefined
			? list(path, path.items.map(item => map(item, {path: item, mode: word(mode, `0${permissions}`)}))) : path);
	}
	const preserve = last(unit, 'Service.RuntimeDirectoryPreserve');
	if (preserve && preserve.value !== 'no') keys.set('runtime_directory_preserve', word(preserve, true));
	const configuration = last(unit, 'Service.ConfigurationDirectory');
	if (configuration) tell(configuration, 'archon makes no directory in /etc');
}

const DIRECTORIES = [
	['RuntimeDirectory', 'runtime_directory'], ['StateDirectory', 'state_directory'], ['CacheDirectory', 'cache_directory'],
	['LogsDirectory', 'logs_directory'],
] as const;

/** systemd.resource-control(5) in the words of compose. */
function translateResources({unit, keys, tell}: Translating): void {
	const affinity = last(unit, 'Service.CPUAffinity');
	if (affinity) keys.set('cpuset', word(affinity, affinity.value.trim().replaceAll(/[\s,]+/g, ',')));
	const quota = last(unit, 'Service.CPUQuota');
	if (quota) keys.set('cpus', word(quota, Number.parseFloat(quota.value) / 100));
	const memory = last(unit, 'Service.MemoryMax') ?? last(unit, 'Service.MemoryLimit');
	if (memory?.value.endsWith('%')) tell(memory, 'write an amount');
	else if (memory && memory.value !== 'infinity') keys.set('mem_limit', word(memory, memory.value.toLowerCase()));
	const tasks = last(unit, 'Service.TasksMax');
	if (tasks?.value.endsWith('%')) tell(tasks, 'write a number');
	else if (tasks && tasks.value !== 'infinity') keys.set('pids_limit', word(tasks, tasks.value));
}

/** Signals after which systemd takes a daemon's exit for a clean one. */
const CLEAN_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'];
/** Those that `on-abort` and `on-abnormal` restart after. */
const UNCLEAN_SIGNALS = ['ABRT', 'ALRM', 'BUS', 'FPE', 'ILL', 'KILL', 'QUIT', 'SEGV', 'SYS', 'TRAP', 'USR1', 'USR2', 'XCPU', 'XFSZ'];

function translateRestart({unit, keys, tell}: Translating): void {
	const setting = last(unit, 'Service.Restart');
	const when = setting?.value ?? 'no';
	const at = setting ?? unit.at;
	const [delay, burst] = [last(unit, 'Service.RestartSec'), last(unit, 'Unit.StartLimitBurst') ?? last(unit, 'Service.StartLimitBurst')];
	const windows = ['Unit.StartLimitIntervalSec', 'Unit.StartLimitInterval', 'Service.StartLimitInterval'];
	const [window] = windows.flatMap(key => last(unit, key) ?? []);
	const [steps, longest] = [last(unit, 'Service.RestartSteps'), last(unit, 'Service.RestartMaxDelaySec')];
	if (steps && !longest) tell(steps, 'there is no RestartMaxDelaySec');
	if (when === 'no') {
		keys.set('restart', literal(at, 'no'));
		return;
	}
	if (when === 'on-failure' || when === 'on-success') {
		const success = keys.get('success_codes');
		const codes = success?.kind === 'list' ? success.items : [word(at, '0')];
		if (!isOneshot(keys)) keys.set('success_codes', list(at, [...codes, ...CLEAN_SIGNALS.map(signal => word(at, signal))]));
	}
	if (when === 'on-success') keys.set('restart_on', keys.get('success_codes') ?? list(at, [word(at, '0')]));
	if (when === 'on-abnormal' || when === 'on-abort') {
		keys.set('restart_on', list(at, UNCLEAN_SIGNALS.map(signal => word(at, `SIG${signal}`))));
		if (setting && when === 'on-abnormal') tell(setting, 'it is not restarted after a timeout, only after a signal');
	} else if (when === 'on-watchdog' && setting) {
		tell(setting, 'archon has always, on-failure and no');
	}
	const policy = when === 'always' || when === 'on-failure' ? when : 'no';
	const interval = window ? duration(window.value) : '10s';
	const isUnlimited = interval === 'unlimited' || burst?.value === '0';
	const pause = (delay ? duration(delay.value) : null) ?? '100ms';
	keys.set('restart', map(at, {
		policy: literal(at, policy),
		delay: word(delay ?? at, pause === 'unlimited' ? '0s' : pause),
		...longest && steps ? {factor: word(steps, 2), max_delay: word(longest, duration(longest.value) ?? '')} : {},
		attempts: word(burst ?? at, isUnlimited ? 'unlimited' : burst?.value ?? 5),
		...isUnlimited || interval === null ? {} : {window: word(window ?? at, interval)},
	}));
}

function translateOutput({unit, keys, tell}: Translating): void {
	const [out, error] = [last(unit, 'Service.StandardOutput'), last(unit, 'Service.StandardError')];
	const drivers: Value[] = [];
	for (const [setting, stream] of [[out, 'stdout'], [error ?? out, 'stderr']] as const) {
		const path = /^(?:file|append|truncate):(.+)$/.exec(setting?.value ?? '')?.[1];
		if (setting && path !== undefined) {
			const options = map(setting, {path: literal(setting, path), streams: word(setting, stream)});
			drivers.push(map(setting, {driver: word(setting, 'file'), options}));
		} else if (setting?.value !== 'null') {
			drivers.push(map(setting ?? unit.at, {driver: word(unit.at, 'prefix'), options: map(unit.at, {streams: word(unit.at, stream)})}));
			if (setting && stream === 'stdout' && /^(?:tty|socket|fd:)/.test(setting.value)) tell(setting, 'the lines go where archon\'s go');
		}
	}
	const isUsual = [out, error].every(setting => !setting || !/^(?:file|append|truncate):|^null$/.test(setting.value));
	if (isUsual) return;
	const at = out ?? error ?? unit.at;
	keys.set('logging', drivers.length === 0 ? word(at, 'none') : map(at, {drivers: list(at, drivers)}));
}

/** The strongest relation to each other service that is translated with this one. */
function translateEdges({unit, keys, tell}: Translating, others: Others): void {
	const found = (key: string): readonly (readonly [name: string, of: Unit, at: Setting])[] => all(unit, `Unit.${key}`).flatMap(setting =>
		textOf(unit, setting).split(/\s+/).flatMap(each => {
			const other = others.get(each);
			const name = serviceName(each);
			if (other && other !== unit && name !== null) return [[name, other, setting] as const];
			// Without the other unit these say nothing.
			const isNothing = key === 'After' || key === 'Before' || key === 'Conflicts';
			if (!isAmbient(each) && !isNothing && other !== unit) tell(setting, `${each} is not among the units that were read`);
			return [];
		}));
	const needs = new Map<string, Value>();
	for (const key of ['Requires', 'Requisite', 'BindsTo', 'PartOf']) {
		for (const [name, other, at] of found(key)) {
			const isPast = last(other, 'Service.Type')?.value === 'oneshot';
			const condition = word(at, isPast ? 'service_completed_successfully' : 'service_healthy');
			const restart = key === 'BindsTo' || key === 'PartOf' ? {restart: word(at, true)} : {};
			needs.set(name, map(at, {condition, ...restart, ...key === 'PartOf' ? {required: word(at, false)} : {}}));
		}
	}
	const [first] = needs.values();
	if (first) keys.set('depends_on', map(first, needs));
	const names = (key: string, without: ReadonlySet<string>): readonly Value[] => {
		const unique = new Map(found(key).map(([name, , at]) => [name, at] as const));
		return [...unique].flatMap(([name, at]) => (without.has(name) ? [] : [word(at, name)]));
	};
	const put = (key: string, values: readonly Value[]): void => {
		if (values[0]) keys.set(key, list(values[0], values));
	};
	const wanted = names('Wants', new Set(needs.keys()));
	put('wants', wanted);
	put('after', names('After', new Set([...needs.keys(), ...found('Wants').map(([name]) => name)])));
	put('before', names('Before', new Set()));
	put('on_failure', names('OnFailure', new Set()));
	put('conflicts', names('Conflicts', new Set()));
}

/** Conditions that archon has too; all others are told. */
function translateConditions({unit, keys, tell}: Translating): void {
	const paths = all(unit, 'Unit.ConditionPathExists');
	const [path, ...others] = paths;
	for (const other of others) tell(other, 'archon looks at one path');
	const variable = last(unit, 'Unit.ConditionEnvironment');
	const at = path ?? variable;
	if (!at) return;
	const before = keys.get('only_if');
	keys.set('only_if', map(at, {
		...before?.kind === 'map' ? Object.fromEntries([...before.entries].map(([key, {value}]) => [key, value])) : {},
		...path ? {[/^\|?!/.test(path.value) ? 'path_missing' : 'path_exists']: literal(path, textOf(unit, path).replace(/^[!|]+/, ''))} : {},
		...variable ? {env_set: literal(variable, variable.value.replace(/=.*$/, ''))} : {},
	}));
}
