/** What is inspected: services, and where they are written. */
import type {Service} from '../../core/service.ts';
import type {Draft} from '../planning.ts';
import type {Place, Report} from '../problems.ts';

/** A service, of which all instances are alike, and how to find what is written of it. */
export interface Inspected {
	/** As it is written: `web`. */
	readonly name: string;
	/** Of its first instance. */
	readonly service: Service;
	readonly instances: readonly Service[];
	/** In messages, and with a key: `services.web.command`. */
	readonly path: (key?: string) => string;
	/** Where a key's value is written: a key, one in its map, or the index in its list; the last one that there is. */
	readonly at: (...steps: readonly (string | number)[]) => Place;
	/** Whether a key is written. */
	readonly has: (key: string) => boolean;
}

/** Whether two services may run at one time, as far as the config says. */
export const mayMeet = ({service: one}: Inspected, {service: other}: Inspected): boolean =>
	one.autostart && other.autostart && ![...one.conflicts, ...one.onFailure].includes(other.name)
		&& ![...other.conflicts, ...other.onFailure].includes(one.name);

export interface Inspecting {
	readonly services: readonly Inspected[];
	readonly draft: Draft;
	/** What cannot work, and what may surprise. */
	readonly report: Report;
	readonly note: Report;
}
