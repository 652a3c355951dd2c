/** systemd's settings of a service that have a key of their own in archon: systemd.exec(5), systemd.kill(5). */
import type {Place} from '../../problems.ts';
import type {Value} from '../../values.ts';
import {list, literal, map, word} from '../translation.ts';
import {all, expandSpecifiers, last, type Setting, type Unit} from './unit.ts';
import {splitQuoted} from './words.ts';

/** What a translator of some settings says: keys with their values, and what it cannot say. */
export interface Translating {
	readonly unit: Unit;
	readonly keys: Map<string, Value>;
	readonly tell: (at: Setting, why: string) => void;
}

const YES = new Set(['1', 'yes', 'y', 'true', 't', 'on']);

/** A boolean of systemd. */
export const isYes = (setting: Setting | undefined): boolean => setting !== undefined && YES.has(setting.value.toLowerCase());

/** The value of a setting with its specifiers put in. */
export const textOf = (unit: Unit, {value}: Setting): string => expandSpecifiers(value, unit.name);

const UNITS: Readonly<Record<string, number>> = {
	'us': 0.001, 'usec': 0.001, 'ms': 1, 'msec': 1, '': 1000, 's': 1000, 'sec': 1000, 'second': 1000, 'seconds': 1000,
	'm': 60_000, 'min': 60_000, 'minute': 60_000, 'minutes': 60_000,
	'h': 3_600_000, 'hr': 3_600_000, 'hour': 3_600_000, 'hours': 3_600_000, 'd': 86_400_000,
	'day': 86_400_000, 'days': 86_400_000, 'w': 604_800_000, 'week': 604_800_000, 'weeks': 604_800_000,
};

/** A time span of systemd.time(7) as a duration of archon's; null: it is no time span. `infinity` and 0 are `unlimited`. */
export function duration(text: string): string | null {
	if (text === 'infinity' || text === '0') return 'unlimited';
	let sum = 0;
	const rest = text.replaceAll(/(\d+(?:\.\d+)?)\s*([a-z]*)\s*/g, (_, number: string, unit: string) => {
		sum += Number(number) * (UNITS[unit] ?? Number.NaN);
		return '';
	});
	if (rest !== '' || !Number.isFinite(sum)) return null;
	return sum % 1000 === 0 ? `${sum / 1000}s` : `${Math.round(sum)}ms`;
}

type Rule = (translating: Translating, setting: Setting) => void;

/** One word or number that both write alike. */
const plain = (key: string): Rule => ({keys}, setting) => void keys.set(key, word(setting, setting.value));
/** Where systemd has yes and no. */
const flag = (key: string): Rule => ({keys}, setting) => void keys.set(key, word(setting, isYes(setting)));
/** Words between spaces, of all lines. */
const words = (key: string): Rule => ({unit, keys}, setting) => {
	const all = wordsOf(unit, setting.key);
	keys.set(key, list(setting, all.map(([each, at]) => literal(at, each))));
};

/** The words of all lines of a key. */
export function wordsOf(unit: Unit, key: string): readonly (readonly [word: string, at: Place])[] {
	return all(unit, key).flatMap(setting => (splitQuoted(textOf(unit, setting)) ?? []).map(each => [each, setting] as const));
}

const span = (key: string): Rule => ({keys, tell}, setting) => {
	const found = duration(setting.value);
	if (found === null) tell(setting, `${setting.value} is no time span`);
	else keys.set(key, word(setting, found));
};

/** Exit statuses by number or name, and signals. */
const ends = (key: string): Rule => ({unit, keys, tell}, setting) => {
	const found = wordsOf(unit, setting.key).flatMap(([each]) => {
		const known = /^(?:\d+|SIG[A-Z0-9]+)$/.test(each) ? each : STATUSES[each];
		if (known === undefined) tell(setting, `${each} is no exit status that archon knows`);
		return known ?? [];
	});
	if (key === 'success_codes') found.unshift('0');
	keys.set(key, list(setting, found.map(each => word(setting, each))));
};

/** Names of systemd.exec(5), "Process Exit Codes". */
const STATUSES: Readonly<Record<string, string>> = {
	SUCCESS: '0', FAILURE: '1', INVALIDARGUMENT: '2', NOTIMPLEMENTED: '3', NOPERMISSION: '4', NOTINSTALLED: '5', NOTCONFIGURED: '6',
	NOTRUNNING: '7', USAGE: '64', DATAERR: '65', NOINPUT: '66', NOUSER: '67', NOHOST: '68', UNAVAILABLE: '69', SOFTWARE: '70', OSERR: '71',
	OSFILE: '72', CANTCREAT: '73', IOERR: '74', TEMPFAIL: '75', PROTOCOL: '76', NOPERM: '77', CONFIG: '78',
};

/** Each stands for the last assignment of its key. */
export const RULES: Readonly<Record<string, Rule>> = {
	'Service.WorkingDirectory'({unit, keys, tell}, setting) {
		const path = textOf(unit, setting).replace(/^-/, '');
		if (path === '~') return tell(setting, 'write the home directory of the user');
		keys.set('working_dir', literal(setting, path));
	},
	'Service.UMask': plain('umask'),
	'Service.Nice': plain('nice'),
	'Service.OOMScoreAdjust': plain('oom_score_adj'),
	'Service.SupplementaryGroups': words('group_add'),
	'Service.NoNewPrivileges': flag('no_new_privileges'),
	'Service.KillSignal': plain('stop_signal'),
	'Service.ReloadSignal': plain('reload'),
	'Service.PIDFile'({unit, keys}, setting) {
		// systemd looks at it only for those.
		if (last(unit, 'Service.Type')?.value !== 'forking') return;
		const path = textOf(unit, setting);
		keys.set('pid_file', literal(setting, path.startsWith('/') ? path : `/run/${path}`));
	},
	'Service.TimeoutStopSec': span('stop_grace_period'),
	'Service.TimeoutStartSec': span('start_timeout'),
	'Service.TimeoutSec'(translating, setting) {
		for (const key of ['start_timeout', 'stop_grace_period']) if (!translating.keys.has(key)) span(key)(translating, setting);
	},
	'Service.WatchdogSec'(translating, setting) {
		if (setting.value !== '0') span('watchdog')(translating, setting);
	},
	'Service.SuccessExitStatus': ends('success_codes'),
	'Service.RestartPreventExitStatus': ends('fatal_codes'),
	'Service.RestartForceExitStatus': ends('restart_on'),
	'Service.PassEnvironment': words('environment_base'),
	'Service.KillMode'({keys, tell}, setting) {
		if (setting.value === 'process') keys.set('kill_mode', word(setting, 'main'));
		else if (setting.value === 'control-group') keys.set('stop_to', word(setting, 'group'));
		else if (setting.value !== 'mixed') tell(setting, 'archon leaves no process of a service behind');
	},
	'Service.SendSIGKILL'({keys}, setting) {
		if (!isYes(setting)) keys.set('stop_grace_period', word(setting, 'unlimited'));
	},
	'Service.IOSchedulingClass'({unit, keys}, setting) {
		const names: Readonly<Record<string, string>> = {0: 'best-effort', 1: 'realtime', 2: 'best-effort', 3: 'idle', none: 'best-effort'};
		const level = last(unit, 'Service.IOSchedulingPriority');
		keys.set('ionice', word(setting, `${names[setting.value] ?? setting.value}${level ? `:${level.value}` : ''}`));
	},
	'Service.IOSchedulingPriority'({unit, keys}, setting) {
		if (!last(unit, 'Service.IOSchedulingClass')) keys.set('ionice', word(setting, `best-effort:${setting.value}`));
	},
	'Service.CapabilityBoundingSet'({unit, keys}, setting) {
		const sets = all(unit, setting.key).map(each => each.value);
		const named = capabilities(sets.filter(each => !each.startsWith('~')));
		if (named.length > 0 || sets.length === 0) {
			keys.set('cap_drop', list(setting, [word(setting, 'ALL')]));
			keys.set('cap_add', list(setting, named.map(each => word(setting, each))));
		} else {
			keys.set('cap_drop', list(setting, capabilities(sets).map(each => word(setting, each))));
		}
	},
	'Service.AmbientCapabilities'({unit, keys}, setting) {
		const before = keys.get('cap_add');
		const known = before?.kind === 'list' ? before.items.flatMap(item => (item.kind === 'scalar' ? item.text : [])) : [];
		const named = new Set([...known, ...capabilities(all(unit, setting.key).map(each => each.value))]);
		keys.set('cap_add', list(setting, [...named].map(each => word(setting, each))));
	},
	'Service.StandardInput'({keys, tell}, setting) {
		if (/^tty/.test(setting.value)) keys.set('tty', word(setting, true));
		else if (setting.value !== 'null') tell(setting, 'stdin is /dev/null, or archon\'s own with stdin_open: true');
	},
	'Service.Environment'({unit, keys}, setting) {
		const variables = new Map(wordsOf(unit, setting.key).map(([each, at]) => {
			const equals = each.indexOf('=');
			return [equals < 0 ? each : each.slice(0, equals), literal(at, equals < 0 ? '' : each.slice(equals + 1))] as const;
		}));
		keys.set('environment', map(setting, variables));
	},
	'Service.EnvironmentFile'({unit, keys, tell}, setting) {
		const files = all(unit, setting.key).flatMap((each): Value[] => {
			const path = textOf(unit, each);
			if (/[*?[]/.test(path)) {
				tell(each, 'name each file');
				return [];
			}
			if (!path.startsWith('-')) return [literal(each, path)];
			return [map(each, {path: literal(each, path.slice(1)), required: word(each, false)})];
		});
		if (files.length > 0) keys.set('env_file', list(setting, files));
	},
	'Service.UnsetEnvironment'({unit, keys}, setting) {
		const environment = keys.get('environment');
		if (environment?.kind !== 'map') return;
		const unset = new Set(wordsOf(unit, setting.key).map(([each]) => each.replace(/=.*$/, '')));
		keys.set('environment', {...environment, entries: new Map([...environment.entries].filter(([name]) => !unset.has(name)))});
	},
};

const capabilities = (lines: readonly string[]): readonly string[] =>
	lines.flatMap(line => line.replace(/^~/, '').split(/\s+/)).filter(name => name !== '')
		.map(name => name.replace(/^CAP_/i, '').toUpperCase());
