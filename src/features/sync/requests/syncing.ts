/** What requests about `sync` need of archon. */
import type {Answer, Report} from '../../../core/sync.ts';

export interface Syncing {
	/** What the config says, and how the helper is; null: it has not said so yet. */
	readonly source: string;
	readonly dest: string;
	readonly form: string;
	report(): Report | null;
	/** Calls back once, unless the result is called before. */
	ask(what: 'now' | 'rollback', told: (answer: Answer) => void): () => void;
}

export const NO_SYNC = 'the config has no sync: nothing is pulled from a master';
