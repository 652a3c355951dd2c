/** What requests about `alerts` need of archon. */
import type {Receiver, Report, Tried} from '../../../core/alerts.ts';

export interface Alerting {
	/** Of the config in force. */
	receivers(): readonly Receiver[];
	/** How the helper is; null: it has not said so yet. */
	report(): Report | null;
	/** A message for trial, to a receiver or to all; calls back once, unless the result is called before. Null: no helper listens. */
	test(name: string | null, told: (tried: Tried | null) => void): () => void;
}

export const NO_ALERTS = 'the config has no alerts: no one is told of anything';
