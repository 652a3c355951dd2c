/** Readers of what a key may hold: one text, the words of a command, the variables of an environment. */
import type {Command} from '../core/service.ts';
import {splitWords} from '../core/words.ts';
import {anyText, either, listOf, mapOf, oneOrMore, someText} from './accepts.ts';
import {expand, lookupIn, UNSET, type Environment, type Fault, type Lookup} from '../core/variables.ts';
import {quoteWritten, writtenIn, type Place} from './problems.ts';
import type {Parse} from './scalars.ts';
import {reader, readShape, within, type Context, type Keys, type Reader, type Schema, type Settings, type Shape} from './shape.ts';
import {isNothing, kindOf, type Scalar, type Value} from './values.ts';

/** The text of a scalar that says something which can be handed to a program. */
export function readText(value: Value, context: Context): string | undefined {
	if (value.kind !== 'scalar') return refuseKind(value, context, 'a single value');
	if (isNothing(value)) return refuse(value, context, 'needs a value');
	if (value.text.includes('\0')) return refuse(value, context, 'holds a NUL character');
	return context.environment && value.text.includes('$') ? expandText(value, context.environment, context) : value.text;
}

/** Variables that only a process has, and what says the same in a text. */
const LATE: ReadonlyMap<string, string> = new Map([
	['ARCHON_INSTANCE', '{instance}, or '], ['ARCHON_SERVICE', '{service} or {name}, or '], ['ARCHON_RUN', ''],
]);

/** What variables stand for at a place: archon's own outrank those that are for its text alone. */
export function lookupAt({source: {variables}}: Place, environment: Environment): Lookup {
	const own = lookupIn(environment);
	if (!variables) return own;
	const further = lookupIn(variables);
	return name => own(name) ?? further(name);
}

function expandText(value: Scalar, environment: Environment, context: Context): string | undefined {
	const own = lookupAt(value, environment);
	const late = new Set<string>();
	const lookup = (name: string): string | undefined => {
		const content = own(name);
		if (content === undefined && LATE.has(name)) late.add(name);
		return content;
	};
	const expanded = expand(value.text, lookup, name => void (LATE.has(name) || context.note(value, UNSET, name)));
	for (const name of late) {
		const why = `${context.path}: \${${name}} is not known when the config is read`;
		context.report(value, why, `write ${LATE.get(name)}$$${name} for a shell to expand`);
	}
	if (expanded.ok) return expanded.value;
	return refuseText(value, value.text, expanded.error, context);
}

function refuseText(place: Place, text: string, {why, hint}: Fault, {path, report}: Context): undefined {
	report(place, `${path}: ${quoteWritten(place, text)} ${why}`, hint);
}

/** Reads one text for what it means. */
export const readBy = <T>(parse: Parse<T>): Reader<T> => reader(parse.accepts, (value, context) => {
	const text = readText(value, context);
	if (text === undefined) return undefined;
	const result = parse(text);
	if (result.ok) return result.value;
	return refuseText(value, text, writtenIn(value) === null ? result.error : hidden(result.error, text, value, context), context);
});

/** What is wrong with a text that holds variables, without their values; and which of them are not set. */
function hidden({why, hint}: Fault, text: string, value: Value, context: Context): Fault {
	const shown = hint === null || hint.includes('"') || (text !== '' && hint.includes(text)) ? null : hint;
	return {why: why.replaceAll(/"[^"]*"/g, '"…"'), hint: unsetIn(value, context.environment) ?? shown};
}

/** As a hint: which variables of a text are not set; null if all are. */
export function unsetIn(value: Value, environment: Environment | null): string | null {
	const names = new Set<string>();
	if (environment && writtenIn(value) !== null) expand((value as Scalar).text, lookupAt(value, environment), name => names.add(name));
	return names.size === 0 ? null : `${[...names].join(', ')} ${names.size === 1 ? 'is' : 'are'} not set`;
}

/** A list, for which a single value may stand. */
export const readListOf = <T>(read: Reader<T>): Reader<readonly T[]> => reader(() => oneOrMore(read.accepts()), (value, context) => {
	if (isNothing(value)) return [];
	if (value.kind !== 'list') {
		const item = read(value, context);
		return item === undefined ? undefined : [item];
	}
	const items = value.items.map((item, index) => read(item, within(context, index)));
	return items.includes(undefined) ? undefined : items.filter(item => item !== undefined);
});

/** The same, but what cannot be read hides nothing of the others: it has been reported, and is left out. */
export const readEachOf = <T>(read: Reader<T>): Reader<readonly T[]> => reader(() => oneOrMore(read.accepts()), (value, context) => {
	const items = value.kind === 'list' ? value.items.map((item, index) => read(item, within(context, index)))
		: isNothing(value) ? [] : [read(value, context)];
	return items.filter(item => item !== undefined);
});

/** A map with the keys of a table. */
export const readMap = <K extends Keys>(shape: Shape<K>): Reader<Settings<K>> => reader(() => ({shape}), (value, context) => {
	if (value.kind !== 'map') return refuseKind(value, context, 'a map');
	return readShape(shape, value, context);
});

/** A command: words as in a shell, or a list with one word for each item. */
export const readWords: Reader<readonly string[]> = reader(() => either(anyText(), listOf(anyText())), (value, context) => {
	if (value.kind === 'map') return refuse(value, context, 'must be words or a list of words, not a map');
	if (value.kind === 'list') {
		const words = value.items.map((item, index) => readText(item, within(context, index)));
		return words.includes(undefined) ? undefined : words.filter(word => word !== undefined);
	}
	const text = readText(value, context);
	if (text === undefined) return undefined;
	const words = splitWords(text);
	return words.ok ? words.value : refuse(value, context, `cannot be split into words: ${words.error}`);
});

/** Null: there is no program among the words. */
export const toCommand = ([program = '', ...args]: readonly string[]): Command | null =>
	program === '' ? null : [program, ...args];

/** A command that must be one. */
export const readCommand: Reader<Command> = reader(commandSchema, (value, context) => {
	const words = readWords(value, context);
	return words && (toCommand(words) ?? refuse(value, context, 'is an empty command'));
});

function commandSchema(): Schema {
	const list: Schema = {type: 'array', items: [someText()], additionalItems: anyText(), minItems: 1};
	return {name: 'command', ...either(someText(), list), examples: ['nginx -g "daemon off;"', ['sh', '-c', 'exec app --port=80']]};
}

/**
 * compose-spec `environment`: a map, or a list of NAME=value. A name without a value has the one that archon
 * has for it, if any.
 */
export const readEnvironment: Reader<Readonly<Record<string, string>>> = reader(environmentSchema, (value, context) => {
	if (isNothing(value)) return {};
	const variables = new Map<string, string>();
	const set = (name: string, content: string | null | undefined, place: Place) => {
		if (name === '' || /[=\0]/.test(name)) {
			context.report(place, `${context.path}: ${quoteWritten(place, name)} cannot be a variable's name`);
			return;
		}
		const value = content === null ? lookupAt(place, context.environment ?? {})(name) : content;
		if (value !== undefined) variables.set(name, value);
		else if (content === null) variables.delete(name);
	};
	if (value.kind === 'map') {
		for (const [name, {key, value: content}] of value.entries) {
			set(name, isNothing(content) ? null : readText(content, within(context, name)), key);
		}
	} else if (value.kind === 'list') {
		for (const [index, item] of value.items.entries()) {
			const text = readText(item, within(context, index));
			if (text === undefined) continue;
			const [name = '', ...rest] = text.split('=');
			set(name, rest.length === 0 ? null : rest.join('='), item);
		}
	} else {
		return refuseKind(value, context, 'a map or a list of NAME=value');
	}
	// Not by assignment: a variable may be called __proto__.
	return Object.fromEntries(variables);
});

function environmentSchema(): Schema {
	const content: Schema = {type: ['string', 'number', 'boolean', 'null']};
	const list = listOf({...anyText(), pattern: '^[^=]'});
	return {name: 'environment', ...either(mapOf(content, '^[^=]+$'), list), examples: [{LANG: 'C.UTF-8'}, ['LANG=C.UTF-8', 'HOME']]};
}

/** Reports that a value cannot stand where it does. */
export function refuse(place: Place | Value, {path, report}: Context, why: string, hint?: string | null): undefined {
	if (!('isSpoilt' in place)) report(place, `${path} ${why}`, hint);
}

/** Reports that a value is not what it must be, as in `a map`. */
export const refuseKind = (value: Value, context: Context, what: string): undefined =>
	refuse(value, context, `must be ${what}, not ${kindOf(value)}`, misread(value));

/** As a hint: the mistake by which a map or list became text. */
export function misread(value: Value): string | null {
	if (value.kind !== 'scalar' || !value.plain) return null;
	const name = /^([\w./-]+):(?!\/\/)\S/.exec(value.text)?.[1];
	if (name !== undefined) return `write a space after ${name}:`;
	if (/^-[^\s-]/.test(value.text)) return 'write a space after each -';
	return /^[A-Za-z_]\w* *=/.test(value.text) ? 'write NAME: value, or - NAME=value' : null;
}
