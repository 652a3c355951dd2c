/** Effects go to their owners: each to all that have an arm for it, in order; and the types keep the table complete. */
import {expect, test} from 'vitest';
import {SIG} from '../../../src/core/signal-numbers.ts';
import {type ArmKind, type Arms, compose, type Owner} from '../../../src/os/owners.ts';

const nothing = (): void => {};

const ALL: Arms = {
	examine: nothing, withdraw: nothing, signal: nothing, changed: nothing, forgotten: nothing, probe: nothing, hook: nothing,
	logging: nothing, follow: nothing, monitored: nothing, 'watch-strangers': nothing,
	'watch-clock': nothing, say: nothing, stage: nothing, arrived: nothing, persist: nothing, tried: nothing,
	reread: nothing, reconciled: nothing, sweep: nothing, exit: nothing,
	run: nothing, alert: nothing, sockets: nothing, 'run-test': nothing, tested: nothing, triggered: nothing,
};
const everything: Owner<ArmKind> = {arms: ALL};

test('an effect is performed by all who have an arm for it, in the order of the owners, and by no one else', () => {
	const done: string[] = [];
	const owner = (name: string): Owner<'arrived'> => ({arms: {arrived: () => void done.push(name)}});
	const {perform} = compose([owner('first'), everything, owner('second')]);
	perform({kind: 'arrived'});
	perform({kind: 'sweep', signal: SIG.TERM});
	expect(done).toEqual(['first', 'second']);
});

test('the end of a run is told to the last owner first', () => {
	const told: string[] = [];
	const owner = (name: string): Owner => ({arms: {}, ended: (id, run) => void told.push(`${name} ${id} ${run}`)});
	compose([owner('processes'), everything, owner('hooks')]).ended(3, 7);
	expect(told).toEqual(['hooks 3 7', 'processes 3 7']);
});

test('a kind of effect that has no owner does not compile', () => {
	const {exit: _, ...rest} = ALL;
	const most: Owner<Exclude<ArmKind, 'exit'>> = {arms: rest};
	// @ts-expect-error Nothing would end archon.
	expect(compose([most])).toBeDefined();
});
