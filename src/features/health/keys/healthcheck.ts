/** `healthcheck`: repeated checks of a running service (compose-spec). */
import type {Command, Health, Probe} from '../../../core/service.ts';
import type {Millis} from '../../../core/time.ts';
import {anyText, either, someText, words} from '../../../config/accepts.ts';
import type {Advising, Part, ServiceGroup, Written} from '../../../config/group.ts';
import {key, value} from '../../../config/key.ts';
import {oneWayOf} from '../../../config/merge.ts';
import type {Planning} from '../../../config/planning.ts';
import {refuseForOneshot, type Type} from '../../../config/keys/type.ts';
import {HTTP, http, noteTls, tcp} from './probes.ts';
import {readBy, readText, refuse, refuseKind, toCommand} from '../../../config/readers.ts';
import {duration, lapse, oneOf, parser, text, truth, whole, type Parse} from '../../../config/scalars.ts';
import {reader, readShape, shape, within, type Context, type Schema, type Settings} from '../../../config/shape.ts';
import {withoutNothing, type List, type Value} from '../../../config/values.ts';

/** A duration where 0 is the usual one, as in compose. */
function orUsual(usual: string): Parse<Millis> {
	return parser(duration.accepts, text => {
		const length = duration(text);
		return lapse(length.ok && length.value === 0 ? usual : text);
	});
}

/** 0 is compose's word for the usual number. */
const retries = parser(whole(0, 1000).accepts, word => whole(1, 1000)(word === '0' ? '3' : word));

const HEALTHCHECK = shape({
	test: key<Command | 'none' | null>(
		reader(tests, readTest), 'text for a shell | [CMD, …] | [CMD-SHELL, text] | [NONE]', 'none', null, 'healthy if this exits 0',
	),
	tcp: tcp('instead of a test: healthy if something accepts connections there'),
	http: http('instead of a test: healthy if this answers with success'),
	disable: value(truth, 'true | false', 'false', 'true: no checks are made'),
	interval: value(orUsual('30s'), 'duration', '30s', 'from one check to the next'),
	timeout: value(orUsual('30s'), 'duration', '30s', 'how long one check may take'),
	retries: value(retries, 'number', '3', 'consecutive failures that make it unhealthy'),
	success_threshold: value(whole(1, 1000), 'number', '1', 'consecutive successes that make it healthy'),
	start_period: value(duration, 'duration', '0s', 'failures this soon after the start do not count'),
	start_interval: value(orUsual('5s'), 'duration', '5s', 'from one check to the next within the start period'),
	on_unhealthy: value(
		oneOf<Health['onUnhealthy']>(['none', 'restart', 'shutdown']), 'none | restart | shutdown', 'none',
		'what happens then: nothing, a restart of the service, or the end of the container',
	),
}, {
	words: () => ({
		names: {
			test: 'cmd command exec',
			http: 'httpGet url',
			tcp: 'port tcpSocket',
			interval: 'period periodSeconds',
			timeout: 'timeoutSeconds',
			retries: 'failureThreshold threshold failures',
			start_period: 'initialDelay initialDelaySeconds',
			on_unhealthy: 'onFailure on_failed action',
		},
		others: [['enabled enable', 'disable', 'write disable: true to switch it off']],
	}),
});

const KEYS = {
	healthcheck: key<Health | null>(
		reader(() => ({shape: HEALTHCHECK}), readHealth), 'map', 'none', null, 'repeated checks that it still works',
		'{http: "http://localhost:8080/health", interval: 10s, on_unhealthy: restart}',
	),
};

type Own = Settings<typeof KEYS>;

export const healthcheck = {
	keys: KEYS,
	maps: [['services.<name>.healthcheck', HEALTHCHECK], ['http, of ready and healthcheck', HTTP]],
	merge: {healthcheck: oneWayOf('test', 'tcp', 'http', 'disable')},
	words: () => ({
		names: {healthcheck: 'liveness_probe health'},
		others: [['on-check-failure', 'healthcheck', 'write healthcheck: {on_unhealthy: restart}']],
	}),
	conflicts: (service: Written<Own & {readonly type: Type}>, {problems}: Planning) =>
		refuseForOneshot(service, 'healthcheck', problems.report),
	advise: (service: Written<Own>, advising: Advising) =>
		noteTls(service, 'healthcheck', service.settings.healthcheck?.probe ?? null, advising),
	plan: ({healthcheck: health}: Own): Part => ({health}),
} satisfies ServiceGroup;

/** Noted once for all of them. */
const UNTESTED = 'without test, tcp or http, so that no checks are made';

const WAYS = ['test', 'tcp', 'http'] as const;

/** Null: there are no checks. */
function readHealth(from: Value, context: Context): Health | null | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map');
	const settings = readShape(HEALTHCHECK, from, context);
	const {test, tcp, http, disable, success_threshold: successes, start_period: startPeriod} = settings;
	if (disable || test === 'none') return null;
	const {entries} = withoutNothing(from);
	const [way, second] = WAYS.filter(each => entries.has(each));
	if (way === undefined) {
		// In compose this changes the image's own healthcheck, which archon does not know.
		const known = [...entries.keys()].every(name => Object.hasOwn(HEALTHCHECK.keys, name));
		if (known) context.note(from, UNTESTED, context.path);
		return null;
	}
	if (second !== undefined) {
		return refuse(from.entries.get(second)?.key ?? from, context, `has both ${way} and ${second}`, 'keep one');
	}
	const probe: Probe | null = tcp ?? http ?? (test && {kind: 'exec', command: test});
	if (!probe) return undefined;
	const {interval, timeout, retries, start_interval: startInterval, on_unhealthy: onUnhealthy} = settings;
	return {probe, interval, timeout, retries, successes, startPeriod, startInterval, onUnhealthy};
}

/** As compose has it. */
function tests(): Schema {
	const list: Schema = {type: 'array', items: [words('CMD', 'CMD-SHELL'), someText()], additionalItems: anyText(), minItems: 2};
	const none: Schema = {type: 'array', items: [words('NONE')], additionalItems: false, minItems: 1};
	return {...either(someText(), list, none), examples: ['curl -f http://localhost', ['CMD', 'pg_isready', '-q']]};
}

function readTest(from: Value, context: Context): Command | 'none' | undefined {
	if (from.kind === 'map') return refuse(from, context, 'must be text for a shell or a list, not a map');
	if (from.kind === 'list') return readTestList(from, context);
	const written = readBy(text)(from, context);
	return written === undefined ? undefined : shell(written);
}

function readTestList(from: List, context: Context): Command | 'none' | undefined {
	const texts = from.items.map((item, index) => readText(item, within(context, index)));
	if (texts.includes(undefined)) return undefined;
	const [word, ...rest] = texts.filter(each => each !== undefined);
	const command = toCommand(rest);
	if (word === 'NONE' && rest.length === 0) return 'none';
	if (word === 'CMD' && command) return command;
	// docker makes the further ones $0, $1 and so on.
	if (word === 'CMD-SHELL' && command) return [...shell(command[0]), ...command.slice(1)];
	return refuse(from, context, 'must be [CMD, program, …], [CMD-SHELL, text] or [NONE]');
}

const shell = (script: string): readonly [string, ...string[]] => ['/bin/sh', '-c', script];
