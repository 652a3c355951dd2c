/** Who asks: what the visitor of the web helper may do, and archon as it answers with these rights. */
import type {Hears} from '../../control/live-client.ts';
import type {Verb} from '../../control/client.ts';
import type {Role} from '../../core/access.ts';
import type {EventChoice, HearsEvents} from '../control.ts';

export interface Visitor {
	/** `none`: it may see what asks nothing of archon. */
	readonly role: 'none' | Role;
	/** For which services, as names and patterns; null: for all, and archon as a whole. PID 1 sees to that, not the handler. */
	readonly services: readonly string[] | null;
	/** It came by a cookie: forms need `csrf`. */
	readonly isSession: boolean;
	/** For the field `csrf` of forms and the header X-Archon-Csrf of scripts; null: it has no session. */
	readonly csrf: string | null;
	/** The control protocol with this visitor's rights. The result gives the answer up. */
	ask(request: Verb, fields: readonly string[], hears: Hears): () => void;
	/** Events from now on or after one of this number, over all that happens to archon. The result ends that. */
	follow(choice: EventChoice, hears: HearsEvents): () => void;
}

const ORDER: readonly Visitor['role'][] = ['none', 'observe', 'operate', 'admin'];

/** Whether a visitor may do what takes this role. */
export const may = ({role}: Pick<Visitor, 'role'>, wanted: Visitor['role']): boolean => ORDER.indexOf(role) >= ORDER.indexOf(wanted);
