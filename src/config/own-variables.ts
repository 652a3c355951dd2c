/** Notes where a text of a service names a variable that only the service has, and archon, which reads the text, has not. */
import {lookupIn, type Environment} from '../core/variables.ts';
import type {Place} from './problems.ts';
import type {Declared} from './schema.ts';
import type {Scalar, Value} from './values.ts';

/** Variables of a service by name, each with what sets it: `services.web.environment`. */
export type OwnVariables = ReadonlyMap<string, string>;

const NAMES = /\$\$|\$\{?([A-Za-z_]\w*)/g;

/** `known`: what archon has. */
export function noteOwnVariables(
	{path, map}: Declared, own: OwnVariables, known: Environment, note: (place: Place, message: string, hint: string) => void,
): void {
	if (own.size === 0) return;
	const lookup = lookupIn(known);

	/** `set`: the variable that the text is the value of, which may well be one of archon's that has the same name. */
	function look(text: Scalar, where: string, set: string | null): void {
		if (!text.text.includes('$')) return;
		for (const [, name] of text.text.matchAll(NAMES)) {
			const origin = name === undefined || name === set ? undefined : own.get(name);
			if (name === undefined || origin === undefined || lookup(name) !== undefined) continue;
			const hint = `write the value here as well, or have a shell read $$${name}`;
			note(text, `${where}: \${${name}} is a variable of archon's own, which is not set, and not that of ${origin}`, hint);
		}
	}

	function walk(value: Value, where: string, isEnvironment: boolean): void {
		switch (value.kind) {
			case 'scalar': return look(value, where, isEnvironment ? /^\w+(?==)/.exec(value.text)?.[0] ?? null : null);
			case 'list': return value.items.forEach(item => walk(item, where, isEnvironment));
			case 'map':
				for (const [name, {value: inner}] of value.entries) {
					if (inner.kind === 'scalar') look(inner, where, isEnvironment ? name : null);
					else walk(inner, where, false);
				}
		}
	}

	for (const [key, {value}] of map.entries) walk(value, `${path}.${key}`, key === 'environment');
}
