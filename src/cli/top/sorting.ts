/** By what services can be sorted. Pure. */
import type {StatusRow} from '../../control/requests/status/wire.ts';
import type {Load} from './load.ts';

/** In the order in which `<` and `>` go through them; `order` is that of the config. */
export const SORT_KEYS = ['order', 'name', 'status', 'pid', 'uptime', 'restarts', 'cpu', 'memory'] as const;

export type SortKey = (typeof SORT_KEYS)[number];

/** What needs a person's eye comes first. */
const STATUSES = ['failed', 'backoff', 'unhealthy', 'stopping', 'starting', 'waiting', 'running', 'exited', 'stopped'];

type Compare = (a: StatusRow, b: StatusRow) => number;

/** Most of what is counted comes first; services that are equal stay in the order of the config. */
export function compareBy(key: Exclude<SortKey, 'order'>, loads: ReadonlyMap<string, Load>): Compare {
	switch (key) {
		case 'name': return (a, b) => a.name < b.name ? -1 : Number(a.name > b.name);
		case 'status': return ascending(({status}) => STATUSES.indexOf(status));
		case 'pid': return ascending(({pid}) => pid ?? Infinity);
		case 'uptime': return ascending(({pid, since}) => pid === null ? Infinity : since);
		case 'restarts': return ascending(({restarts}) => -restarts);
		case 'cpu': return ascending(({name}) => -(loads.get(name)?.percent ?? -1));
		case 'memory': return ascending(({name}) => -(loads.get(name)?.memory ?? -1));
	}
}

const ascending = (number: (row: StatusRow) => number): Compare => (a, b) => {
	const [left, right] = [number(a), number(b)];
	return left === right ? 0 : left - right;
};
