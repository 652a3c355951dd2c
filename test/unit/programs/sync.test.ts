/** PID 1's end of what is pulled from a master: services of a new release, until they are ready or not, as its helper hears it. */
import {expect, test, vi} from 'vitest';
import {service as plain} from '../../../src/core/defaults.ts';
import type {Event} from '../../../src/core/event.ts';
import type {Service} from '../../../src/core/service.ts';
import {find, type State} from '../../../src/core/state.ts';
import {step} from '../../../src/core/supervisor.ts';
import {REPORT, RESTART, STARTED, type Sync} from '../../../src/core/sync.ts';
import {create} from '../../../src/core/whole.ts';
import {bytesOf} from '../../../src/os/bytes.ts';
import {decodeMessage} from '../../../src/os/helper-wire.ts';
import type {LinkUser} from '../../../src/os/helpers.ts';
import {turn} from '../../../src/os/reactor.ts';
import {createSyncControl} from '../../../src/programs/sync.ts';
import {SETTINGS} from '../../stories/tell.ts';

const SYNC: Sync = {
	source: 'http://master/app', dest: '/opt/app', every: 1000, form: 'signed', keys: [], readyTimeout: 100_000, maxSize: 1, maxFiles: 1, keep: 3,
};

function bench(...services: readonly Service[]) {
	let state: State = create(services, SETTINGS);
	let pid = 100;
	const heard: string[] = [];
	const watchers: Parameters<Parameters<typeof createSyncControl>[0]['subscribe']>[1][] = [];

	function dispatch(event: Event): void {
		const inbox = [event];
		for (const each of inbox) {
			const [after, effects] = step(state, each, 0);
			state = after;
			for (const effect of effects) {
				if (effect.kind === 'spawn') inbox.push({kind: 'news', id: effect.id, run: effect.run, news: {kind: 'spawned', pid: ++pid}});
				if (effect.kind === 'signal' && effect.signal === 15) {
					const id = [...state.names.values()].find(each => runOf(each) === effect.run) ?? -1;
					inbox.push({kind: 'news', id, run: effect.run, news: {kind: 'exited', outcome: {kind: 'code', code: 0}, survivors: false}});
				}
			}
			const changes = effects.filter(({kind}) => kind === 'changed' || kind === 'forgotten');
			for (const tell of watchers) tell(changes as never);
		}
	}

	const runOf = (id: number): number | null => {
		const name = [...state.names].find(([, each]) => each === id)?.[0] ?? '';
		const phase = find(state, name)?.phase;
		return phase && 'run' in phase ? phase.run : null;
	};
	let user: LinkUser | null = null;
	const control = createSyncControl({
		link: {
			post(message) {
				heard.push(decodeMessage(message)?.kind ?? '');
				return 'sent';
			},
			use: given => void (user = given),
		},
		state: () => state, dispatch, switched() {}, whole: act => act(),
		subscribe(_kinds, tell) {
			watchers.push(tell as never);
			return () => void watchers.splice(watchers.indexOf(tell as never), 1);
		},
	});
	control.set(SYNC);
	dispatch({kind: 'boot'});
	const say = (kind: string, text = ''): void => user?.heard({kind, id: 1, payload: bytesOf(text)});
	return {control, dispatch, say, heard, id: (name: string) => find(state, name)?.id ?? -1};
}

test.each(['', 'null', '[]', '{"version":7}', '\0'])('a report of %j changes nothing, and throws nothing', text => {
	const {control, say} = bench(plain('web', ['/opt/app/current/web']));
	say(REPORT, text);
	expect(control.report()).toBeNull();
});

test('a service whose test says no while a release is tried is not waited for: that is no fault of the release', async () => {
	const {say, dispatch, heard, id} = bench({...plain('web', ['/opt/app/current/web']), ready: {kind: 'notify'}});
	say(RESTART);
	expect(heard).toEqual([]);
	dispatch({kind: 'rule', rule: 'test', rulings: [{id: id('web'), ruling: {runs: false, why: 'exit status 1'}}], revive: false});
	await vi.waitFor(() => {
		turn(10);
		expect(heard).toEqual([STARTED]);
	}, {timeout: 20_000});
});
