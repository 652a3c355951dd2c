/** What a service may be called, and what its instances are called. */
import {quote, type Place} from './problems.ts';
import {within, type Context} from './shape.ts';

/** What the service of a command line is called. */
export const MAIN = 'main';

const RESERVED: ReadonlyMap<string, string> = new Map([
	['all', 'it stands for every service'],
	['archon', 'it stands for archon itself'],
]);

/** The context of what is said of a service, whose name is judged here. */
export function named(name: string, place: Place, what: string, context: Context): Context {
	if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
		const hint = 'a name has letters, digits, ".", "_" and "-", and begins with a letter or digit';
		context.report(place, `${quote(name)} cannot be a ${what}'s name`, hint);
	} else if (RESERVED.has(name)) {
		context.report(place, `${quote(name)} cannot be a ${what}'s name: ${RESERVED.get(name)}`);
	}
	return within(context, name);
}

/** How many instances one service may have. */
export const SCALE_MAX = 1000;

/** The names of so many instances: one alone has the plain name. */
export const instancesOf = (name: string, scale: number): readonly string[] =>
	scale === 1 ? [name] : Array.from({length: scale}, (_, index) => `${name}:${index}`);

/** In an instance's environment: which of them it is, from 0. */
export const INSTANCE = 'ARCHON_INSTANCE';
