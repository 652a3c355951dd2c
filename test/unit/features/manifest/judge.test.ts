/** Which processes a list can end, and how a neighbour fails to have archon end another one. */
import {expect, test} from 'vitest';
import {type Facts, judge, type Self, type Targets} from '../../../../src/features/manifest/core/judge.ts';

const TARGETS: Targets = {
	executables: new Map([['/opt/miner', {file: '1:10', why: 'it is on the hitlist (/etc/hitlist.txt:3)'}]]),
	folders: ['/opt/app'], listed: new Set(['/opt/app/web']),
};
const ROOT: Self = {pid: 1, uid: 0, ancestors: [0]};
const miner: Facts = {pid: 50, uids: [1000, 1000], path: '/opt/miner', file: '1:10', ancestors: [1, 0], isOwn: false};
const fileAt = (path: string): string | null => ({'/opt/app/old': '1:20', '/opt/app/web': '1:21'})[path] ?? null;
const verdict = (facts: Partial<Facts>, self: Partial<Self> = {}): string | null => judge({...miner, ...facts}, TARGETS, {...ROOT, ...self}, fileAt);

const HIT = 'it is on the hitlist (/etc/hitlist.txt:3)';
const UNLISTED = 'it is not in the manifest, and /opt/app is one of its paths';

test.each<[string, Partial<Facts>, string | null]>([
	['exactly that executable', {}, HIT],
	['another file of the same name', {path: '/home/eve/miner', file: '1:11'}, null],
	['a path of which it is a part', {path: '/opt/miner2', file: '1:12'}, null],
	['another file that is at the path by now', {file: '1:11'}, null],
	['one that was deleted since it began', {path: '/opt/miner (deleted)'}, null],
	['a hard link to it, executed by another path', {path: '/usr/sbin/sshd'}, null],
	['a script, whose executable is its interpreter', {path: '/usr/bin/python3', file: '1:40'}, null],
	['what archon has made', {isOwn: true}, null],
	['PID 1', {pid: 1, ancestors: [0]}, null],
	['an exec session', {ancestors: [0]}, null],
	['a child of an exec session', {ancestors: [40, 0]}, null],
	['a child of which that is not known', {ancestors: [40]}, null],
	['a grandchild of PID 1', {ancestors: [40, 1, 0]}, HIT],
	['what lies below a path and is not listed', {path: '/opt/app/old', file: '1:20'}, UNLISTED],
	['what is listed', {path: '/opt/app/web', file: '1:21'}, null],
	['what seems to lie below a path', {path: '/opt/app2/old', file: '1:20'}, null],
	['what lies below in another mount namespace', {path: '/opt/app/old', file: '9:20'}, null],
	['what lay below and was replaced', {path: '/opt/app/old (deleted)', file: '1:20'}, null],
])('%s', (_, facts, why) => expect(verdict(facts)).toBe(why));

test('archon of another user ends only its own', () => {
	const self: Self = {pid: 90, uid: 1000, ancestors: [80, 1, 0]};
	expect(verdict({}, self)).toBe(HIT);
	expect(verdict({uids: [1000, 0]}, self)).toBe(null);
	expect(verdict({uids: [0, 1000]}, self)).toBe(null);
	expect(verdict({pid: 90}, self)).toBe(null);
	// Its own shell, for instance.
	expect(verdict({pid: 80}, self)).toBe(null);
});
