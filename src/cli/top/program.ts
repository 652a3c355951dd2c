/** `archonctl top` from keys and answers to what is written on the terminal. It knows neither sockets nor terminals. */
import type {Instant, Millis} from '../../core/time.ts';
import type {Input} from '../terminal/keys.ts';
import {createScreen, type Size} from '../terminal/screen.ts';
import {createFeed, type Lives} from './feed.ts';
import {type Effect, press} from './keys.ts';
import type {SortKey} from './sorting.ts';
import {newTop, resized, type Top} from './state.ts';
import {view} from './view.ts';

/** What the program has of the machine. */
export interface Machine {
	/** Calls back once after this time, unless the result is called before. */
	after(millis: Millis, callback: () => void): () => void;
	/** A clock that only goes forward. */
	now(): Instant;
	/** In milliseconds since 1970. */
	wallClock(): number;
	write(text: string): void;
	/** Shows the lines of a service in the pager; calls back when the screen is the program's again, with why it was not if it was not. */
	page(name: string, done: (problem: string | null) => void): void;
	/** Stops the program until a shell continues it, and returns then. */
	suspend(): void;
	/** The error says why archon does not answer; null: the person leaves. */
	quit(problem: string | null): void;
}

export interface Program {
	input(inputs: readonly Input[]): void;
	resized(size: Size): void;
	/** What the terminal shows is not known any more. */
	continued(size: Size): void;
	/** Whether there is a connection to archon: another one, or none for now. */
	connected(isConnected: boolean): void;
}

export interface Choices {
	readonly size: Size;
	readonly isColoured: boolean;
	readonly names: readonly string[];
	readonly sort: SortKey;
}

/** No more than one frame in this time, but for keys. */
const FRAME: Millis = 40;
const SECOND = 1000;

export function createProgram(lives: Lives, machine: Machine, {size, isColoured, names, sort}: Choices): Program {
	const screen = createScreen({isColoured});
	let top: Top = {...newTop(size), sort};
	let followed: string | null = null;
	/** Another program has the terminal. */
	let isAway = false;
	let drawn: Instant = -Infinity;
	let cancel: (() => void) | null = null;

	const draw = (): void => {
		cancel?.();
		cancel = null;
		if (isAway) return;
		drawn = machine.now();
		const text = screen.draw(view(top, machine.wallClock()));
		if (text !== '') machine.write(text);
	};
	const drawSoon = (): void => {
		cancel ??= machine.after(Math.max(0, drawn + FRAME - machine.now()), draw);
	};
	const become = (next: Top): void => {
		top = next;
		if (followed !== top.log.name) {
			followed = top.log.name;
			feed.follow(followed);
		}
	};
	const feed = createFeed(lives, machine, names, to => {
		become(to(top));
		drawSoon();
	}, machine.quit);
	const back = (problem: string | null): void => {
		isAway = false;
		screen.forget();
		if (problem !== null) top = {...top, notice: {text: problem, isProblem: true}};
		draw();
	};
	const carryOut = (effect: Effect): void => {
		switch (effect.kind) {
			case 'act': return feed.act(effect.action, effect.name);
			case 'why': return feed.why(effect.name);
			case 'quit': return machine.quit(null);
			case 'redraw': return screen.forget();
			case 'suspend': return machine.suspend();
			case 'page':
				isAway = true;
				return machine.page(effect.name, back);
		}
	};
	/** Uptimes go on by the second. */
	const tick = (): void => {
		machine.after(SECOND - machine.wallClock() % SECOND, () => {
			draw();
			tick();
		});
	};
	draw();
	tick();
	return {
		input(inputs) {
			const keys = inputs.flatMap(input => input.kind === 'key' ? [input.key] : top.mode.kind === 'filter' ? [...input.text] : []);
			for (const key of keys) {
				if (isAway) return;
				const {top: next, effect} = press(top, key);
				become(next);
				if (effect) carryOut(effect);
			}
			draw();
		},
		resized(size) {
			become(resized(top, size));
			draw();
		},
		continued(size) {
			screen.forget();
			become(resized(top, size));
			draw();
		},
		connected(isConnected) {
			const notice = isConnected ? {text: 'archon was re-executed', isProblem: false} : top.notice;
			become({...top, notice, trouble: isConnected ? null : 'no connection to archon: trying again'});
			draw();
		},
	};
}
