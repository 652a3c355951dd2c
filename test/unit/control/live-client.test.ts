/** The client that never waits: many questions at a time, and what becomes of them when the connection breaks. */
import {beforeEach, expect, test} from 'vitest';
import type {Trouble} from '../../../src/control/client.ts';
import {createLive, type Hears, type Live} from '../../../src/control/live-client.ts';
import {err, ok} from '../../../src/core/result.ts';

const STATUS = {verb: 'Status', isRepeatable: true};
const RUN = {verb: 'Run', isRepeatable: false};

/** archon, as far as one client sees it. */
let sent: string[] = [];
let listener: {data(bytes: Uint8Array): void; ended(): void} | null = null;
let refusal: string | null = null;
let closed = 0;
let clock = 0;
let timers: {at: number; callback: () => void}[] = [];
let told: string[] = [];
let live: Live;

const say = (text: string): void => listener?.data(new TextEncoder().encode(text));
/** Time passes, and all timers up to then are due. */
const pass = (millis: number): void => {
	const end = clock + millis;
	for (;;) {
		timers.sort((a, b) => a.at - b.at);
		const [first] = timers;
		if (!first || first.at > end) break;
		timers.shift();
		clock = first.at;
		first.callback();
	}
	clock = end;
};

beforeEach(() => {
	[sent, listener, refusal, closed, clock, timers, told] = [[], null, null, 0, 0, [], []];
	live = createLive({
		open(hears) {
			if (refusal !== null) return err(refusal);
			listener = hears;
			return ok({
				send: bytes => void sent.push(new TextDecoder().decode(bytes).trimEnd()),
				close: () => void closed++,
			});
		},
		isOver: why => why === 'gone',
		now: () => clock,
		after(millis, callback) {
			const timer = {at: clock + millis, callback};
			timers.push(timer);
			return () => {
				timers = timers.filter(each => each !== timer);
			};
		},
		told: state => void told.push(state.kind),
	});
});

interface Heard {
	readonly rows: (readonly string[])[];
	result: string | null;
}

/** Hears, and writes it down. */
function hearing(): {readonly heard: Heard; readonly hears: Hears} {
	const heard: Heard = {rows: [], result: null};
	return {
		heard,
		hears: {
			rows: rows => void heard.rows.push(...rows),
			done: result => {
				heard.result = result.ok ? result.value.kind : (result.error satisfies Trouble).kind;
			},
		},
	};
}

test('answers find their questions, in whatever order and pieces they come', () => {
	const [one, two] = [hearing(), hearing()];
	live.ask(STATUS, ['a'], one.hears);
	live.ask(STATUS, [], two.hears);
	expect(sent).toEqual(['@0,Status,a', '@1,Status']);
	say('@1,Row,b,1\n@0,Ro');
	say('w,a,2\n@1,Ok\n@1,Row,late\n');
	expect([one.heard, two.heard]).toEqual([{rows: [['a', '2']], result: null}, {rows: [['b', '1']], result: 'Ok'}]);
	say('@0,Error,no\n');
	expect(one.heard.result).toBe('Error');
});

test('a question that cannot be sent is told of, but not at once', () => {
	const {heard, hears} = hearing();
	live.ask(STATUS, ['\0'], hears);
	expect(heard.result).toBeNull();
	pass(0);
	expect(heard.result).toBe('unsent');
});

test('where archon is re-executed, what may be asked again is, and nothing else', () => {
	const [again, once, part] = [hearing(), hearing(), hearing()];
	live.ask(STATUS, [], again.hears);
	live.ask(RUN, ['true'], once.hears);
	live.ask(STATUS, [], part.hears);
	say('@2,Row,a\n');
	refusal = 'connection refused';
	listener?.ended();
	expect(told).toEqual(['broken']);
	const late = hearing();
	live.ask(STATUS, ['late'], late.hears);
	pass(1000);
	refusal = null;
	sent = [];
	pass(20);
	expect(told).toEqual(['broken', 'connected']);
	expect(sent).toEqual(['@0,Status', '@3,Status,late']);
	expect([again, once, part].map(({heard}) => heard.result)).toEqual([null, 'unanswered', 'broken']);
	say('@0,Ok\n@3,Ok\n');
	expect([again, late].map(({heard}) => heard.result)).toEqual(['Ok', 'Ok']);
});

test('what breaks the connection each time is not asked for ever', () => {
	const {heard, hears} = hearing();
	live.ask(STATUS, [], hears);
	for (let i = 0; i < 10 && heard.result === null; i++) {
		listener?.ended();
		pass(20);
	}
	expect([heard.result, sent.length]).toEqual(['broken', 4]);
});

test('where archon has ended that is told, and the next question tries again', () => {
	const {heard, hears} = hearing();
	live.ask(STATUS, [], hears);
	refusal = 'gone';
	listener?.ended();
	pass(20);
	expect([told, heard.result]).toEqual([['broken', 'lost'], 'lost']);
	const [second, third] = [hearing(), hearing()];
	live.ask(STATUS, [], second.hears);
	pass(0);
	expect(second.heard.result).toBe('lost');
	refusal = null;
	live.ask(STATUS, [], third.hears);
	expect(told).toEqual(['broken', 'lost', 'connected']);
});

test('archon that does not come back is given up after a while', () => {
	live.ask(STATUS, [], hearing().hears);
	refusal = 'connection refused';
	listener?.ended();
	pass(4000);
	expect(told).toEqual(['broken', 'lost']);
	expect(timers).toEqual([]);
});

test('an answer that is given up is not heard, and ends with the connection where it is the only one', () => {
	const [one, two] = [hearing(), hearing()];
	const cancel = live.ask(STATUS, [], one.hears);
	const cancelTwo = live.ask(STATUS, [], two.hears);
	cancel();
	say('@0,Row,a\n');
	expect([one.heard.rows, closed]).toEqual([[], 0]);
	cancelTwo();
	expect(closed).toBe(1);
	listener?.ended();
	expect(told).toEqual([]);
	live.ask(STATUS, [], two.hears);
	expect(sent.at(-1)).toBe('@2,Status');
});

test('nothing is heard after it was closed', () => {
	const {heard, hears} = hearing();
	live.ask(STATUS, [], hears);
	live.close();
	say('@0,Ok\n');
	pass(5000);
	expect([heard.result, closed, told]).toEqual([null, 1, []]);
});
