/** The hands for sockets and kept descriptors, which are loaded with the first service that has any. */
import {byNeed} from '../../../core/by-need.ts';
import type {Id} from '../../../core/ids.ts';
import {ok, type Result} from '../../../core/result.ts';
import type {Service} from '../../../core/service.ts';
import type {Owner} from '../../../os/owners.ts';
import type {Given} from '../../../os/spawn/spawner.ts';
import type {HeldFd} from '../core/held.ts';
import type {Sockets, SocketsParts, Ungiven} from './sockets.ts';

const holding = byNeed(() => import('./sockets.ts'));

export interface OwnSockets extends Owner<'sockets' | 'exit'> {
	/** As of `Sockets`. */
	prepare(id: Id, service: Service): Result<Given, Ungiven>;
	/** As of `Store.take`. */
	store(id: Id, service: Service, text: string, fds: readonly number[]): readonly number[];
	/** As of `Sockets`; nothing where none has any. */
	heldFor(id: Id, service: Service): readonly HeldFd[];
	/** What is there; null: no service has sockets, nor keeps descriptors. */
	made(): Sockets | null;
}

const NOTHING: Result<Given, never> = ok({});

export function ownSockets(parts: SocketsParts): OwnSockets {
	let made: Sockets | null = null;
	const sockets = (): Sockets => made ??= holding().createSockets(parts);
	return {
		arms: {
			sockets: ({what}) => sockets().act(what),
			exit: ({reboots = false}) => void (reboots || made?.bank.finish()),
		},
		salvage: ({pid}, service) => void (service.sockets.length > 0 && sockets().bank.salvage(service, pid)),
		prepare: (id, service) => (service.sockets.length === 0 && service.fdStoreMax === 0 ? NOTHING : sockets().prepare(id, service)),
		store: (id, service, text, fds) => sockets().store.take(id, service, text, fds),
		heldFor: (id, service) => made?.heldFor(id, service) ?? [],
		made: () => made,
	};
}
