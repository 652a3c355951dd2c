/** `restart`, `success_codes`, `restart_on`, `fatal_codes`: when a service is started again, and which ends mean what. */
import {NO_ENDS, RESTART as DEFAULTS} from '../../core/defaults.ts';
import {type Ends, GROWTHS, type RestartPolicy} from '../../core/service.ts';
import {signalName} from '../../core/signal-numbers.ts';
import {either, oneOrMore} from '../accepts.ts';
import type {Part, ServiceGroup, Written} from '../group.ts';
import {key, optional, value} from '../key.ts';
import {united} from '../merge.ts';
import type {Planning} from '../planning.ts';
import {readBy, readListOf, refuse} from '../readers.ts';
import {attempts, decimal, duration, ending, grace, oneOf, policy, restart as word} from '../scalars.ts';
import {reader, readShape, shape, type Context, type Key, type Settings} from '../shape.ts';
import {sharing} from '../sharing.ts';
import {isNothing, writtenAt, type Mapping, type Value} from '../values.ts';
import type {Type} from './type.ts';

const RESTART = shape({
	policy: optional(
		policy, 'no | always | on-failure | unless-stopped', 'as without a map', 'after which exits it is restarted',
	),
	delay: value(
		duration, 'duration', '100ms',
		'the pause before each restart; as long as it grows: before the second within the window, as the first is at once',
	),
	growth: optional(
		oneOf(GROWTHS), GROWTHS.join(' | '), 'constant if only delay is written, else exponential',
		'how the pause grows; linear: the nth is n times the delay',
	),
	factor: value(decimal(1, 100), 'number', '2', 'by how much the pause grows with each further restart'),
	max_delay: value(grace, 'duration | unlimited', '10s', 'the longest pause'),
	jitter: optional(decimal(0, 1), '0 to 1', '0.1; 0 if only delay is written', 'the share of the pause that is random', '0.5'),
	attempts: value(attempts, 'number | unlimited', '8', 'restarts within the window; at the next exit it has failed; with counts: starts 3'),
	counts: value(
		oneOf(['all', 'starts'] as const), 'all | starts', 'all',
		'starts: only failed starts count, and are tried again whatever the policy: by default after 1s, 2s, 3s',
	),
	window: value(grace, 'duration | unlimited', '60s', 'how long an exit counts against the attempts'),
	reset_after: value(duration, 'duration', '60s', 'after it has been up this long, earlier exits no longer count'),
}, {
	words: () => ({
		names: {
			policy: 'condition restart',
			attempts: 'max_attempts max_retries retries limit count StartLimitBurst max_restarts',
			delay: 'backoff backoff_seconds RestartSec',
			max_delay: 'backoff-limit',
			factor: 'backoff-factor',
			window: 'StartLimitIntervalSec interval',
		},
	}),
});

/** A key with exit statuses and signals. */
const ends = (fallback: string, initial: Ends, help: string): Key<Ends> =>
	key(reader(() => oneOrMore(ending.accepts()), readEnds), 'list of exit statuses and signals', fallback, initial, help);

const KEYS = {
	restart: key(
		reader(() => either(word.accepts(), {shape: RESTART}), readRestart),
		'no | always | on-failure[:N] | unless-stopped | map', 'always; no for oneshot or essential',
		RESTART.initial, 'when it is restarted after it has exited by itself',
	),
	success_codes: ends('0', DEFAULTS.success, 'exits that count as success, whatever the policy; all others are failures'),
	restart_on: ends('empty', NO_ENDS, 'exits after which it is restarted, whatever the policy'),
	fatal_codes: ends('126, 127', DEFAULTS.fatal, 'exits after which it is never restarted'),
};

type Own = Settings<typeof KEYS>;
type Deciding = Own & {readonly type: Type; readonly essential: boolean};

const shared = sharing<RestartPolicy>();

export const restart = {
	keys: KEYS,
	merge: {success_codes: united(), restart_on: united(), fatal_codes: united()},
	reads: ['type', 'essential'],
	maps: [['services.<name>.restart', RESTART]],
	words: () => ({
		names: {
			success_codes: 'exitcodes SuccessExitStatus expected_exit_codes stop_exit_codes',
			restart_on: 'RestartForceExitStatus',
			fatal_codes: 'RestartPreventExitStatus',
		},
		others: [
			['autorestart restart_policy availability', 'restart', 'write restart: always, on-failure or no'],
			['startretries max_restarts max_retries StartLimitBurst restart-limit-count', 'restart', 'write restart: {attempts: N}'],
			['RestartSec restart_delay backoff-delay exp_backoff_restart_delay', 'restart', 'write restart: {delay: 1s}'],
			['backoff-factor', 'restart', 'write restart: {factor: 2}'],
			['backoff-limit RestartMaxDelaySec', 'restart', 'write restart: {max_delay: 10s}'],
			['StartLimitInterval StartLimitIntervalSec restart-limit-interval', 'restart', 'write restart: {window: 60s}'],
			['min_uptime', 'restart', 'write restart: {reset_after: 60s}'],
			['on-success', 'restart', 'write restart: always or on-failure, or essential: true to end the container'],
		],
	}),
	conflicts({path, map, settings: {restart_on: forced, fatal_codes: fatal}}: Written<Own>, {problems}: Planning) {
		const place = writtenAt(map, 'restart_on')?.key;
		const both = place && writtenAt(map, 'fatal_codes') ? endsInBoth(forced, fatal) : [];
		if (place && both.length > 0) problems.report(place, `${path} has ${both.join(', ')} both in restart_on and in fatal_codes`);
	},
	plan: (settings: Deciding): Part => ({restart: shared(policyOf(settings))}),
} satisfies ServiceGroup;

function endsInBoth(some: Ends, others: Ends): readonly string[] {
	return [
		...some.codes.filter(code => others.codes.includes(code)).map(code => `exit ${code}`),
		...some.signals.filter(signal => others.signals.includes(signal)).map(signalName),
	];
}

function policyOf(
	{restart, type, essential, success_codes: success, restart_on: force, fatal_codes: fatal}: Deciding,
): RestartPolicy {
	const {policy, growth, delay, factor, max_delay: maxDelay, jitter, attempts, counts, window, reset_after: resetAfter} = restart;
	const fallback = type === 'oneshot' || essential ? 'no' : 'always';
	const told = counts === 'starts' && fatal === DEFAULTS.fatal ? NO_ENDS : fatal;
	return {
		...DEFAULTS,
		policy: policy ?? fallback, growth: growth ?? DEFAULTS.growth, delay, factor, maxDelay, jitter: jitter ?? DEFAULTS.jitter,
		attempts, counts, window, resetAfter, success, force,
		// A config that restarts on 126 knows better than what is usual; naming it in both keys has been reported.
		fatal: force.codes.length === 0 ? told : {...told, codes: told.codes.filter(code => !force.codes.includes(code))},
	};
}

/** A key without a value leaves the default; an empty list means no exits at all. */
function readEnds(from: Value, context: Context): Ends | undefined {
	if (isNothing(from)) return undefined;
	return readListOf(readBy(ending))(from, context)?.reduce((all: Ends, each) => 'code' in each
		? {...all, codes: [...all.codes, each.code]}
		: {...all, signals: [...all.signals, each.signal]}, NO_ENDS);
}

function readRestart(from: Value, context: Context): Settings<typeof RESTART.keys> | undefined {
	const initial = RESTART.initial;
	if (from.kind !== 'map') {
		const said = readBy(word)(from, context);
		return said && {...initial, policy: said.policy, attempts: said.attempts ?? initial.attempts};
	}
	const settings = withStarts(withPlainDelay(readShape(RESTART, from, context), from), from);
	const longest = from.entries.get('max_delay');
	if (settings.delay <= settings.max_delay) return settings;
	if (longest) return refuse(longest.value, context, 'has a max_delay that is shorter than its delay');
	return {...settings, max_delay: settings.delay};
}

/** A delay by itself is the pause before each restart, as with other supervisors: the pause grows only where more is written. */
function withPlainDelay(settings: Settings<typeof RESTART.keys>, from: Mapping): Settings<typeof RESTART.keys> {
	const isPlain = writtenAt(from, 'delay') && !writtenAt(from, 'growth') && !writtenAt(from, 'factor') && !writtenAt(from, 'max_delay');
	return isPlain ? {...settings, growth: 'constant', jitter: settings.jitter ?? 0} : settings;
}

/** What supervisord does where nothing else is written. */
const STARTS = {growth: 'linear', delay: 1000, max_delay: Infinity, attempts: 3, window: Infinity} as const;

function withStarts(settings: Settings<typeof RESTART.keys>, from: Mapping): Settings<typeof RESTART.keys> {
	if (settings.counts !== 'starts') return settings;
	const unwritten = Object.entries(STARTS).filter(([name]) => !writtenAt(from, name) && !(name === 'growth' && settings.growth !== null));
	return {...settings, ...Object.fromEntries(unwritten)};
}
