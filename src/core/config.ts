/** A config, as far as the core goes by it. */

/** So many restarts at once, and so many each second after that. */
export interface StartRate {
	readonly perSecond: number;
	readonly burst: number;
}

/** Whether the container ends when nothing runs and nothing will start by itself: only after a failure, always, or never. */
export const WHEN_IDLE = ['failed', 'always', 'never'] as const;

export type WhenIdle = (typeof WHEN_IDLE)[number];
