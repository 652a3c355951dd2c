/** Notes where a text of a service names a variable that only the service has, and archon, which reads the text, has not. */
import {lookupIn, type Environment} from '../core/variables.ts';
import type {Place} from './problems.ts';
import type {Written} from './group.ts';
import type {Scalar, Value} from './values.ts';

/** Variables of a service by name, each with what sets it: `services.web.environment`. */
type OwnVariables = ReadonlyMap<string, string>;

const NAMES = /\$\$|\$\{?([A-Za-z_]\w*)/g;

/** `known`: what archon has; `common` and `sourced`: what the service has beside its own `environment`. */
export function noteOwnVariables(
	service: Written<{readonly environment: Environment}>, common: Environment, sourced: readonly string[], known: Environment,
	note: (place: Place, message: string, hint: string) => void,
): void {
	const {path, map} = service;
	const own = ownVariables(service, common, sourced);
	if (own.size === 0) return;
	const lookup = lookupIn(known);

	/** `set`: the variable that the text is the value of, which may well be one of archon's that has the same name. */
	function look(text: Scalar, where: string, set: string | null): void {
		if (!text.text.includes('$')) return;
		for (const [, name] of text.text.matchAll(NAMES)) {
			const origin = name === undefined || name === set ? undefined : own.get(name);
			if (name === undefined || origin === undefined || lookup(name) !== undefined) continue;
			const hint = `write the value here as well, or let a shell expand $$${name}`;
			note(text, `${where}: \${${name}} is a variable of archon itself, which is not set, and not that of ${origin}`, hint);
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

/** The variables of a service, each with what sets it last. */
function ownVariables(
	{path, settings: {environment}}: Written<{readonly environment: Environment}>, common: Environment, sourced: readonly string[],
): OwnVariables {
	return new Map([
		...Object.keys(common).map(name => [name, 'the environment of all services'] as const),
		...sourced.map(name => [name, `${path}.env_file or env_dir`] as const),
		...Object.keys(environment).map(name => [name, `${path}.environment`] as const),
	]);
}
