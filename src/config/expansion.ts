/** Whether a config says things in other places: `extends` and `include`, which few have, and expand.ts is loaded for. */
import type {Value} from './values.ts';

export function isExpanded(root: Value): boolean {
	if (root.kind !== 'map') return false;
	if (root.entries.has('include')) return true;
	const services = root.entries.get('services')?.value;
	if (services?.kind !== 'map') return false;
	for (const {value} of services.entries.values()) if (value.kind === 'map' && value.entries.has('extends')) return true;
	return false;
}

/** The same of a text that cannot be read yet. */
export const mayBeExpanded = (text: string): boolean => /\b(?:include|extends)\b/.test(text);
