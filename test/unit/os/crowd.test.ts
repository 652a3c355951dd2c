/** Clients of the control socket among each other: what each kind may take, and that it takes nothing from root. */
import {describe, expect, test} from 'vitest';
import {createCrowd, type Member} from '../../../src/os/sockets/crowd.ts';

const OTHER = 4711;

/** Members that are idle if they are told so. */
function createRoom() {
	const crowd = createCrowd();
	const members: {uid: number; queued: number; isIdle: boolean; isThere: boolean}[] = [];
	const enter = (uid: number): boolean => {
		if (!crowd.hasRoom(uid)) return false;
		const one = {uid, queued: 0, isIdle: false, isThere: true};
		const shut = (): void => {
			one.isThere = false;
			crowd.leave(member);
			crowd.queue(uid, -one.queued);
			one.queued = 0;
		};
		const member: Member = {uid, queued: () => one.queued, isIdle: () => one.isIdle, shut, yield: shut};
		crowd.join(member);
		members.push(one);
		return true;
	};
	const say = (index: number, bytes: number): void => {
		const member = members[index] ?? expect.fail();
		member.queued += bytes;
		crowd.queue(member.uid, bytes);
	};
	const fill = (uid: number): number => {
		let count = 0;
		while (count < 2000 && crowd.hasRoom(uid) && members.filter(({isThere}) => isThere).length < 1024 && enter(uid)) count++;
		return count;
	};
	return {crowd, members, enter, say, fill};
}

describe('connections', () => {
	test('of another user are 128, of all others 512, and root has room beside them', () => {
		const room = createRoom();
		for (const uid of [1001, 1002, 1003, 1004]) expect(room.fill(uid)).toBe(128);
		expect(room.fill(1005)).toBe(0);
		expect(room.fill(0)).toBe(512);
	});

	test('of a user make way for another one of the same user, the longest idle first', () => {
		const room = createRoom();
		expect(room.fill(1001)).toBe(128);
		expect(room.enter(1001)).toBe(false);
		for (const index of [7, 3]) (room.members[index] ?? expect.fail()).isIdle = true;
		expect(room.enter(1001)).toBe(true);
		expect(room.members.filter(({isThere}) => !isThere)).toEqual([room.members[3]]);
		expect(room.enter(1002)).toBe(true);
	});

	test('of root have the place of any idle one', () => {
		const room = createRoom();
		room.fill(1001);
		room.fill(0);
		expect(room.enter(0)).toBe(false);
		(room.members[5] ?? expect.fail()).isIdle = true;
		expect(room.enter(0)).toBe(true);
		expect(room.members.findIndex(({isThere}) => !isThere)).toBe(5);
	});
});

test('what waits for others, however much, closes none of root\'s', () => {
	const room = createRoom();
	room.enter(0);
	for (let i = 0; i < 100; i++) room.enter(OTHER);
	room.say(0, 4 << 20);
	for (let i = 1; i <= 100; i++) room.say(i, 200 << 10);
	expect(room.members[0]?.isThere).toBe(true);
	const left = room.members.filter(({uid, isThere}) => uid === OTHER && isThere);
	expect(left.reduce((sum, {queued}) => sum + queued, 0)).toBeLessThanOrEqual(8 << 20);
	expect(left.length).toBeGreaterThan(30);
});
