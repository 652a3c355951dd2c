/** `ready`: how a daemon tells that it is ready. */
import type {Probe, Ready} from '../../../core/service.ts';
import {either, words} from '../../../config/accepts.ts';
import type {Advising, Part, ServiceGroup, Written} from '../../../config/group.ts';
import {command, key, optional, value} from '../../../config/key.ts';
import {oneWayOf} from '../../../config/merge.ts';
import {refuseForOneshot, type Type} from '../../../config/keys/type.ts';
import type {Planning} from '../../../config/planning.ts';
import {http, noteTls, tcp} from './probes.ts';
import {readBy, readMap, refuse} from '../../../config/readers.ts';
import {absolutePath, lapse, pattern, truth, variableName, whole} from '../../../config/scalars.ts';
import {isMissing, reader, readShape, shape, type Context, type Settings} from '../../../config/shape.ts';
import {kindOf, withoutNothing, type Mapping, type Value} from '../../../config/values.ts';

/** The descriptor of a service that does not choose one: the first after the standard streams. */
const FD = 3;

/** The highest descriptor that a service may choose. */
const FD_MAX = 63;

const FD_MAP = shape({
	variable: optional(variableName, 'NAME', 'required', 'the variable that holds the descriptor\'s number'),
});

const READY = shape({
	fd: key<Descriptor | null>(
		reader(() => either(whole(FD, FD_MAX).accepts(), {shape: FD_MAP}), readFd), 'number | {variable: NAME}', 'none', null,
		'it writes a newline to this descriptor; or to the one whose number is in the variable', '3',
	),
	notify: value(truth, 'true | false', 'false', 'it sends READY=1 to $NOTIFY_SOCKET, as sd_notify(3) does'),
	log: optional(pattern, 'regular expression', 'none', 'a line of its output matches this'),
	tcp: tcp('something accepts connections there'),
	http: http('this answers with success'),
	exec: command('none', 'this command exits 0'),
	file: optional(absolutePath, 'path', 'none', 'this file exists'),
	interval: value(lapse, 'duration', '500ms', 'from one check by tcp, http, exec or file to the next'),
	timeout: value(lapse, 'duration', '5s', 'how long one check may take'),
}, {
	words: () => ({
		names: {
			exec: 'command cmd test',
			http: 'httpGet url',
			tcp: 'port tcpSocket',
			fd: 'notification-fd',
			notify: 'sd_notify sdnotify',
			log: 'ready_log_line log_line line pattern',
			interval: 'period periodSeconds',
			timeout: 'timeoutSeconds',
		},
		others: [['initialDelay initialDelaySeconds', null, 'remove it: archon checks until it is ready']],
	}),
});

type Descriptor = Pick<Extract<Ready, {kind: 'fd'}>, 'fd' | 'variable'>;

const WAYS = ['fd', 'notify', 'log', 'tcp', 'http', 'exec', 'file'] as const;

const KEYS = {
	ready: key<Ready | null>(
		reader(() => either({...words('notify'), isLiteral: true}, {shape: READY}), readReady),
		'notify | map', 'none', null, 'how a daemon tells that it is ready', '{tcp: 5432}',
	),
};

type Own = Settings<typeof KEYS>;

export const ready = {
	keys: KEYS,
	maps: [['services.<name>.ready', READY], ['services.<name>.ready.fd', FD_MAP]],
	merge: {ready: oneWayOf(...WAYS)},
	words: () => ({
		names: {ready: 'readiness_probe readiness'},
		others: [
			['startup_probe', 'ready', 'write ready, and start_timeout for how long that may take'],
			['notification-fd', 'ready', 'write ready: {fd: 3}'],
			['ready_log_line', 'ready', 'write ready: {log: …}'],
		],
	}),
	conflicts: (service: Written<Own & {readonly type: Type}>, {problems}: Planning) =>
		refuseForOneshot(service, 'ready', problems.report),
	advise(service: Written<Own>, advising: Advising) {
		const {settings: {ready}} = service;
		noteTls(service, 'ready', ready?.kind === 'probe' ? ready.probe : null, advising);
	},
	plan: ({ready}: Own): Part => ({ready}),
} satisfies ServiceGroup;

const LOOKS: readonly string[] = ['tcp', 'http', 'exec', 'file'];

function readReady(from: Value, context: Context): Ready | undefined {
	if (from.kind === 'scalar' && from.text === 'notify') return {kind: 'notify'};
	if (from.kind !== 'map') {
		return refuse(from, context, `must be a map with one of ${WAYS.join(', ')}, not ${kindOf(from)}`);
	}
	const settings = readShape(READY, from, context);
	const {entries} = withoutNothing(from);
	const [way, second] = WAYS.filter(each => entries.has(each) && settings[each] !== false);
	if (way === undefined) {
		const isTold = !WAYS.some(each => from.entries.has(each)) && !isMissing(WAYS, from, READY);
		return !isTold ? refuse(from, context, 'does not say how', `write one of ${WAYS.join(', ')}`) : undefined;
	}
	if (second !== undefined) {
		return refuse(from.entries.get(second)?.key ?? from, context, `has both ${way} and ${second}`, 'keep one');
	}
	if (!LOOKS.includes(way)) refuseIdle(withoutNothing(from), way, context);
	return makeReady(settings);
}

/** Reports each key that has no effect. */
function refuseIdle({entries}: Mapping, way: string, context: Context): void {
	for (const name of ['interval', 'timeout']) {
		const entry = entries.get(name);
		const why = `has ${article(name)} ${name}, which ${way} does not use`;
		if (entry) refuse(entry.key, context, why, `it goes with ${LOOKS.join(', ')}`);
	}
}

const article = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a');

/** Undefined where what is written could not be read, which has been reported. */
function makeReady({fd, notify, log, tcp, http, exec, file, interval, timeout}: Settings<typeof READY.keys>): Ready | undefined {
	if (fd) return {kind: 'fd', ...fd};
	if (notify) return {kind: 'notify'};
	if (log !== null) return {kind: 'log', pattern: log};
	const probe: Probe | null = tcp ?? http
		?? (exec ? {kind: 'exec', command: exec} : null)
		?? (file === null ? null : {kind: 'file', path: file});
	return probe ? {kind: 'probe', probe, interval, timeout} : undefined;
}

function readFd(from: Value, context: Context): Descriptor | undefined {
	if (from.kind !== 'map') {
		const fd = readBy(whole(FD, FD_MAX))(from, context);
		return fd === undefined ? undefined : {fd, variable: null};
	}
	const variable = readMap(FD_MAP)(from, context)?.variable ?? null;
	if (variable !== null) return {fd: FD, variable};
	if (from.entries.has('variable')) return undefined;
	return refuse(from, context, 'has no variable', 'write {variable: NAME}, or a number');
}
