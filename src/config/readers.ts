/** Readers of what a key may hold: one text, the words of a command, the variables of an environment. */
import {splitWords} from '../core/words.ts';
import {quote, type Place} from './problems.ts';
import type {Parse} from './scalars.ts';
import {within, type Context, type Reader} from './shape.ts';
import {isNothing, kindOf, type Value} from './values.ts';

/** The text of a scalar that says something which can be handed to a program. */
export function readText(value: Value, context: Context): string | undefined {
	if (value.kind !== 'scalar') return refuse(value, context, `must be a single value, not ${kindOf(value)}`);
	if (isNothing(value)) return refuse(value, context, 'needs a value');
	if (value.text.includes('\0')) return refuse(value, context, 'holds a NUL character');
	return value.text;
}

/** Reads one text for what it means. */
export const readBy = <T>(parse: Parse<T>): Reader<T> => (value, context) => {
	const text = readText(value, context);
	if (text === undefined) return undefined;
	const result = parse(text);
	if (result.ok) return result.value;
	context.report(value, `${context.path}: ${quote(text)} ${result.error.why}`, result.error.hint);
	return undefined;
};

/** A command: words as in a shell, or a list with one word for each item. */
export const readWords: Reader<readonly string[]> = (value, context) => {
	if (value.kind === 'map') return refuse(value, context, 'must be words or a list of words, not a map');
	if (value.kind === 'list') {
		const words = value.items.map((item, index) => readText(item, within(context, index)));
		return words.includes(undefined) ? undefined : words.filter(word => word !== undefined);
	}
	const text = readText(value, context);
	if (text === undefined) return undefined;
	const words = splitWords(text);
	return words.ok ? words.value : refuse(value, context, `cannot be split into words: ${words.error}`);
};

/**
 * compose-spec `environment`: a map, or a list of NAME=value. A name without a value leaves the variable as
 * archon has it, so it is not set here.
 */
export const readEnvironment: Reader<Readonly<Record<string, string>>> = (value, context) => {
	if (isNothing(value)) return {};
	const variables = new Map<string, string>();
	const set = (name: string, content: string | null | undefined, place: Place, from: Value) => {
		if (name === '' || /[=\0]/.test(name)) {
			context.report(place, `${context.path}: ${quote(name)} cannot be a variable's name`);
		} else if (content === null) {
			variables.delete(name);
		} else if (content !== undefined) {
			variables.set(name, content);
			noteVariables(content, from, context);
		}
	};
	if (value.kind === 'map') {
		for (const [name, {key, value: content}] of value.entries) {
			set(name, isNothing(content) ? null : readText(content, within(context, name)), key, content);
		}
	} else if (value.kind === 'list') {
		for (const [index, item] of value.items.entries()) {
			const text = readText(item, within(context, index));
			if (text === undefined) continue;
			const [name = '', ...rest] = text.split('=');
			set(name, rest.length === 0 ? null : rest.join('='), item, item);
		}
	} else {
		return refuse(value, context, 'must be a map or a list of NAME=value');
	}
	// Not by assignment: a variable may be called __proto__.
	return Object.fromEntries(variables);
};

/** compose would put variables' values in. A command may mean them for its shell; here nobody else will. */
function noteVariables(text: string, place: Place, {note}: Context): void {
	for (const [variable] of text.matchAll(/\$\{[^}]*\}/g)) {
		note(place, 'variables are not expanded, so these stay as they are written', variable);
	}
}

/** Reports that a value cannot stand where it does. */
export function refuse(place: Place, {path, report}: Context, why: string, hint?: string): undefined {
	report(place, `${path} ${why}`, hint);
}
