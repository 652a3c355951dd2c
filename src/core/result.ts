/** Errors as values. */

/** An outcome of something that may legitimately fail; `throw` is for our own bugs. */
export type Result<T, E> = {readonly ok: true; readonly value: T} | {readonly ok: false; readonly error: E};

/** The outcome of something that succeeded. */
export const ok = <T>(value: T): Result<T, never> => ({ok: true, value});

/** The outcome of something that failed. */
export const err = <E>(error: E): Result<never, E> => ({ok: false, error});
