/** Durations and instants as the core counts them. */

/** A length of time in milliseconds. */
export type Millis = number;

/** A point on the kernel's monotonic clock, in milliseconds. Never compared with wall-clock time. */
export type Instant = number;

/** No deadline: the instant that never comes. */
export const NEVER: Instant = Infinity;
