/** One section of supervisord's config: its keys, with their expressions expanded, as what supervisord takes them for. */
import type {Environment} from '../../../core/variables.ts';
import type {Place, Report} from '../../problems.ts';
import {expand, isFixed, type Names, resolve, type Text} from './expressions.ts';
import type {Section, Setting} from './ini.ts';

/** A value and where it stands. */
export interface Given<T> {
	readonly at: Place;
	readonly value: T;
}

export interface Reader {
	readonly name: string;
	readonly at: Place;
	settings(): Iterable<readonly [key: string, setting: Setting]>;
	/** As it is written. */
	raw(key: string): Setting | undefined;
	/** With what is known put in; undefined: it is not written, or has a mistake, which is reported. */
	text(key: string): Given<Text> | undefined;
	/** The same with variables that there are now: where what follows depends on it. */
	now(key: string): Given<string> | undefined;
	/** The text, if it is a whole number or a variable. */
	whole(key: string, least: number, most: number): Given<Text> | undefined;
	flag(key: string): Given<boolean> | undefined;
	report(at: Place, key: string, why: string, hint?: string | null): void;
}

const TRUE = ['yes', 'true', 'on', '1'];
const FALSE = ['no', 'false', 'off', '0'];

export function readerOf(
	{name, at, settings}: Section, names: (setting: Setting) => Names, environment: Environment, report: Report,
): Reader {
	const tell = (place: Place, key: string, why: string, hint: string | null = null): void => report(place, `[${name}] ${key} ${why}`, hint);
	const reader: Reader = {
		name, at, report: tell,
		settings: () => settings,
		raw: key => settings.get(key),
		text(key) {
			const setting = settings.get(key);
			if (!setting) return undefined;
			const expanded = expand(setting.text, names(setting));
			if (expanded.ok) return {at: setting.value, value: expanded.value};
			tell(setting.value, key, expanded.error.why, expanded.error.hint);
			return undefined;
		},
		now(key) {
			const text = reader.text(key);
			if (!text) return undefined;
			const resolved = resolve(text.value, environment);
			if (resolved.ok) return {at: text.at, value: resolved.value};
			tell(text.at, key, `depends on ${resolved.error}, which is not set here`, `set ${resolved.error} for archon as it is to be`);
			return undefined;
		},
		whole(key, least, most) {
			const text = reader.text(key);
			if (!text || !isFixed(text.value)) return text;
			const number = /^\s*[+-]?\d{1,9}\s*$/.test(text.value) ? Number(text.value) : NaN;
			if (number >= least && number <= most) return {at: text.at, value: String(number)};
			tell(text.at, key, `is not a whole number from ${least} to ${most}`);
			return undefined;
		},
		flag(key) {
			const text = reader.now(key);
			const word = text?.value.toLowerCase() ?? '';
			if (text && TRUE.includes(word)) return {at: text.at, value: true};
			if (text && FALSE.includes(word)) return {at: text.at, value: false};
			if (text) tell(text.at, key, 'is neither true nor false');
			return undefined;
		},
	};
	return reader;
}
