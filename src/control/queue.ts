/**
 * The order in which the requests of one connection are carried out: untagged ones one after the other, tagged ones at once;
 * none before the client has read enough of what it was told. What waits is bounded.
 */
import type {Daemon} from './daemon.ts';
import type {Request} from './registry.ts';
import type {Decoded, Wire} from './wire.ts';

/** What one record calls for. */
export type Order =
	| {
		readonly kind: 'request';
		readonly tag: string | null;
		readonly wire: Wire<Decoded>;
		readonly request: Request;
		readonly streams: readonly [number, number, number] | null;
		/** Characters of its fields. */
		readonly size: number;
	}
	/** Replies that are known already, and wait for their turn. */
	| {readonly kind: 'error'; readonly tag: string | null; readonly reason: string; count: number};

/** What clients of one kind have archon keep for them. */
export interface Store {
	/** What waits for its turn on all their connections, in characters; and the most that may. */
	held: number;
	readonly heldMax: number;
	/** Their requests that have begun and are not answered; and how many may be. */
	underWay: number;
	readonly underWayMax: number;
}

/** Root's and archon's own user's clients, and those of others, who take nothing away from them. */
export const createStores = (): {readonly own: Store; readonly others: Store} => ({
	own: {held: 0, heldMax: 16 << 20, underWay: 0, underWayMax: Infinity},
	others: {held: 0, heldMax: 4 << 20, underWay: 0, underWayMax: 256},
});

/** Requests of one connection that may wait for their turn, and tagged ones that may be under way. */
const MAX_WAITING = 64;
export const TOO_MANY = 'request refused: too many requests are under way';

export interface Queue {
	/** Tagged orders begin at once, others one after the other. False: there is only room for an error TOO_MANY. */
	push(order: Order): boolean;
	/** The client has read what it was told: what waited for that begins. */
	goOn(): void;
	isIdle(): boolean;
	/** Empties the queue, and returns what waited. */
	clear(): readonly Order[];
}

interface QueueParts {
	readonly begin: (order: Order, done: () => void) => void;
	readonly idle: () => void;
	readonly soon: Daemon['soon'];
	/** Whether the client has read enough of what it was told. */
	readonly mayBegin: () => boolean;
	readonly store: Store;
}

export function createQueue({begin, idle, soon, mayBegin, store}: QueueParts): Queue {
	let waiting: Order[] = [];
	/** Tagged ones, which wait only until their client reads. */
	let held: Order[] = [];
	let tagged = 0;
	let isBusy = false;
	let isLooping = false;

	const isIdle = (): boolean => !isBusy && tagged === 0 && waiting.length === 0 && held.length === 0;
	const keep = (orders: Order[], order: Order): void => {
		store.held += sizeOf(order);
		orders.push(order);
	};
	const next = (orders: Order[]): Order | undefined => {
		const order = mayBegin() ? orders.shift() : undefined;
		if (order) store.held -= sizeOf(order);
		return order;
	};
	const beginTagged = (order: Order): void => {
		tagged += 1;
		store.underWay += 1;
		begin(order, () => {
			tagged -= 1;
			store.underWay -= 1;
			if (isIdle()) idle();
		});
	};
	const advance = (): void => {
		isLooping = true;
		while (!isBusy) {
			const order = next(waiting);
			if (!order) break;
			isBusy = true;
			store.underWay += 1;
			begin(order, () => {
				isBusy = false;
				store.underWay -= 1;
				// Done later, and perhaps while the core's effects are performed: no request may begin in there.
				if (!isLooping) soon(advance);
			});
		}
		isLooping = false;
		if (isIdle()) idle();
	};
	const goOn = (): void => {
		for (let order = next(held); order; order = next(held)) beginTagged(order);
		if (!isBusy && !isLooping) advance();
	};
	return {
		isIdle, goOn,
		push(order) {
			const hasRoom = store.held + sizeOf(order) <= store.heldMax && store.underWay < store.underWayMax;
			if (order.tag !== null) {
				if (order.kind === 'request' && (tagged + held.length >= MAX_WAITING || !hasRoom)) return false;
				if (order.kind === 'request' && !mayBegin()) keep(held, order);
				else beginTagged(order);
				return true;
			}
			if (waiting.length < MAX_WAITING && (hasRoom || order.kind === 'error')) {
				keep(waiting, order);
				if (!isBusy && !isLooping) advance();
				return true;
			}
			if (order.kind !== 'error' || order.reason !== TOO_MANY) return false;
			// Consecutive requests that are too many wait as one order.
			const last = waiting.at(-1);
			if (last?.kind === 'error' && last.reason === TOO_MANY) last.count += 1;
			else keep(waiting, order);
			return true;
		},
		clear() {
			const orders = [...waiting, ...held];
			store.underWay -= tagged + Number(isBusy);
			for (const order of orders) store.held -= sizeOf(order);
			waiting = [];
			held = [];
			return orders;
		},
	};
}

/** About how many characters an order takes; 100 are for the order itself. */
const sizeOf = (order: Order): number => 100 + (order.kind === 'request' ? order.size : order.reason.length);
