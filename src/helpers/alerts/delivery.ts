/** What comes of one attempt to deliver a message. */
import type {Millis} from '../../core/time.ts';

/** Null: it was delivered. */
export type Delivered = null | {
	readonly why: string;
	/** Whether another attempt could not help. */
	readonly isFinal: boolean;
	/** After how long the receiver wants to be asked again; null: it does not say. */
	readonly pause: Millis | null;
};

export const failed = (why: string, isFinal = false, pause: Millis | null = null): Delivered => ({why, isFinal, pause});

/** Bytes of what is sent: as many as a pipe has room for. */
export const BODY_MAX = 60 * 1024;
export const TOO_LARGE = failed('the message is too large', true);
