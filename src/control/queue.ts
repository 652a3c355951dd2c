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
		/** The one that came with a request for one. */
		readonly descriptor?: number | null;
		/** Characters of its fields. */
		readonly size: number;
	}
	/** Replies that are known already, and wait for their turn. */
	| {readonly kind: 'error'; readonly tag: string | null; readonly reason: string; count: number};

/** What clients have archon keep for them on all their connections. */
export interface Store {
	/** Whether one more request may wait, or begin. `size`: its characters. */
	hasRoom(size: number): boolean;
	/** Characters of what waits for its turn, and requests that have begun and are not answered: how many more they are now. */
	count(held: number, underWay: number): void;
}

export interface Stores {
	/** Of root's and archon's own user's clients, from whom others take nothing away. */
	readonly own: Store;
	/** Of another user's, who leaves something to every further one. */
	of(uid: number): Store;
}

/** The most that others may have together, and each of them: characters, and requests under way. */
const [OTHERS_MAX, EACH_MAX] = [[4 << 20, 512], [1 << 20, 128]] as const;

export function createStores(): Stores {
	const own = createStore(16 << 20, Infinity);
	const others = createStore(...OTHERS_MAX);
	/** Of users of whom something is kept. */
	const each = new Map<number, ReturnType<typeof createStore>>();
	return {
		own,
		of: uid => ({
			hasRoom: size => others.hasRoom(size) && (each.get(uid)?.hasRoom(size) ?? true),
			count(held, underWay) {
				others.count(held, underWay);
				const store = each.get(uid) ?? createStore(...EACH_MAX);
				store.count(held, underWay);
				if (store.isEmpty()) each.delete(uid);
				else each.set(uid, store);
			},
		}),
	};
}

function createStore(heldMax: number, underWayMax: number): Store & {isEmpty(): boolean} {
	let [held, underWay] = [0, 0];
	return {
		hasRoom: size => held + size <= heldMax && underWay < underWayMax,
		count(more, begun) {
			held += more;
			underWay += begun;
		},
		isEmpty: () => held === 0 && underWay === 0,
	};
}

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
		store.count(sizeOf(order), 0);
		orders.push(order);
	};
	const next = (orders: Order[]): Order | undefined => {
		const order = mayBegin() ? orders.shift() : undefined;
		if (order) store.count(-sizeOf(order), 0);
		return order;
	};
	const beginTagged = (order: Order): void => {
		tagged += 1;
		store.count(0, 1);
		begin(order, () => {
			tagged -= 1;
			store.count(0, -1);
			if (isIdle()) idle();
		});
	};
	const advance = (): void => {
		isLooping = true;
		while (!isBusy) {
			const order = next(waiting);
			if (!order) break;
			isBusy = true;
			store.count(0, 1);
			begin(order, () => {
				isBusy = false;
				store.count(0, -1);
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
			const hasRoom = store.hasRoom(sizeOf(order));
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
			store.count(0, -tagged - Number(isBusy));
			for (const order of orders) store.count(-sizeOf(order), 0);
			waiting = [];
			held = [];
			return orders;
		},
	};
}

/** About how many characters an order takes; 100 are for the order itself. */
const sizeOf = (order: Order): number => 100 + (order.kind === 'request' ? order.size : order.reason.length);
