/** Layers of pebble: services, checks and where logs go. */
import {splitWords} from '../../core/words.ts';
import type {ForeignFormat, Untranslated} from '../planning.ts';
import type {Place, Report} from '../problems.ts';
import type {Mapping, Scalar, Value} from '../values.ts';
import {fieldsOf, type Fields} from './fields.ts';
import {list, literal, map, merge, word} from './translation.ts';

export const pebble: ForeignFormat = {
	name: 'a pebble layer',
	translate(inputs, _lookups, report) {
		const untranslated: Untranslated[] = [];
		const [{source} = {source: {file: '', text: ''}}] = inputs;
		const at = {source, offset: 0};
		const root = inputs.reduce((lower: Mapping, {root}) => (root?.kind === 'map' ? layer(lower, root) : lower), map(at, {}));
		const plan = fieldsOf(root, '', report);
		const services = plan.maps('services');
		const checks = plan.maps('checks');
		const made = new Map([...services].map(([name, service]) => {
			const tell = (at: Place, key: string, why: string): void => void untranslated.push({at, key, service: name, why});
			const watched = checksOf(service).map(([check, action]) => ({check: checks.get(check), action}));
			const keys = translateService(name, service, services, watched, tell, report);
			for (const [key, entry] of service.left()) if (!MEANINGLESS.has(key)) tell(entry.key, key, UNKNOWN);
			return [name, map(service.at, keys)] as const;
		}));
		for (const [name, check] of checks) {
			const isUsed = [...services.values()].some(service => checksOf(service).some(([used]) => used === name));
			const why = 'write healthcheck in the service that it checks';
			if (!isUsed) untranslated.push({at: check.at, key: `checks.${name}`, service: null, why});
		}
		for (const [name, target] of plan.maps('log-targets')) {
			untranslated.push({at: target.at, key: `log-targets.${name}`, service: null, why: 'archon delivers logs by syslog, not by HTTP'});
		}
		for (const key of ['summary', 'description']) plan.any(key);
		for (const [key, entry] of plan.left()) untranslated.push({at: entry.key, key, service: null, why: UNKNOWN});
		return {config: map(at, {services: map(at, made)}), untranslated};
	},
};

const UNKNOWN = 'pebble does not know it, or archon does not';
const MEANINGLESS: ReadonlySet<string> = new Set(['summary', 'description', 'override']);

/** A layer over those before it: each service, check and target is merged or replaced as it says itself. */
function layer(lower: Mapping, upper: Mapping): Mapping {
	const entries = new Map(lower.entries);
	for (const [key, {key: at, value}] of upper.entries) {
		const below = lower.entries.get(key)?.value;
		if (below?.kind !== 'map' || value.kind !== 'map') {
			entries.set(key, {key: at, value});
			continue;
		}
		const merged = new Map(below.entries);
		for (const [name, entry] of value.entries) {
			const before = below.entries.get(name)?.value;
			const mode = entry.value.kind === 'map' ? entry.value.entries.get('override')?.value : undefined;
			const isMerged = before !== undefined && mode?.kind === 'scalar' && mode.text === 'merge';
			merged.set(name, isMerged ? {...entry, value: merge(before, entry.value)} : entry);
		}
		entries.set(key, {key: at, value: {...value, entries: merged}});
	}
	return {...upper, entries};
}

type Tell = (at: Place, key: string, why: string) => void;

interface Watched {
	readonly check: Fields | undefined;
	readonly action: Scalar;
}

/** The checks of a service, with what their failure does to it. */
const checksOf = (service: Fields): readonly (readonly [check: string, action: Scalar])[] =>
	[...service.variables('on-check-failure') ?? []];

function translateService(
	name: string, from: Fields, all: ReadonlyMap<string, Fields>, watched: readonly Watched[], tell: Tell, report: Report,
): Readonly<Record<string, Value | undefined>> {
	const {at} = from;
	const command = from.text('command');
	// What stands in brackets are arguments that may be replaced by --args.
	const words = command && splitWords(command.text.replaceAll(/ \[ | \]$/g, ' '));
	if (command && !words?.ok) report(command, `services.${name}.command: ${words?.error}`);
	const variables = from.variables('environment');
	const [user, group] = [from.text('user') ?? from.text('user-id'), from.text('group') ?? from.text('group-id')];
	from.any('user-id');
	from.any('group-id');
	const startup = from.text('startup');
	const directory = from.text('working-dir');
	return {
		command: command && words?.ok ? list(command, words.value.map(each => literal(command, each))) : undefined,
		...startup?.text === 'enabled' ? {} : {autostart: word(startup ?? at, false)},
		environment: variables && map(at, new Map([...variables].map(([key, value]) => [key, literal(value, value.text)]))),
		user: user ? literal(user, group ? `${user.text}:${group.text}` : user.text) : group && literal(group, `root:${group.text}`),
		working_dir: directory && literal(directory, directory.text),
		...edgesOf(from, all, tell),
		...restartOf(from, tell),
		stop_grace_period: from.text('kill-delay') ?? word(at, '5s'),
		...healthOf(watched, tell),
		// pebble says of a start that it succeeded when the program has run for a second.
		start_period: word(at, '1s'),
	};
}

function edgesOf(from: Fields, all: ReadonlyMap<string, Fields>, tell: Tell): Readonly<Record<string, Value | undefined>> {
	const names = (key: string): readonly Scalar[] => (from.list(key) ?? []).flatMap(item => (item.kind === 'scalar' ? [item] : []));
	const requires = names('requires').filter(item => {
		if (!all.has(item.text)) tell(item, 'requires', `there is no service ${item.text}`);
		return all.has(item.text);
	});
	const isRequired = (item: Scalar): boolean => requires.some(({text}) => text === item.text);
	const listed = (items: readonly Scalar[]): Value | undefined => items[0] && list(items[0], items.map(item => word(item, item.text)));
	return {
		depends_on: listed(requires), after: listed(names('after').filter(item => !isRequired(item))), before: listed(names('before')),
	};
}

/** What `on-success` and `on-failure` say (pebble: "Service auto-restart"). */
function restartOf(from: Fields, tell: Tell): Readonly<Record<string, Value | undefined>> {
	const {at} = from;
	const [success, failure] = [from.text('on-success'), from.text('on-failure')];
	const [onSuccess, onFailure] = [success?.text ?? 'restart', failure?.text ?? 'restart'];
	const pauses = {
		delay: from.text('backoff-delay') ?? word(at, '500ms'), factor: from.text('backoff-factor') ?? word(at, 2),
		max_delay: from.text('backoff-limit') ?? word(at, '30s'), attempts: word(at, 'unlimited'),
		reset_after: from.text('backoff-limit') ?? word(at, '30s'),
	};
	const policy = onSuccess === 'restart' ? 'always' : 'on-failure';
	if (onFailure === 'restart') {
		const ends = success && onSuccess.endsWith('shutdown') ? {essential: word(success, true)} : {};
		if (success && onSuccess === 'failure-shutdown') tell(success, 'on-success', 'the container exits with the status of the service');
		return {restart: map(at, {policy: word(at, policy), ...pauses}), ...ends};
	}
	const restarts = onSuccess === 'restart' ? {restart_on: list(success ?? at, [word(success ?? at, 0)])} : {};
	if (failure && onFailure === 'success-shutdown') tell(failure, 'on-failure', 'the container exits with the status of the service');
	const ends = onFailure === 'ignore' ? {} : onSuccess.endsWith('shutdown') ? {essential: word(failure ?? at, true)}
		: {on_failed: word(failure ?? at, 'shutdown')};
	const no = literal(failure ?? at, 'no');
	return {restart: onSuccess === 'restart' ? map(at, {policy: no, ...pauses}) : no, ...restarts, ...ends};
}

const ACTIONS: Readonly<Record<string, string>> = {
	'restart': 'restart', 'shutdown': 'shutdown', 'success-shutdown': 'shutdown', 'ignore': 'none',
};

/** The first check whose failure matters to the service. */
function healthOf(watched: readonly Watched[], tell: Tell): Readonly<Record<string, Value | undefined>> {
	const [first, ...others] = watched;
	for (const {action} of others) tell(action, 'on-check-failure', 'archon makes one check of a service');
	if (!first?.check) {
		if (first) tell(first.action, 'on-check-failure', 'there is no such check');
		return {};
	}
	const {check, action} = first;
	const [http, tcp, exec] = [check.map('http'), check.map('tcp'), check.map('exec')];
	const [url, headers] = [http?.text('url'), http?.variables('headers')];
	const [port, host] = [tcp?.text('port'), tcp?.text('host')];
	const command = exec?.text('command');
	const words = command && splitWords(command.text);
	const target = url && literal(url, url.text);
	return {
		healthcheck: map(check.at, {
			http: headers ? map(check.at, {
				url: target, headers: map(check.at, new Map([...headers].map(([name, value]) => [name, literal(value, value.text)]))),
			}) : target,
			tcp: port && literal(port, host ? `${host.text}:${port.text}` : port.text),
			test: command && words?.ok ? list(command, [word(command, 'CMD'), ...words.value.map(each => literal(command, each))]) : undefined,
			interval: check.text('period') ?? word(check.at, '10s'),
			timeout: check.text('timeout') ?? word(check.at, '3s'),
			retries: check.text('threshold'),
			on_unhealthy: word(action, ACTIONS[action.text] ?? action.text),
		}),
	};
}
