/** What people see a service as; `status.ts` says which phase is shown as what. */

export const STATUSES = [
	'stopped', 'waiting', 'starting', 'running', 'unhealthy', 'stopping', 'backoff', 'exited', 'failed',
] as const;

export type Status = (typeof STATUSES)[number];
