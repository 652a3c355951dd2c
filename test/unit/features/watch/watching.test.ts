/** When something that is watched is looked at, and when its actions are done. */
import {expect, test} from 'vitest';
import {
	ACTIONS_MAX, type Found, heard, judge, look, newWatching, POLL, type Verdict, type Watching, WINDOW,
} from '../../../../src/features/watch/core/watching.ts';

const DEBOUNCE = 500;

const found = (stamp: string | null, more: Partial<Found> = {}): Found => ({stamp, took: 1, isDeaf: false, isUnsure: false, ...more});

/** A look that finds this, some time after it was begun. */
const seen = (watching: Watching, what: Found, now: number): Verdict => judge(look(watching), what, now);

/** It was looked at first at 0. */
const begun = (stamp: string | null = 'one'): Watching => seen(newWatching(0), found(stamp), 0).after;

/** Changed at the time, looked at when that is due. */
function change(watching: Watching, stamp: string | null, at: number): Verdict & {readonly at: number} {
	const after = heard(watching, at, DEBOUNCE);
	return {...seen(after, found(stamp), after.due), at: after.due};
}

test('the first look is at once, and nothing is done for it; then nothing is due', () => {
	expect(newWatching(7).due).toBe(7);
	const {after, acts, says} = seen(newWatching(7), found('one'), 8);
	expect([acts, says, after.due, after.stamp]).toEqual([false, null, Infinity, 'one']);
});

test('a change is waited for until it was left alone, but not for ever', () => {
	let watching = heard(begun(), 1000, DEBOUNCE);
	expect(watching.due).toBe(1500);
	for (let at = 1400; at < 20_000; at += 400) watching = heard(watching, at, DEBOUNCE);
	expect(watching.due).toBe(1000 + 10 * DEBOUNCE);
});

test('what says the same is no change, nor is what is gone and comes back so', () => {
	const same = change(begun(), 'one', 1000);
	expect(same.acts).toBe(false);
	const gone = change(same.after, null, 2000);
	expect([gone.acts, gone.after.stamp]).toEqual([false, 'one']);
	expect(change(gone.after, 'one', 3000).acts).toBe(false);
	expect(change(gone.after, 'two', 3000).acts).toBe(true);
});

test('what was not there at first is a change when it comes', () => {
	expect(change(begun(null), 'one', 1000).acts).toBe(true);
});

test('what changes while it is looked at is looked at again', () => {
	const looking = look(heard(begun(), 1000, DEBOUNCE));
	const {after, acts} = judge(heard(looking, 1600, DEBOUNCE), found('two'), 1700);
	expect([acts, after.isLooking, after.due]).toEqual([true, false, 2100]);
});

test('looks that take long are rare', () => {
	const {after} = judge(look(begun()), found('one', {took: 1000}), 5000);
	expect(heard(after, 5100, DEBOUNCE).due).toBe(25_000);
});

test('what is done ten times within a minute is suspended, told once, and the last change is not lost', () => {
	let watching = begun();
	let at = 0;
	const acted: number[] = [];
	const said: (string | null)[] = [];
	for (let n = 1; n <= 40; n++) {
		const next = change(watching, `n${n}`, at + 10);
		watching = next.after;
		at = next.after.isSuspended ? at + 10 : next.at;
		if (next.acts) acted.push(next.at);
		if (next.says) said.push(next.says);
		if (watching.isSuspended) break;
	}
	expect([acted.length, said]).toEqual([ACTIONS_MAX, ['suspended']]);
	expect(heard(watching, at + 5, DEBOUNCE).due).toBe(watching.due);
	expect(watching.due).toBe(acted[0]! + WINDOW + 1);
	const resumed = seen(watching, found('last'), watching.due);
	expect([resumed.acts, resumed.says, resumed.after.isSuspended]).toEqual([true, 'resumed', false]);
	// And where it is as it was when its actions were done last, nothing is done.
	const calm = seen(watching, found(watching.stamp ?? null), watching.due);
	expect([calm.acts, calm.says]).toEqual([false, 'resumed']);
});

test('ten within a minute is the most there can be, whatever happens', () => {
	let watching = begun();
	const acted: number[] = [];
	for (let now = 0; now < 600_000; now += 100) {
		watching = heard(watching, now, 10);
		if (watching.due > now || watching.isLooking) continue;
		const {after, acts} = seen(watching, found(`at ${now}`), now);
		watching = after;
		if (acts) acted.push(now);
	}
	for (const at of acted) expect(acted.filter(each => each >= at && each < at + WINDOW).length).toBeLessThanOrEqual(ACTIONS_MAX);
	expect(acted.length).toBeGreaterThan(9 * ACTIONS_MAX);
});

test('where the kernel does not tell, it is looked at from time to time; and only then', () => {
	const deaf = seen(begun(), found('one', {isDeaf: true}), 5000).after;
	expect(deaf.due).toBe(5000 + POLL);
	expect(seen(deaf, found('two', {isDeaf: true}), deaf.due).acts).toBe(true);
});

test('what cannot be compared counts as changed', () => {
	expect(seen(begun(), found('one', {isUnsure: true}), 5000).acts).toBe(true);
});
