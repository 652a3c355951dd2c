/**
 * Words in braces that stand for one instance of a service, in any of its texts but those that make up the graph:
 * `{instance}` (or `{index}`) is its number from 0, `{service}` what the config calls it, `{name}` web-0, or web where it is
 * alone. Nothing else in braces means anything, nor do these after another brace, `$` or `%`; after a backslash, which
 * is taken away, they stand for themselves.
 */
import {PLACEHOLDERS, placeholderValues} from '../features/logging/core.ts';
import type {Mapping, Value} from './values.ts';

const WORDS = PLACEHOLDERS.filter(word => word !== 'stream').join('|');
const PLACEHOLDER = new RegExp(`(?<![{$%\\\\])\\{(${WORDS})\\}|\\\\(\\{(?:${WORDS})\\})`, 'g');

/** The keys of a service that hold placeholders; `without`: keys of which every instance has the same, whatever is in them. */
export const varyingIn = ({entries}: Mapping, without: ReadonlySet<string>): readonly string[] =>
	[...entries].flatMap(([key, {value}]) => (!without.has(key) && hasPlaceholder(value) ? [key] : []));

/** The value with its placeholders filled in for an instance, as `web:1`. */
export function fillIn(value: Value, instance: string): Value {
	const values = placeholderValues(instance);
	const put = (_: string, word?: string, plain?: string): string => plain ?? values[word ?? ''] ?? '';
	const fill = (value: Value): Value => {
		switch (value.kind) {
			case 'scalar': return {...value, text: value.text.replace(PLACEHOLDER, put)};
			case 'list': return {...value, items: value.items.map(fill)};
			case 'map': return {...value, entries: new Map([...value.entries].map(([key, entry]) => [key, {...entry, value: fill(entry.value)}]))};
		}
	};
	return fill(value);
}

function hasPlaceholder(value: Value): boolean {
	switch (value.kind) {
		case 'scalar': return value.text.includes('{') && value.text.search(PLACEHOLDER) >= 0;
		case 'list': return value.items.some(hasPlaceholder);
		case 'map': {
			for (const entry of value.entries.values()) if (hasPlaceholder(entry.value)) return true;
			return false;
		}
	}
}
