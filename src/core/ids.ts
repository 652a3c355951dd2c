/** The numbers by which services and their runs are known. */

/** The number of one life of one service's process; never used twice in an archon's life. */
export type Run = number;

/** A service's place in the table. Places are used again; runs are not. */
export type Id = number;
