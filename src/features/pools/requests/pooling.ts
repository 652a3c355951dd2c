/** What requests about pools need of archon. */
import type {Result} from '../../../core/result.ts';
import type {NodeRow, Question} from '../core/link.ts';

/** What a master answers: objects that are not looked at yet. */
export type AnswerRow = Readonly<Record<string, unknown>>;

export interface Pooling {
	/** The nodes of a pool as they are now, in the order of the plan; none: its master has not told of any. */
	rows(pool: string): readonly NodeRow[];
	/** Calls back after each change of a node, and with null when a pool has another tree, or none. The result ends that. */
	follow(callback: (pool: string, node: string | null) => void): () => void;
	/** Calls back once, unless the result is called before; the error says why there is no answer. */
	ask(pool: string, question: Question, told: (rows: Result<readonly AnswerRow[], string>) => void): () => void;
}
