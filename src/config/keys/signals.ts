/** `signals` at the top: what signals to archon mean. */
import {ok} from '../../core/result.ts';
import {signalName, signalNumber, type SignalNumber} from '../../core/signal-numbers.ts';
import {type Forward, CATCHABLE, type Meaning, type SignalRules} from '../../core/signals.ts';
import {MAIN} from '../command-service.ts';
import {bySignal, caughtSignal, either, words} from '../accepts.ts';
import type {WholePlanning, WholeGroup} from '../group.ts';
import {key, optional} from '../key.ts';
import {instancesOf} from '../names.ts';
import {didYouMean, quote, quoteWritten} from '../problems.ts';
import {readBy, readListOf, refuse} from '../readers.ts';
import {fault, parser, signal, text} from '../scalars.ts';
import {reader, readShape, shape, within, type Context, type Settings} from '../shape.ts';
import {isNothing, kindOf, type Value} from '../values.ts';

const FORWARD = shape({
	to: key<readonly string[]>(
		readListOf(readBy(text)), 'service | list of services', 'main', [], 'the services that it is forwarded to', '[web, worker]',
	),
	signal: optional(signal, 'signal', 'as it came', 'the signal that they are sent'),
});

/** A signal and its meaning as they are written; names of services are still to be looked up. */
interface Rule {
	readonly signal: SignalNumber;
	readonly meaning: Meaning;
	/** Where it stands: `signals.USR1`. */
	readonly path: string;
	readonly at: Value;
}

const WORDS = ['shutdown', 'reload', 'reopen', 'ignore'] as const;

const meanings = () => either(words(...WORDS), caughtSignal());

/** A word of what archon does, or the signal that `main` is sent instead. */
const meaning = parser<Meaning>(meanings, written => {
	const word = WORDS.find(each => each === written);
	if (word) return ok(word);
	const as = signalNumber(written);
	// STOP and KILL would be taken for words of what archon does.
	if (as !== null && CATCHABLE.includes(as)) return ok({to: [MAIN], as});
	return fault('is not what a signal can mean', `write ${WORDS.join(', ')}, a signal for main, or {to: SERVICE, signal: SIGNAL}`);
});

const KEYS = {
	signals: key<readonly Rule[]>(
		reader(() => bySignal(either(...meanings().anyOf, {shape: FORWARD})), readSignals),
		'map from signal to shutdown | reload | reopen | ignore | signal | map', 'see the page Signals', [],
		'what archon does on a signal; a signal here is sent to main instead', '{USR1: reopen, HUP: {to: web}}',
	),
};

export const signals = {
	keys: KEYS,
	maps: [['signals.<name>', FORWARD]],
	plan: ({signals}: Settings<typeof KEYS>, planning: WholePlanning) => ({signals: rulesOf(signals, planning)}),
} satisfies WholeGroup;

function readSignals(from: Value, context: Context): readonly Rule[] | undefined {
	if (isNothing(from)) return [];
	if (from.kind !== 'map') return refuse(from, context, `must be a map from signals to what they mean, not ${kindOf(from)}`);
	const rules = new Map<SignalNumber, Rule>();
	for (const [name, {key, value}] of from.entries) {
		const inner = within(context, name);
		const number = signalNumber(name);
		if (number === null) {
			refuse(key, context, `names ${quote(name)}, which is not a signal`, 'write a name such as WINCH, USR1 or RTMIN+3');
		} else if (!CATCHABLE.includes(number)) {
			refuse(key, context, `names ${signalName(number)}, which cannot be caught`);
		} else if (rules.has(number)) {
			refuse(key, context, `names ${signalName(number)} twice`);
		} else {
			const means = readMeaning(value, inner);
			if (means !== undefined) rules.set(number, {signal: number, meaning: means, path: inner.path, at: value});
		}
	}
	return [...rules.values()];
}

function readMeaning(from: Value, context: Context): Meaning | undefined {
	if (from.kind !== 'map') return readBy(meaning)(from, context);
	const {to, signal: as} = readShape(FORWARD, from, context);
	return {to: to.length > 0 ? to : [MAIN], as};
}

/** The rules with the instances of services in place of their names; `scales`: how many each service that is written has. */
function rulesOf(rules: readonly Rule[], {scales, report}: WholePlanning): SignalRules {
	return rules.map(({signal: number, meaning: means, path, at}) => {
		if (typeof means !== 'object') return [number, means];
		const written = at.kind === 'map' ? at.entries.get('to')?.value : undefined;
		const to = means.to.flatMap((name, index) => {
			// A command on the command line makes main, and may be left out.
			if (name !== MAIN && !scales.has(name)) {
				const place = written?.kind === 'list' ? written.items[index] : written;
				const said = `${path} names ${quoteWritten(place ?? at, name)}, which is not a service`;
				report(at, said, () => didYouMean(name, [...scales.keys(), MAIN]));
			}
			// With no instances, the plain name still says which service is missing.
			const scale = scales.get(name) ?? 1;
			return scale === 0 ? [name] : instancesOf(name, scale);
		});
		return [number, {to, as: means.as} satisfies Forward];
	});
}
