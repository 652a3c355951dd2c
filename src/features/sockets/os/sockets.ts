/** What is done for services with sockets, or with descriptors that are kept: loaded with the first of them. */
import type {Event} from '../../../core/event.ts';
import type {Id, Run} from '../../../core/ids.ts';
import {variableFor} from '../../ports/core/spec.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Service} from '../../../core/service.ts';
import {soon} from '../../../os/clock.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import type {KeptFds} from '../../../os/reexec/kept-fds.ts';
import type {Poller} from '../../../os/poller.ts';
import {ERRNO, sys} from '../../../os/sys.ts';
import type {Given} from '../../../os/spawn/spawner.ts';
import type {SocketsAct} from '../core/act.ts';
import type {HeldFd} from '../core/held.ts';
import type {SocketSpec} from '../core/spec.ts';
import {type Bank, type BankParts, boundAddress, createBank, type Held} from './bank.ts';
import {portOf} from './bind.ts';
import {createIdleWatch} from './idle.ts';
import {createStore, type Store} from './store.ts';

export interface SocketsParts {
	readonly poller: Poller;
	readonly kept: KeptFds;
	readonly handoff: Handoff;
	readonly portFor: BankParts['portFor'];
	readonly warn: (text: string) => void;
	readonly dispatch: (event: Event) => void;
}

/** Why a run cannot be given its sockets, in the words of a refusal. */
export interface Ungiven {
	readonly stage: string;
	readonly errno: number;
	readonly reason: string;
	readonly temporary: boolean;
	/** As of `Unbound`. */
	readonly taken?: SocketSpec;
}

export interface Sockets {
	act(what: SocketsAct): void;
	/** What a run of the service is given: its sockets, and what is kept for it. */
	prepare(id: Id, service: Service): Result<Given, Ungiven>;
	readonly store: Store;
	/** What archon holds for a service. */
	heldFor(id: Id, service: Service): readonly HeldFd[];
	readonly bank: Bank;
}

/** The first descriptor that is passed (SD_LISTEN_FDS_START). */
const FIRST = 3;
/** As many digits as a pid can have: the child puts its own in their place. */
const PID_ROOM = '0000000000';

export function createSockets({poller, kept, handoff, portFor, warn, dispatch}: SocketsParts): Sockets {
	const bank = createBank({poller, kept, portFor});
	const store = createStore({poller, kept, handoff, warn});
	const idle = createIdleWatch(bank, (id: Id, run: Run) => dispatch({kind: 'idle', id, run}));
	/** By service: what gives up waiting for its first connection. */
	const armed = new Map<Id, () => void>();

	function disarm(id: Id): void {
		armed.get(id)?.();
		armed.delete(id);
	}

	function arm(id: Id, service: Service): void {
		disarm(id);
		const activate = (): void => {
			disarm(id);
			dispatch({kind: 'activate', id});
		};
		const opened = bank.open(service);
		// Its start tells what is wrong, and is tried again.
		if (!opened.ok) return soon(() => poller.whole(activate));
		const quits = [...new Set(opened.value.map(({fd}) => fd))].map(fd => bank.await(fd, activate));
		armed.set(id, () => quits.forEach(quit => quit()));
	}

	return {
		bank, store,
		act(what) {
			switch (what.kind) {
				case 'hold':
					bank.settle(what.holders.map(({service}) => service));
					return store.settle(new Map(what.holders.map(({id, service}) => [id, service])));
				case 'arm': return arm(what.id, what.service);
				case 'disarm': return disarm(what.id);
				case 'await-idle': return idle.begin(what.id, what.run, what.service);
				case 'forget-idle': return idle.end(what.id);
			}
		},
		prepare(id, service) {
			const opened = bank.open(service);
			if (!opened.ok) {
				const {stage = '', errno, reason, ...others} = opened.error;
				return err({stage, errno, reason, temporary: errno === ERRNO.EADDRINUSE || errno === ERRNO.EADDRNOTAVAIL, ...others});
			}
			const stored = store.of(id);
			const all = [...opened.value.map(held => ({fd: held.fd, name: held.spec.name})), ...stored];
			if (all.length === 0) return ok({});
			// A run before may have made it so; what others are given as well is theirs too.
			for (const held of opened.value) if (!bank.isShared(held)) sys.setBlocking(held.fd, true);
			return ok({
				fds: all.map(({fd}, index) => ({target: FIRST + index, fd})),
				environment: {
					...portVariables(opened.value),
					LISTEN_FDS: String(all.length), LISTEN_FDNAMES: all.map(({name}) => name).join(':'), LISTEN_PID: PID_ROOM,
				},
				isListening: true,
			});
		},
		heldFor(id, service) {
			const own = service.sockets.flatMap((spec): readonly HeldFd[] => {
				const held = bank.find(service, spec.name);
				return held ? [{kind: 'socket', name: spec.name, fd: held.fd, what: `${spec.type} ${boundAddress(held)}`}] : [];
			});
			return [...own, ...store.of(id).map(({name, fd}): HeldFd => ({kind: 'stored', name, fd, what: describeFd(fd)}))];
		},
	};
}

/** Where archon has chosen the port, a variable tells it: `PORT_HTTP`. */
function portVariables(all: readonly Held[]): Readonly<Record<string, string>> {
	return Object.fromEntries(all.flatMap(({fd, spec: {name, listen}}) =>
		(listen.kind === 'inet' && listen.port === 'auto' ? [[variableFor(name), String(portOf(fd))]] : [])));
}

/** As the kernel calls it: `socket:[123]`, `/memfd:cache (deleted)`. */
function describeFd(fd: number): string {
	const link = sys.readLink(`/proc/self/fd/${fd}`);
	return typeof link === 'string' ? link : '';
}
