/** A reboot: a shutdown after which archon begins again, unless another one comes meanwhile. */
import {expect, test} from 'vitest';
import {type Story, tell} from './tell.ts';

const reboot = (story: Story): Story => story.hear({kind: 'shutdown', why: 'asked', reboots: true});
const slow = (): Story => tell(['db', {deaf: true}], ['web', {needs: ['db']}]);

test('services stop in order, and archon begins again', () => {
	const story = slow();
	story.lines();
	expect(reboot(story).lines()).toMatchInlineSnapshot(`
		"        rebooting: asked
		  0.00  SIGTERM to web
		        stopping web (pid 102) with SIGTERM
		        stopped web (SIGTERM)
		  0.00  SIGTERM to db
		        stopping db (pid 101) with SIGTERM"
	`);
	expect(story.state().stage).toMatchObject({kind: 'stopping', force: 1, reboots: true});
});

test('a shutdown meanwhile wins, and does not make it more forceful', () => {
	const story = reboot(slow()).hear({kind: 'shutdown', why: 'SIGTERM'});
	expect(story.state().stage).toMatchObject({kind: 'stopping', force: 1, why: 'SIGTERM'});
	expect(story.state().stage).not.toHaveProperty('reboots');
	expect(story.lines()).toMatch(/rebooting: asked[^]*shutting down: SIGTERM/);
	story.hear({kind: 'shutdown', why: 'SIGTERM'});
	expect(story.state().stage).toMatchObject({kind: 'stopping', force: 2});
});

test('a reboot does nothing to a shutdown, nor a second one to the first', () => {
	const down = slow().hear({kind: 'shutdown', why: 'SIGTERM'});
	const before = down.state().stage;
	expect(reboot(down).state().stage).toEqual(before);
	const once = reboot(slow());
	const {stage} = once.state();
	expect(reboot(once).state().stage).toEqual(stage);
});

test('what has ended well begins again, and is over only for this instance', () => {
	expect(reboot(tell(['web'])).state().stage).toEqual({kind: 'over', status: 0, reboots: true});
});
