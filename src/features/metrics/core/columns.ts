/** The rows of the request `Metrics`: what is in each, as text. */

/** The fields of the rows of `Metrics`, by the kind of row; an empty field is a series that is not there. */
export const COLUMNS = {
	archon: [
		'version', 'arch', 'started', 'lives', 'healthy', 'orphans', 'cpu', 'memory', 'reloads', 'failedReloads', 'transients',
	],
	service: [
		'service', 'status', 'ready', 'wanted', 'restarts', 'since', 'started', 'next', 'exit', 'processes', 'cpu', 'memory',
		'lines', 'bytes', 'dropped',
	],
	check: ['service', 'check', 'passed', 'took', 'passes', 'failures'],
	pool: ['pool', 'state', 'nodes'],
	receiver: ['receiver', 'firing', 'waiting', 'delivered', 'dropped'],
} as const;

export type RowKind = keyof typeof COLUMNS;

/** A row: its fields by their names. */
export type MetricsRow = {readonly [K in RowKind]: {readonly kind: K} & {readonly [C in (typeof COLUMNS)[K][number]]: string}}[RowKind];
