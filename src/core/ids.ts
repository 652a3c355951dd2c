/** The numbers by which services and their runs are known. */

/** The number of one run of one service, from spawn to its last process; never used twice, also not after re-execution. */
export type Run = number;

/** A service's place in the service table. Places are used again, runs are not. */
export type Id = number;
