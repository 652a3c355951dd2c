/** Actions as they are written, with their places, until all services are known. */
import type {Action} from '../core/action.ts';
import type {Place} from './problems.ts';
import type {Value} from './values.ts';

/** An action, with the places of the names in it. */
export interface WrittenAction {
	readonly action: Action;
	readonly names: readonly {readonly name: string; readonly at: Place}[];
	readonly at: Value;
}

/** Actions at one place of a config, to be judged when all services are known. */
export interface ActionsAt {
	/** As in messages: `services.web.on.failed`. */
	readonly path: string;
	readonly actions: readonly WrittenAction[];
	/** They are about no service, so that each must name one. */
	readonly isAboutNone?: true;
}
