/** What a service may be called, and what its instances are called. */
import {quoteWritten, type Place, type Report} from './problems.ts';
import {within, type Context} from './shape.ts';

/** Words that no service or group may be called, and why. */
export const RESERVED: ReadonlyMap<string, string> = new Map([
	['all', 'it stands for every service'],
	['archon', 'it stands for archon itself'],
]);

/** The context for messages about a service, whose name is checked here. */
export function named(name: string, place: Place, what: string, context: Context): Context {
	if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
		const hint = 'a name has letters, digits, ".", "_" and "-", and begins with a letter or digit';
		context.report(place, `${quoteWritten(place, name)} cannot be a ${what}'s name`, hint);
	} else if (RESERVED.has(name)) {
		context.report(place, `${quoteWritten(place, name)} cannot be a ${what}'s name: ${RESERVED.get(name)}`);
	} else if (name.startsWith('archon.')) {
		context.report(place, `${quoteWritten(place, name)} cannot be a ${what}'s name: archon's own helpers are called archon.*`);
	}
	return within(context, name);
}

/** How many instances one service may have. */
export const SCALE_MAX = 1000;

/** How many services there may be, each instance counted. */
export const SERVICES_MAX = 10_000;

/** Reports the first of those that are too many, and so whether there are any. */
export function judgeCount(
	scales: Iterable<{readonly path: string; readonly place: Place; readonly scale: number}>, report: Report,
): boolean {
	let count = 0;
	for (const {path, place, scale} of scales) {
		count += scale;
		if (count <= SERVICES_MAX) continue;
		report(place, `${path} brings the number of services above ${SERVICES_MAX}`);
		return true;
	}
	return false;
}

/** The names of a service's instances: a single one has the plain name. */
export const instancesOf = (name: string, scale: number): readonly string[] =>
	scale === 1 ? [name] : Array.from({length: scale}, (_, index) => `${name}:${index}`);

/** In an instance's environment: which of them it is, from 0. */
export const INSTANCE = 'ARCHON_INSTANCE';
