/** What a reload would stop and start, told before it is done: also while services start, complete and stop. */
import {expect, test} from 'vitest';
import {rehearse} from '../../src/core/rehearse.ts';
import {service, SETTINGS, type Story, tell, type Traits} from './tell.ts';

type Cast = readonly (readonly [name: string, traits: Traits])[];

const FORKING: Traits = {forks: true, startTimeout: 60_000};
const NOTIFIES: Traits = {ready: {kind: 'notify'}, startTimeout: 60_000};

/** Of a reload of a config in which nothing differs but that `new` is added. */
const planOf = (story: Story, services: Cast): unknown =>
	rehearse(story.state(), {kind: 'reconfigure', ...SETTINGS, services: [...services.map(([name, traits]) => service(name, traits)), service('new')]}, 100);

const ADDED = {stops: [], starts: ['new']};

test.each<readonly [string, Cast]>([
	['a service that forks, and whose first process is still there', [['nginx', FORKING]]],
	['one that is not ready yet', [['web', NOTIFIES]]],
	['a oneshot at work', [['migrate', {type: 'oneshot', startTimeout: 60_000}]]],
	['one whose process is still to be made', [['web', {slow: true}]]],
])('%s is left alone', (_, cast) => {
	expect(planOf(tell(...cast), cast)).toEqual(ADDED);
});

test('what is being stopped is not told again', () => {
	const cast: Cast = [['web', {deaf: true}]];
	expect(planOf(tell(...cast).ask('stop', 'web'), cast)).toEqual(ADDED);
});

test('a service that forks starts once', () => {
	expect(rehearse(tell(['a']).state(), {kind: 'reconfigure', ...SETTINGS, services: [service('a'), service('nginx', FORKING), service('web', {needs: ['nginx+']})]}, 0))
		.toEqual({stops: [], starts: ['nginx', 'web']});
});
