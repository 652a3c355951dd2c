/** When all that is to run is there for the first time: what a service manager outside is told as READY=1. */
import {expect, test} from 'vitest';
import {partOf} from '../../src/core/features.ts';
import {arrival} from '../../src/features/service-manager/core.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import {exit, tell, type Story} from './tell.ts';

const hasArrived = (story: Story): boolean => partOf(story.state(), arrival).hasArrived;

test('with nothing to wait for it is so at once', () => {
	expect(hasArrived(tell(['lazy', {autostart: false}]))).toBe(true);
	expect(hasArrived(tell(['web']))).toBe(true);
});

test('a daemon that has to be ready, and a oneshot at its work, are waited for', () => {
	const story = tell(['migrate', {type: 'oneshot'}], ['web', {ready: {kind: 'notify'}, needs: ['migrate!']}], ['cron']);
	expect(hasArrived(story)).toBe(false);
	story.dies('migrate', exit(0));
	expect(hasArrived(story)).toBe(false);
	story.tells('web', {kind: 'ready'});
	expect(hasArrived(story)).toBe(true);
	// It is said once: what comes later is not the arrival.
	story.dies('cron', exit(1));
	expect(hasArrived(story)).toBe(true);
});

test('what has failed keeps it from being so until somebody has mended it, or does without', () => {
	const story = tell(['migrate', {type: 'oneshot'}], ['web']);
	story.dies('migrate', exit(1));
	expect(hasArrived(story)).toBe(false);
	story.ask('start', 'migrate');
	story.dies('migrate', exit(0));
	expect(hasArrived(story)).toBe(true);
	const other = tell(['migrate', {type: 'oneshot'}], ['web']);
	other.dies('migrate', exit(1)).ask('stop', 'migrate');
	expect(hasArrived(other)).toBe(true);
});

test('what is there and falls ill before the others are is waited for again', () => {
	const story = tell(['web', {ready: {kind: 'notify'}}], ['job', {type: 'oneshot'}]);
	story.tells('web', {kind: 'ready'}).tells('web', {kind: 'notify', message: {kind: 'reloading'}}).dies('job', exit(0));
	expect(hasArrived(story)).toBe(false);
	story.tells('web', {kind: 'ready'});
	expect(hasArrived(story)).toBe(true);
});

test('it is known to the next instance, and so is who is waited for', () => {
	const story = tell(['web', {ready: {kind: 'notify'}}], ['cron']);
	expect(readAll(writeAll(story.state()))).toMatchObject({slices: {'service-manager': {hasArrived: false}}, awaited: 1});
	story.tells('web', {kind: 'ready'});
	expect(readAll(writeAll(story.state()))).toMatchObject({slices: {'service-manager': {hasArrived: true}}, awaited: 0});
});

test('a shutdown is no arrival', () => {
	const story = tell(['web', {ready: {kind: 'notify'}}]);
	story.hear({kind: 'shutdown', why: 'x'}).wait(10_000);
	expect(hasArrived(story)).toBe(false);
});
