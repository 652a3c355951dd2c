/** What the core asks for in the matter of sockets. */
import type {Id, Run} from '../../../core/ids.ts';
import type {Service} from '../../../core/service.ts';

/** A service with sockets, or with descriptors that are kept. */
export interface Holder {
	readonly id: Id;
	readonly service: Service;
}

export type SocketsAct =
	/** These have sockets or a store of descriptors, and no others: sockets that are missing are bound, those that none has are closed. */
	| {readonly kind: 'hold'; readonly holders: readonly Holder[]}
	/** The event `activate` is to tell of the next connection, once; at once where a socket cannot be bound. */
	| {readonly kind: 'arm'; readonly id: Id; readonly service: Service}
	| {readonly kind: 'disarm'; readonly id: Id}
	/** The event `idle` is to tell that no connection was open for so long (`idle_timeout`), once. */
	| {readonly kind: 'await-idle'; readonly id: Id; readonly run: Run; readonly service: Service}
	| {readonly kind: 'forget-idle'; readonly id: Id};
