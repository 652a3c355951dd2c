/**
 * The config that all texts make together, as one value that does not depend on where it stands: variables have their
 * values, and paths begin at the root. Printed, it is a config that comes to the same.
 */
import {isAbsolute, resolve} from '../core/path.ts';
import {expand, type Environment} from '../core/variables.ts';
import {PLACEHOLDERS} from '../features/logging/core.ts';
import type {Root} from './plan.ts';
import {directoryOf, type Place} from './problems.ts';
import {lookupAt} from './readers.ts';
import {SAME_FOR_ALL, SERVICE} from './schema/service.ts';
import {TOP} from './schema/top.ts';
import {isNothing, type Entry, type Mapping, type Scalar, type Value} from './values.ts';

/** What stands for a secret: a config with it is refused, with these words. */
export const MASK = '${MASKED:?a secret is masked here, archonctl config --show-secrets shows it}';

/** What a config is made with. */
export interface Around {
	readonly variables: Environment;
	/** Where relative paths of archon begin. */
	readonly directory: string;
}

/** Whether a variable of this name may hold a secret. */
export const isSecret = (name: string): boolean => SECRET.test(name);

const SECRET =
	/pass(?:phrase)?$|password|passwd|secret|token|credential|authorization|cookie|api_?key|(?:^|_)(?:key|pwd|pw|auth|dsn|pat)$/i;

/** The texts as they are meant: `$` is a character like any other, `{instance}` still stands for each instance. */
export function expanded({value}: Root, around: Around): Value {
	if (value.kind !== 'map') return value;
	const context: Context = {...around, fills: false};
	return mapOf(value, (name, entry) => {
		if (name.startsWith('x-') || name === 'include') return null;
		if (name === 'configs' || name === 'secrets') return rooted(valueOf(entry, context), context, 'file');
		if (name !== 'services' || entry.kind !== 'map') return TOP.foreign.has(name) ? null : keyOf(name, entry, context);
		return mapOf(entry, (_, service) => (service.kind === 'map' ? serviceOf(service, context) : valueOf(service, context)));
	});
}

interface Context extends Around {
	/** Whether placeholders have one. */
	readonly fills: boolean;
}

const serviceOf = (service: Mapping, context: Context): Value => mapOf(service, (key, value) => {
	if (key.startsWith('x-') || key === 'extends' || (SERVICE.foreign.has(key) && key !== 'deploy')) return null;
	return keyOf(key, value, {...context, fills: !SAME_FOR_ALL.has(key)});
});

/** Keys whose relative paths begin at the file in which they stand. */
const PATHS: ReadonlySet<string> = new Set(['env_file', 'env_dir']);

function keyOf(key: string, value: Value, context: Context): Value {
	if (key === 'environment') return variablesOf(value, context);
	if (PATHS.has(key)) return rooted(valueOf(value, context), context);
	return valueOf(value, context);
}

function valueOf(value: Value, context: Context): Value {
	switch (value.kind) {
		case 'scalar': return {...value, text: textOf(value, context)};
		case 'list': return {...value, items: value.items.map(item => valueOf(item, context))};
		case 'map': return mapOf(value, (key, each) => keyOf(key, each, context));
	}
}

/** The values of variables hold no placeholders. */
function textOf({text, ...place}: Scalar, {fills, variables}: Context): string {
	if (!text.includes('$')) return text;
	const own = lookupAt(place, variables);
	const lookup = (name: string): string | undefined => (fills ? own(name)?.replace(PLACEHOLDER, '\\$&') : own(name));
	const found = expand(text, lookup, () => {});
	return found.ok ? found.value : text;
}

const PLACEHOLDER = new RegExp(`\\{(?:${PLACEHOLDERS.filter(word => word !== 'stream').join('|')})\\}`, 'g');

/** Variables as a map with their values; one that is passed on by name, and that archon does not have, is left out. */
function variablesOf(value: Value, context: Context): Value {
	const found = new Map<string, Entry>();
	const set = (name: string, content: Value | null, key: Place): void => {
		const passed = content === null || isNothing(content) ? lookupAt(key, context.variables)(name) ?? null : null;
		const text = passed !== null ? quoted(passed, key) : content === null || isNothing(content) ? null : valueOf(content, context);
		if (text) found.set(name, {key, value: text});
		else found.delete(name);
	};
	if (value.kind === 'map') {
		for (const [name, {key, value: content}] of value.entries) set(name, content, key);
	} else if (value.kind === 'list' && value.items.every(item => item.kind === 'scalar')) {
		for (const item of value.items) {
			const text = item.kind === 'scalar' ? textOf(item, context) : '';
			const [name = '', ...rest] = text.split('=');
			if (rest.length === 0) set(name, null, item);
			else found.set(name, {key: item, value: quoted(rest.join('='), item)});
		}
	} else {
		return valueOf(value, context);
	}
	return {source: value.source, offset: value.offset, kind: 'map', entries: found};
}

/** Paths as they are from the root; `key`: in maps only these. */
function rooted(value: Value, context: Context, key = 'path'): Value {
	switch (value.kind) {
		case 'scalar': {
			const folder = resolve(context.directory, directoryOf(value));
			return isAbsolute(value.text) || isNothing(value) ? value : {...value, text: resolve(folder, value.text)};
		}
		case 'list': return {...value, items: value.items.map(item => rooted(item, context, key))};
		case 'map': return mapOf(value, (name, each) => (name === key || each.kind === 'map' ? rooted(each, context, key) : each));
	}
}

/** A value as a config must have it to mean this; `mask`: instead of what may be secret, null: secrets are shown. */
export function written(value: Value, mask: string | null): Value {
	const write = (value: Value, isHidden: boolean): Value => {
		switch (value.kind) {
			case 'scalar': return writeScalar(value, isHidden);
			case 'list': return {...value, items: value.items.map(item => write(item, isHidden))};
			case 'map': return mapOf(value, (key, each) => {
				if (key === 'environment' || key === 'headers' || key === 'env') return mapIn(each, (name, text) => write(text, isSecret(name)));
				return write(each, isHidden || key === 'content');
			});
		}
	};
	const writeScalar = (scalar: Scalar, isHidden: boolean): Value => {
		const escape = (text: string): string => text.replaceAll('$', '$$$$');
		if (mask === null || scalar.text === '') return {...scalar, text: escape(scalar.text)};
		const parts = isHidden ? ['', ''] : withoutSecrets(scalar.text);
		if (parts.length === 1) return {...scalar, text: escape(scalar.text)};
		return {...scalar, plain: false, text: parts.map(escape).join(mask)};
	};
	return write(value, false);
}

/** A text for people, without what may be secret. */
export const shownText = (text: string): string => withoutSecrets(text).join('…');

/** The parts of a text between its secrets: passwords of URLs, and of options such as --password=x. */
function withoutSecrets(text: string): readonly string[] {
	const parts: string[] = [];
	let at = 0;
	for (const {0: found, 1: url, 2: option, index} of text.matchAll(SECRETS)) {
		parts.push(text.slice(at, index + (url ?? option ?? '').length));
		at = index + found.length;
	}
	return [...parts, text.slice(at)];
}

const SECRETS = /(:\/\/[^\s/:@]{0,200}:)[^\s/@]{1,200}(?=@)|((?:password|passwd|secret|token|api-?key)=)[^\s'"&;]{1,200}/gi;

const quoted = (text: string, {source, offset}: Place): Scalar => ({source, offset, kind: 'scalar', text, plain: false});

/** The map with other values; null: without the key. */
function mapOf(map: Mapping, change: (key: string, value: Value) => Value | null): Mapping {
	const entries = new Map<string, Entry>();
	for (const [key, entry] of map.entries) {
		const value = change(key, entry.value);
		if (value) entries.set(key, {...entry, value});
	}
	return {...map, entries};
}

const mapIn = (value: Value, change: (key: string, value: Value) => Value): Value => (value.kind === 'map' ? mapOf(value, change) : value);
