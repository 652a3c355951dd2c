/** All connections of the control socket: how many there are and what they take together is bounded, and no client takes all of it. */
import {isTrusted} from './trust.ts';

/** Bytes of replies that may wait for all clients of root and archon's own user together, and for all of others. */
const [QUEUES_MAX, OTHERS_QUEUES_MAX] = [16 << 20, 8 << 20];
/** Connections; those of them that only root has; and those of users who are neither root nor archon's own, together and each. */
const CONNECTIONS_MAX = 1024;
const ROOTS = 64;
const [OTHERS_MAX, EACH_MAX] = [512, 128];

/** A connection among the others. */
export interface Member {
	readonly uid: number;
	/** Bytes that wait for it. */
	queued(): number;
	isIdle(): boolean;
	shut(): void;
	/** Makes room for another one, and is told so. */
	yield(): void;
}

export interface Crowd {
	/** Whether one more of the user may come; where there are too many, the one that was idle for the longest goes. */
	hasRoom(uid: number): boolean;
	join(member: Member): void;
	leave(member: Member): void;
	/** The member has just sent something. */
	stir(member: Member): void;
	/** More bytes wait for the user than before, or fewer; if the total is too large, the members with the most are shut. */
	queue(uid: number, count: number): void;
}

/** `left`: is told of each that goes. */
export function createCrowd(left: () => void = () => {}): Crowd {
	/** In the order in which they were last heard of. */
	const members = new Set<Member>();
	/** By uid: how many are of users who are neither root nor archon's own. */
	const others = new Map<number, number>();
	let otherCount = 0;
	/** For those who are trusted, and for others. */
	const queued = {own: 0, others: 0};
	const countOther = (uid: number, more: 1 | -1): void => {
		otherCount += more;
		const count = (others.get(uid) ?? 0) + more;
		if (count === 0) others.delete(uid);
		else others.set(uid, count);
	};
	const isFull = (uid: number): boolean => {
		if (!isTrusted(uid) && (otherCount >= OTHERS_MAX || (others.get(uid) ?? 0) >= EACH_MAX)) return true;
		return members.size >= (uid === 0 ? CONNECTIONS_MAX : CONNECTIONS_MAX - ROOTS);
	};
	return {
		hasRoom(uid) {
			if (!isFull(uid)) return true;
			// One of the same user's; root may have the place of any.
			members.values().find(member => (uid === 0 || member.uid === uid) && member.isIdle())?.yield();
			return !isFull(uid);
		},
		join(member) {
			members.add(member);
			if (!isTrusted(member.uid)) countOther(member.uid, 1);
		},
		leave(member) {
			if (!members.delete(member)) return;
			if (!isTrusted(member.uid)) countOther(member.uid, -1);
			left();
		},
		stir(member) {
			if (members.delete(member)) members.add(member);
		},
		queue(uid, count) {
			const isOwn = isTrusted(uid);
			const [kind, limit] = isOwn ? ['own', QUEUES_MAX] as const : ['others', OTHERS_QUEUES_MAX] as const;
			queued[kind] += count;
			while (queued[kind] > limit) {
				let most: Member | undefined;
				for (const member of members) {
					if (isTrusted(member.uid) === isOwn && (!most || member.queued() > most.queued())) most = member;
				}
				if (!most) return;
				most.shut();
			}
		},
	};
}
