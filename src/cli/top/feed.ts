/** What `archonctl top` asks archon, and what the answers make of its state. */
import type {Verb} from '../../control/client.ts';
import type {Live} from '../../control/live-client.ts';
import {RESTART} from '../../control/requests/restart/wire.ts';
import {START} from '../../control/requests/start/wire.ts';
import {STOP} from '../../control/requests/stop/wire.ts';
import {USAGE, USAGE_ROW, type UsageRow} from '../../control/requests/usage/wire.ts';
import {WHY, WHY_ROW, type WhyRow} from '../../control/requests/why/wire.ts';
import type {Millis} from '../../core/time.ts';
import {renderWhy} from '../commands/why.ts';
import {watchServices} from '../watch-services.ts';
import {type Clocks, followLog} from './follow.ts';
import {withText} from './keys.ts';
import {createMeter} from './load.ts';
import {type Action, type Top, withLoads, withServices} from './state.ts';

export interface Feed {
	/** Whose lines are told from now on; null: nobody's. */
	follow(name: string | null): void;
	act(action: Action, name: string): void;
	/** The answer is shown over all. */
	why(name: string): void;
}

/** When archon is asked a second time what services use, and after how long again: only two looks tell how much. */
const [USAGE_FIRST, USAGE_PAUSE]: readonly [Millis, Millis] = [500, 2000];

/** The selected service changes quickly while a person holds a key down. */
const FOLLOW_DELAY: Millis = 120;

const ACTIONS: Readonly<Record<Action, {readonly verb: Verb; readonly doing: string; readonly done: string}>> = {
	start: {verb: START, doing: 'starting', done: 'started'},
	stop: {verb: STOP, doing: 'stopping', done: 'stopped'},
	restart: {verb: RESTART, doing: 'restarting', done: 'restarted'},
};

/** The connections of a feed: what is followed of a log ends with its own. */
export interface Lives {
	readonly main: Live;
	readonly log: Live;
}

/** `change` is told what becomes of the state, `refused` that archon answers nothing of all this. Without names: all services. */
export function createFeed(
	{main, log}: Lives, {after, now}: Clocks, names: readonly string[],
	change: (to: (top: Top) => Top) => void, refused: (reason: string) => void,
): Feed {
	const say = (text: string, isProblem: boolean): void => change(top => ({...top, notice: {text, isProblem}}));
	let stopFollowing = (): void => {};

	const meter = createMeter();
	/** Where archon does not answer, as to one who may not ask it, it is not asked again. */
	const measure = (pause: Millis): void => {
		const rows: UsageRow[] = [];
		main.ask(USAGE, [], {
			rows: more => void rows.push(...more.map(USAGE_ROW.decode)),
			done(result) {
				if (result.ok && result.value.kind !== 'Ok') return change(top => ({...top, isMetered: false}));
				if (result.ok) change(top => withLoads(top, meter(rows, now())));
				after(pause, () => measure(USAGE_PAUSE));
			},
		});
	};

	measure(USAGE_FIRST);
	watchServices(main, after, names, {
		services: rows => change(top => withServices({...top, trouble: null}, rows)),
		refused,
	});
	return {
		why(name) {
			const rows: WhyRow[] = [];
			main.ask(WHY, [name], {
				rows: more => void rows.push(...more.map(WHY_ROW.decode)),
				done(result) {
					if (!result.ok) return say(result.error.reason, true);
					if (result.value.kind === 'Error') return say(result.value.reason, true);
					const lines = renderWhy(rows, {isColoured: true, now: Date.now()}).trimEnd().split('\n');
					change(top => withText(top, `why ${name}`, lines));
				},
			});
		},
		follow(name) {
			stopFollowing();
			stopFollowing = name === null ? () => {} : after(FOLLOW_DELAY, () => {
				stopFollowing = followLog(log, {after, now}, name, change);
			});
		},
		act(action, name) {
			const {verb, doing, done} = ACTIONS[action];
			say(`${doing} ${name} …`, false);
			main.ask(verb, [name], {
				done(result) {
					if (!result.ok) say(`${doing} ${name}: ${result.error.kind === 'unanswered' ? UNKNOWN : result.error.reason}`, true);
					else if (result.value.kind === 'Error') say(result.value.reason, true);
					else say(`${name} is ${done}`, false);
				},
			});
		},
	};
}

const UNKNOWN = 'archon was re-executed before it answered';
