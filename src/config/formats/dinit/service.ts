/** A service of dinit → the keys of a service of archon's, with dinit's own defaults. */
import {quote, type Place} from '../../problems.ts';
import type {Value} from '../../values.ts';
import {list, literal, map, word, written} from '../translation.ts';
import {pathFrom, plainText, readWords, type Setting} from './file.ts';

export const TYPES = ['process', 'bgprocess', 'scripted', 'internal', 'triggered'] as const;
export type Type = (typeof TYPES)[number];

/** How services depend on each other, by the settings that say so; `.d`: all names in a directory. */
export const RELATIONS = ['depends-on', 'depends-ms', 'waits-for', 'before', 'after'] as const;

export interface Described {
	readonly name: string;
	/** What dinit calls it, and what `$1` stands for in it. */
	readonly written: string;
	readonly argument: string | null;
	readonly at: Place;
	readonly settings: readonly Setting[];
}

export interface Telling {
	readonly report: (at: Place, message: string, hint?: string) => void;
	readonly leaveOut: (at: Place, key: string, why: string) => void;
}

type Keys = Record<string, Value | undefined>;

/** Settings that are read here or for the graph of all services. */
const READ: ReadonlySet<string> = new Set([
	'type', 'command', 'stop-command', 'working-dir', 'run-as', 'env-file', 'restart', 'smooth-recovery', 'restart-delay',
	'restart-limit-interval', 'restart-limit-count', 'start-timeout', 'stop-timeout', 'pid-file', 'term-signal', 'termsignal',
	'ready-notification', 'log-type', 'logfile', 'logfile-permissions', 'logfile-uid', 'logfile-gid', 'log-buffer-size', 'options',
	'load-options',
	'rlimit-nofile', 'rlimit-core', 'rlimit-data', 'rlimit-addrspace', 'nice', 'ioprio', 'oom-score-adj', 'run-in-cgroup',
	...RELATIONS, 'depends-on.d', 'depends-ms.d', 'waits-for.d',
]);

/** Those without a translation, each with why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
	'chain-to': 'archon starts nothing because a service has ended; write one script that runs both',
	'socket-listen': 'the service has to open its socket itself',
	'socket-permissions': 'see socket-listen',
	'socket-uid': 'see socket-listen',
	'socket-gid': 'see socket-listen',
	'consumer-of': 'archon has no pipes between services: write logging for the other service',
	'inittab-id': 'a container has no utmp',
	'inittab-line': 'a container has no utmp',
	capabilities: 'write cap_add and cap_drop',
	securebits: 'write cap_drop and no_new_privileges',
};

/** Options without a translation; null: they have nothing to do in a container. */
const OPTIONS: Readonly<Record<string, string | null>> = {
	'shares-console': null, 'starts-rwfs': null, 'starts-log': null, 'unmask-intr': null, 'signal-process-only': null, 'no-new-privs': null,
	'starts-on-console': null, 'kill-all-on-stop': null,
	'runs-on-console': 'it writes to archon\'s own output, and reads nothing',
	'pass-cs-fd': 'archonctl reaches archon at its socket',
	'start-interruptible': 'a start under way is ended by the signal of stop_signal',
	skippable: 'a oneshot that is interrupted has failed: write success_codes: [INT]',
	'always-chain': 'see chain-to',
};

const LIMITS = {'rlimit-nofile': 'nofile', 'rlimit-core': 'core', 'rlimit-data': 'data', 'rlimit-addrspace': 'as'} as const;

/** All but what the service needs of others. */
export function keysFor({written: own, argument, at, settings}: Described, type: Type, {report, leaveOut}: Telling): Keys {
	const last = (name: string): Setting | undefined => settings.findLast(each => each.name === name);
	const words = (setting: Setting): readonly Value[] => readWords(setting.text, argument).map(({text, splits}) => {
		if (splits !== null) leaveOut(setting.valueAt, `$/${splits}`, 'its value is one argument, and is not split');
		return written(setting.valueAt, text);
	});
	const command = (name: string): Value | undefined => {
		const found = settings.filter(each => each.name === name);
		const start = found.findLastIndex(({isMore}) => !isMore);
		const all = found.slice(Math.max(start, 0)).flatMap(words);
		return found[0] && all.length > 0 ? list(found[0].valueAt, all) : undefined;
	};
	const text = (name: string): Value | undefined => {
		const found = last(name);
		return found && written(found.valueAt, readWords(found.text, argument).map(({text}) => text).join(' '));
	};
	const path = (name: string): Value | undefined => {
		const [found, value] = [last(name), text(name)];
		if (!found || value?.kind !== 'scalar' || /^[/$]/.test(value.text)) return value;
		return written(found.valueAt, pathFrom(found.at.source, value.text));
	};
	const seconds = (name: string, fallback: string): Value => {
		const found = last(name);
		if (!found) return word(at, fallback);
		const isNumber = /^\d{1,9}(?:\.\d{1,9})?$/.test(found.text);
		if (!isNumber) report(found.valueAt, `${name} must be seconds, not ${quote(found.text)}`);
		return word(found.valueAt, isNumber && Number(found.text) === 0 ? 'unlimited' : durationOf(isNumber ? found.text : '1'));
	};
	const smooth = last('smooth-recovery');
	if (smooth && !/^(?:yes|true|no|false)$/.test(smooth.text)) {
		report(smooth.valueAt, `smooth-recovery must be true or false, not ${quote(smooth.text)}`);
	}
	const options = optionsIn(settings);
	const isProcess = type === 'process' || type === 'bgprocess';
	const program = command('command');
	if (isProcess && !program) report(at, `${own} has no command`);
	if (type === 'bgprocess' && !last('pid-file')) report(at, `${own} has no pid-file`, 'a bgprocess must have one');
	const nothing = list(at, [literal(at, 'true')]);
	const stop = command('stop-command');
	return {
		type: type === 'process' ? undefined : word(at, type === 'bgprocess' ? 'forking' : 'oneshot'),
		command: type === 'internal' || type === 'triggered' ? nothing : program ?? nothing,
		pid_file: type === 'bgprocess' ? path('pid-file') : undefined,
		user: text('run-as'), working_dir: path('working-dir'), env_file: path('env-file'),
		environment: loadOptions(settings).includes('export-service-name') ? map(at, {DINIT_SERVICE: literal(at, own)}) : undefined,
		restart: restartOf(type, settings, {at, seconds, report}),
		ready: type === 'process' ? readyOf(last('ready-notification'), report) : undefined,
		start_timeout: program && (type !== 'process' || last('ready-notification')) ? seconds('start-timeout', '60s') : undefined,
		stop_signal: signalOf(last('term-signal') ?? last('termsignal'), leaveOut),
		stop_to: isProcess && !options.has('signal-process-only') ? word(at, 'group') : undefined,
		stop_grace_period: isProcess || stop ? seconds('stop-timeout', '10s') : undefined,
		pre_stop: stop && isProcess ? list(at, [stop]) : undefined,
		down: stop && type === 'scripted' ? list(at, [stop]) : undefined,
		ulimits: limitsOf(settings, {report, leaveOut}),
		nice: wordOf(last('nice')), ionice: wordOf(last('ioprio')), oom_score_adj: wordOf(last('oom-score-adj')), cgroup: text('run-in-cgroup'),
		no_new_privileges: options.has('no-new-privs') ? word(at, true) : undefined,
		logging: program ? loggingOf(settings, options, {at, path, leaveOut}) : undefined,
	};
}

/** What of a service has no translation, and what dinit does not know. */
export function leaveOthers({settings}: Described, type: Type, {report, leaveOut}: Telling): void {
	for (const {at, name, text, valueAt} of settings) {
		const why = Object.hasOwn(LEFT_OUT, name) ? LEFT_OUT[name] : undefined;
		if (why !== undefined) leaveOut(at, name, why);
		else if (!READ.has(name) && !name.startsWith('@')) report(at, `${quote(name)} is no setting that dinit has`);
		if (name === 'options') {
			for (const option of text.split(/\s+/)) {
				if (!Object.hasOwn(OPTIONS, option)) report(valueAt, `${quote(option)} is no option that dinit has`);
				else if (OPTIONS[option]) leaveOut(valueAt, option, OPTIONS[option]);
			}
		}
		if (name === 'load-options' && text.split(/\s+/).includes('export-passwd-vars')) {
			leaveOut(valueAt, 'export-passwd-vars', 'write environment: {USER: …, LOGNAME: …, HOME: …, SHELL: …}');
		}
		if (name === 'type' && type === 'triggered') leaveOut(valueAt, 'type', 'nothing is waited for: it is as an internal service');
	}
}

export function optionsIn(settings: readonly Setting[]): ReadonlySet<string> {
	return new Set(settings.filter(({name}) => name === 'options').flatMap(({text}) => text.split(/\s+/)));
}

const loadOptions = (settings: readonly Setting[]): readonly string[] =>
	settings.filter(({name}) => name === 'load-options').flatMap(({text}) => text.split(/\s+/));

/** Seconds with a fraction, as a duration. */
function durationOf(seconds: string): string {
	const millis = Math.max(1, Math.round(Number(seconds) * 1000));
	return millis % 1000 === 0 ? `${millis / 1000}s` : `${millis}ms`;
}

interface Reading {
	readonly at: Place;
	readonly seconds: (name: string, fallback: string) => Value;
	readonly report: Telling['report'];
}

/** By default a service is not restarted; else at most three times in ten seconds. */
function restartOf(type: Type, settings: readonly Setting[], {at, seconds, report}: Reading): Value | undefined {
	if (type !== 'process' && type !== 'bgprocess') return undefined;
	const found = settings.findLast(({name}) => name === 'restart');
	const policy = {yes: 'always', true: 'always', 'on-failure': 'on-failure', no: 'no', false: 'no'}[found?.text ?? 'no'];
	if (policy === undefined) report(found?.valueAt ?? at, `restart must be true, false or on-failure, not ${quote(found?.text ?? '')}`);
	const place = found?.valueAt ?? at;
	if (policy === undefined || policy === 'no') return written(place, 'no');
	const count = settings.findLast(({name}) => name === 'restart-limit-count');
	if (count && !/^\d{1,6}$/.test(count.text)) report(count.valueAt, `restart-limit-count must be a number, not ${quote(count.text)}`);
	return map(place, {
		policy: word(place, policy), delay: seconds('restart-delay', '200ms'),
		attempts: word(count?.valueAt ?? place, count ? (Number(count.text) === 0 ? 'unlimited' : count.text) : 3),
		window: seconds('restart-limit-interval', '10s'),
	});
}

function readyOf(setting: Setting | undefined, report: Telling['report']): Value | undefined {
	if (!setting) return undefined;
	const {text, valueAt: at} = setting;
	const [, kind, what = ''] = /^(pipefd|pipevar):(\w+)$/.exec(text) ?? [];
	if (kind === 'pipefd') return map(at, {fd: word(at, what)});
	if (kind === 'pipevar') return map(at, {fd: map(at, {variable: literal(at, what)})});
	report(at, `ready-notification must be pipefd:NUMBER or pipevar:NAME, not ${quote(text)}`);
	return undefined;
}

function signalOf(setting: Setting | undefined, leaveOut: Telling['leaveOut']): Value | undefined {
	if (!setting) return undefined;
	if (setting.text.toLowerCase() !== 'none') return word(setting.valueAt, setting.text.replace(/^SIG/i, '').toUpperCase());
	leaveOut(setting.valueAt, setting.name, 'a service is always sent a signal');
	return undefined;
}

const wordOf = (setting: Setting | undefined): Value | undefined =>
	(!setting || setting.text === 'none' ? undefined : word(setting.valueAt, setting.text));

/** `soft:hard`, or one for both; a dash lifts a limit. */
function limitsOf(settings: readonly Setting[], {report, leaveOut}: Telling): Value | undefined {
	const limits: Record<string, Value> = {};
	let first: Place | null = null;
	for (const {name, text, valueAt: at} of settings) {
		const limit = Object.hasOwn(LIMITS, name) ? LIMITS[name as keyof typeof LIMITS] : undefined;
		if (limit === undefined) continue;
		const parts = text.split(':');
		if (parts.length > 2 || parts.some(part => !/^(?:\d*|-)$/.test(part))) {
			report(at, `${name} must be SOFT:HARD, not ${quote(text)}`);
		} else if (parts.includes('')) {
			leaveOut(at, name, 'one of both limits alone cannot be set');
		} else {
			first ??= at;
			const [soft = '', hard = soft] = parts.map(part => (part === '-' ? 'unlimited' : part));
			limits[limit] = soft === hard ? word(at, soft) : map(at, {soft: word(at, soft), hard: word(at, hard)});
		}
	}
	return first ? map(first, limits) : undefined;
}

/** What a service writes is dropped, unless a setting says where it goes. */
function loggingOf(settings: readonly Setting[], options: ReadonlySet<string>, {at, path, leaveOut}: {
	readonly at: Place; readonly path: (name: string) => Value | undefined; readonly leaveOut: Telling['leaveOut'];
}): Value | undefined {
	const last = (name: string): Setting | undefined => settings.findLast(each => each.name === name);
	if (['runs-on-console', 'starts-on-console', 'shares-console'].some(option => options.has(option))) return undefined;
	const [type, file] = [last('log-type'), last('logfile')];
	const kind = type?.text ?? (file ? 'file' : 'none');
	const place = (type ?? file)?.valueAt ?? at;
	const valued = (name: string): Value | undefined => {
		const found = last(name);
		return found && written(found.valueAt, plainText(found.text));
	};
	if (kind === 'pipe') leaveOut(place, 'log-type', 'archon has no pipes between services: what it writes goes to archon\'s own output');
	if (kind === 'file') {
		const options = map(place, {
			path: path('logfile'), 'max-size': word(place, 'unlimited'), mode: valued('logfile-permissions') ?? word(place, '0600'),
			user: valued('logfile-uid'), group: valued('logfile-gid'),
		});
		return map(place, {driver: word(place, 'file'), options});
	}
	if (kind === 'buffer') return map(place, {driver: word(place, 'none'), buffer: valued('log-buffer-size') ?? word(place, '8k')});
	return kind === 'none' ? word(place, 'none') : undefined;
}
