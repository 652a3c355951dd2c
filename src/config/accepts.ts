/** Pieces of which readers say what they accept, in the words of JSON Schema. All are made when they are asked for: at a start, never. */
import {CAPABILITIES} from '../core/linux.ts';
import {RESTARTS} from '../core/service.ts';
import {SIGNAL_NAMES} from '../core/signal-numbers.ts';
import type {Schema} from './shape.ts';

/** Any text that says something. A number and a boolean are texts too. */
export const someText = (): Schema => ({type: ['string', 'number', 'boolean'], minLength: 1});

/** Any text at all. */
export const anyText = (): Schema => ({type: ['string', 'number', 'boolean']});

/** A text that a regular expression says, and which YAML does not take for a number. */
export const textLike = (pattern: string, ...examples: readonly string[]): Schema => ({type: 'string', pattern, ...withExamples(examples)});

const withExamples = (examples: readonly unknown[]): Schema => (examples.length > 0 ? {examples} : {});

/** A number, with digits as text, or as `pattern` says. */
export const number = (type: 'integer' | 'number', least: number, most: number, pattern?: string): Schema => ({
	type: [type, 'string'], minimum: least, maximum: most,
	pattern: pattern ?? `^${least < 0 ? '[+-]?' : ''}\\d{1,15}${type === 'number' ? '(\\.\\d{1,15})?' : ''}$`,
});

/** One of some words. */
export const words = (...words: readonly string[]): Schema => ({enum: words});

/** A pattern for words in small or in capital letters. */
const inEitherCase = (words: readonly string[]): string =>
	[...words.map(word => word.toUpperCase()), ...words.map(word => word.toLowerCase())].join('|');

/** Any of several. */
export const either = (...anyOf: readonly Schema[]): {readonly anyOf: readonly Schema[]} => ({anyOf});

export const listOf = (items: Schema, bounds: Pick<Schema, 'minItems' | 'maxItems' | 'uniqueItems'> = {}): Schema =>
	({type: 'array', items, ...bounds});

/** One, or a list of them. */
export const oneOrMore = (item: Schema): Schema => either(...item.anyOf && !item.name ? item.anyOf : [item], listOf(item));

/** A map, whose keys `keys` says. */
export const mapOf = (value: Schema, keys?: string): Schema => ({
	type: 'object', ...keys === undefined ? {additionalProperties: value} : {patternProperties: {[keys]: value}, additionalProperties: false},
});

/** A map of services, or of programs. */
export const byName = (item: Schema): Schema => ({...mapOf(item, NAME), minProperties: 1});

/** What a service or a group may be called. */
export const NAME = String.raw`^(?!(all|archon)$|archon\.)[A-Za-z0-9][A-Za-z0-9_.-]*$`;

/** `others`: what else means that there is no end. */
export const orUnlimited = (schema: Schema, ...others: readonly (string | number)[]): Schema =>
	either(schema, {enum: ['unlimited', ...others]});

/** In ms. */
export const duration = (least: number, most = 604_800_000): Schema =>
	({...number('number', least / 1000, most / 1000, DURATION), minLength: 1, examples: ['10s', '1m30s', '500ms']});

/** A text for a duration, or an empty one. */
export const DURATION = String.raw`^\d+(\.\d+)?$|^(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?(\d+(\.\d+)?ms)?(\d+(\.\d+)?[uµ]s)?$`;

export const octal = (example: string): Schema => ({...number('integer', 0, 777, '^(0o)?0?[0-7]{1,3}$'), examples: [example]});

export const signal = (): Schema => ({
	name: 'signal',
	anyOf: [words(...SIGNAL_NAMES), number('integer', 1, 64, SIGNAL_NUMBER), textLike(`^${signalPattern(SIGNAL_NAMES)}$`)],
	examples: ['TERM', 'SIGINT', 'RTMIN+3'],
});

/** The same of a signal that can be caught. */
export const caughtSignal = (): Schema =>
	either(words(...CAUGHT), number('integer', 1, 64, SIGNAL_NUMBER), textLike(`^${signalPattern(CAUGHT)}$`));

/** A map by signals that can be caught. */
export const bySignal = (item: Schema): Schema => mapOf(item, `^${signalPattern(CAUGHT)}$|${SIGNAL_NUMBER}`);

const SIGNAL_NUMBER = String.raw`^0*([1-9]|[12]\d|3[014-9]|[45]\d|6[0-4])$`;
const CAUGHT = SIGNAL_NAMES.filter(name => name !== 'KILL' && name !== 'STOP');

/** Names as people write them, with those of real-time signals. */
function signalPattern(names: readonly string[]): string {
	const aliases = inEitherCase([...names, 'IOT', 'CLD', 'POLL']);
	return `(SIG|sig)?(${aliases}|(RTMIN|rtmin)(\\+([12]?\\d|30))?|(RTMAX|rtmax)(-([12]?\\d|30))?)`;
}

/** An exit status, or a signal. */
export const ending = (): Schema => either(number('integer', 0, 255), signal());

const ACCOUNT = String.raw`(\d+|[^\s/:-][^\s/:]*)`;
const ACCOUNT_MAX = 4_294_967_294;

export const account = (...examples: readonly string[]): Schema =>
	({name: 'user', ...number('integer', 0, ACCOUNT_MAX, `^${ACCOUNT}(:${ACCOUNT})?$`), examples});

export const group = (): Schema => ({...number('integer', 0, ACCOUNT_MAX, String.raw`^(\d+|[^\s/-][^\s/]*)$`), examples: ['audio']});

/** A port, or a text with one. */
export const port = (pattern: string): Schema => ({...number('integer', 1, 65_535, pattern), examples: [5432, 'db:5432', '[::1]:5432']});

/** Of setrlimit(2). */
export const limit = (): Schema => orUnlimited(number('integer', -1, Number.MAX_SAFE_INTEGER, String.raw`^(\d{1,15}|-1)$`));

export const attempts = (most: number): Schema => orUnlimited(number('integer', 0, most));

export const capability = (): Schema => ({
	name: 'capability',
	anyOf: [words('ALL', ...CAPABILITIES), textLike(`^(CAP_|cap_)?(${inEitherCase(['ALL', ...CAPABILITIES])})$`)],
	examples: ['NET_BIND_SERVICE', 'ALL'],
});

/** `classes`: the last one has no levels. */
export const ioPriority = (classes: readonly string[]): Schema =>
	either(words(...classes), textLike(`^(${classes.slice(0, -1).join('|')}):[0-7]$`, 'best-effort:7'));

/** YAML 1.1's words too. */
export const truth = (): Schema =>
	({name: 'boolean', type: ['boolean', 'string'], pattern: `^(${inAnyCase('true', 'false', 'yes', 'no', 'on', 'off')})$`});

/** A pattern for words in small or in capital letters, or both. */
const inAnyCase = (...words: readonly string[]): string =>
	words.map(word => word.replaceAll(/[a-z]/g, letter => `[${letter.toUpperCase()}${letter}]`)).join('|');

/** compose-spec `restart`. YAML may take its `no` for a boolean. */
export const policy = (): Schema =>
	either({enum: [...RESTARTS, false]}, textLike(`^(${inAnyCase('no', 'false', 'off')})$`));

export const restart = (): Schema => either({enum: [...RESTARTS, false]}, textLike(
	`^(on-failure:([1-9]\\d{0,2}|1000)|${inAnyCase('no', 'false', 'off')})$`, 'on-failure:3',
));
