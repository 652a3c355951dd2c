/**
 * archon's ends of the connections to its helpers: one for each role, and for each pool, made with the helper's process. The next
 * instance of archon goes on with it; it ends with the process, and the next process has another.
 */
import {POOL_PROGRAM, type Role, ROLES, roleOf} from '../core/helper-roles.ts';
import {err, ok, type Result} from '../core/result.ts';
import type {Service} from '../core/service.ts';
import {newBytes} from './bytes.ts';
import {close, read, socketPair} from './descriptors.ts';
import {CONNECTION, decodeMessage, encodeMessage, type Message, MESSAGE_MAX, RESET} from './helper-wire.ts';
import type {Poller} from './poller.ts';
import type {KeptFds} from './reexec/kept-fds.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, MSG_DONTWAIT, sys} from './sys.ts';

/** What a helper is asked for, and how its answers are heard. */
export interface Link {
	/**
	 * Never waits. `full`: it was not sent, and `LinkUser.room` will be called. `down`: no helper listens. `fds`: descriptors for the
	 * helper, which has copies of its own if it was sent.
	 */
	post(message: Uint8Array, fds?: readonly number[]): 'sent' | 'full' | 'down';
	/** Who uses the link from now on. */
	use(user: LinkUser): void;
}

export interface LinkUser {
	/** A helper listens that knows of nothing yet. */
	opened(): void;
	/** The payload may be overwritten after this returns. */
	heard(message: Message): void;
	/** There is room again. */
	room(): void;
	/** The helper is gone, with whatever it had in its hands. */
	closed(): void;
}

export interface Helpers {
	link(role: Role): Link;
	/** The link of a pool's master, by the pool's name. */
	pool(name: string): Link;
	/** No pool has that name any more. */
	forget(name: string): void;
	/** The connection for a process of the service that is to be made, if that is a helper; -errno where there can be none. */
	prepare(service: Service): Result<readonly {readonly target: number; readonly fd: number}[], number>;
	/** The process has been made, or could not be. */
	spawned(service: Service): void;
}

export interface HelperParts {
	readonly poller: Poller;
	readonly kept: KeptFds;
	/** The helpers of the previous instance are of another executable, and make way for those of this one. */
	readonly isUpgraded?: boolean;
	/** The pools whose masters may be there already. They go on also where the executable is another one. */
	readonly pools?: readonly string[];
}

interface Connection extends Link {
	open(): Result<number, number>;
	adopt(fd: number): void;
	spawned(): void;
}

/** Messages that are read at a stretch, before others have their turn. */
const AT_ONCE = 64;

const keyOf = (role: string): string => `helper ${role}`;

/** No role has a space in it. */
const poolKey = (name: string): string => `pool ${name}`;

/** Of the one connection that is being read. */
const buffer = newBytes(MESSAGE_MAX);

export function createHelpers(parts: HelperParts): Helpers {
	const {kept, isUpgraded = false, pools = []} = parts;
	const links = new Map<string, Connection>(ROLES.map(role => [role, createConnection(role, parts)]));
	// What is not asked for is closed.
	for (const [role, link] of isUpgraded ? [] : links) adopt(role, link);
	for (const name of pools) adopt(poolKey(name), poolLink(name));

	function adopt(key: string, link: Connection): void {
		const [fd] = kept.inherited(keyOf(key));
		if (fd !== undefined) link.adopt(fd);
	}

	function poolLink(name: string): Connection {
		const key = poolKey(name);
		const link = links.get(key) ?? createConnection(key, parts);
		links.set(key, link);
		return link;
	}

	const linkOf = ({name, origin, exec: {isArchon, argv}}: Service): Connection | undefined => {
		if (origin !== 'helper') return isArchon && argv[0] === POOL_PROGRAM ? poolLink(name) : undefined;
		const role = roleOf(name);
		return role && links.get(role);
	};
	return {
		link: role => links.get(role) as Link,
		pool: poolLink,
		forget: name => void links.delete(poolKey(name)),
		prepare(service) {
			const made = linkOf(service)?.open();
			if (!made) return ok([]);
			return made.ok ? ok([{target: CONNECTION, fd: made.value}]) : made;
		},
		spawned: service => linkOf(service)?.spawned(),
	};
}

function createConnection(role: string, {poller, kept}: HelperParts): Connection {
	let user: LinkUser | null = null;
	let fd = -1;
	/** The helper's end, until its process is made. */
	let theirs = -1;
	/** `greeting`: it has not been told of this instance of archon. `greeted`: it has not answered. */
	let state: 'down' | 'greeting' | 'greeted' | 'up' = 'down';
	let isFull = false;

	function begin(own: number): void {
		fd = own;
		state = 'greeting';
		poller.watch(fd, EPOLLIN, heard);
		// Else what it answers, and says after that, would be heard by no user.
		if (user) greet();
	}

	function shut(): void {
		if (fd < 0) return;
		const wasUp = state === 'up';
		poller.forget(fd);
		kept.release(keyOf(role));
		close(fd);
		fd = -1;
		state = 'down';
		isFull = false;
		if (wasUp) user?.closed();
	}

	/** What the last instance left unread may leave no room for it yet. */
	function greet(): void {
		if (send(encodeMessage(RESET)) === 'sent') state = 'greeted';
	}

	function send(message: Uint8Array, fds: readonly number[] = []): ReturnType<Link['post']> {
		for (;;) {
			const count = sys.send(fd, message, fds, MSG_DONTWAIT);
			if (count >= 0) return 'sent';
			if (count === -ERRNO.EINTR) continue;
			// Of its end it is heard when all that it had said is read.
			if (count !== -ERRNO.EAGAIN) return 'down';
			if (!isFull) poller.change(fd, EPOLLIN | EPOLLOUT);
			isFull = true;
			return 'full';
		}
	}

	function heard(events: number): void {
		if (events & EPOLLOUT && isFull) {
			isFull = false;
			poller.change(fd, EPOLLIN);
			if (state === 'greeting') greet();
			else if (state === 'up') user?.room();
		}
		for (let left = AT_ONCE; left > 0 && fd >= 0; left--) {
			const count = read(fd, buffer);
			if (count === -ERRNO.EAGAIN) return;
			// That it left something unread is told before what it had said (unix(7)).
			if (count === -ERRNO.EINTR || count === -ERRNO.ECONNRESET) continue;
			if (count <= 0) return shut();
			const message = decodeMessage(buffer.subarray(0, count));
			if (state === 'up') {
				if (message) user?.heard(message);
			} else if (state === 'greeted' && message?.kind === RESET) {
				state = 'up';
				user?.opened();
			}
		}
	}

	return {
		open() {
			shut();
			const ends = socketPair();
			if (typeof ends === 'number') return err(-ends);
			const [own, other] = ends;
			theirs = other;
			kept.keep(keyOf(role), [own]);
			begin(own);
			return ok(other);
		},
		adopt: begin,
		spawned() {
			if (theirs >= 0) close(theirs);
			theirs = -1;
		},
		post: (message, fds) => (state === 'up' ? send(message, fds) : 'down'),
		use(next) {
			user = next;
			if (state === 'greeting' && !isFull) greet();
			else if (state === 'up') next.opened();
		},
	};
}
