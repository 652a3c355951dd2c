/**
 * Who goes on in the place of a main process that has ended: the process that its service's pid file names. Programs
 * that put a new one of themselves in their place by a signal (nginx, haproxy, gunicorn) write such a file, and so do
 * those that become daemons.
 */
import type {Millis} from '../../core/time.ts';
import {textOf} from '../bytes.ts';
import {after} from '../clock.ts';
import {OTHERS_WRITE, start} from '../jobs.ts';

export interface Seeking {
	readonly path: string;
	/** How long it is looked for; Infinity: until `mayLast` says no. */
	readonly patience: Millis;
	/** Whether the process is alive and the run's: any process may have written the file. */
	readonly isHeir: (pid: number) => boolean;
	/** Whether it is worth to look again. */
	readonly mayLast: () => boolean;
	/** Is told the pid; null: there is no such process. Once, and never before `seek` returns. */
	readonly told: (pid: number | null) => void;
}

/** gunicorn's new main process has this name beside the file until the old one has ended. */
const NAMES = ['', '.2'];
/**
 * A daemon may write its file after its parent has ended: how long after the first look the second one follows, and each
 * further one after `GROWTH` times as long as the one before.
 */
const PAUSE: Millis = 20;
const PAUSE_MAX: Millis = 1000;
const GROWTH = 1.5;
/** Of a file, in bytes. */
const FILE_MAX = 64;

/** A thread reads the file, which may lie on a disk that hangs, or be none. */
export function seek({path, patience, isHeir, mayLast, told}: Seeking): void {
	let [isOver, pause] = [false, PAUSE];
	const end = (pid: number | null): void => {
		if (isOver) return;
		isOver = true;
		forgetTime();
		told(pid);
	};
	const forgetTime = patience === Infinity ? () => {} : after(patience, () => end(null));
	const lookAgain = (): void => {
		if (!mayLast()) return end(null);
		after(pause, () => look(0));
		pause = Math.min(pause * GROWTH, PAUSE_MAX);
	};
	const look = (name: number): void =>
		start('readFile', {text: `${path}${NAMES[name]}`, numbers: [FILE_MAX, OTHERS_WRITE]}, ({result, bytes}) => {
			if (isOver) return;
			const pid = result < 0 ? 0 : Number(/^\s*(\d{1,9})\b/.exec(textOf(bytes))?.[1] ?? 0);
			if (pid > 1 && isHeir(pid)) end(pid);
			else if (name + 1 < NAMES.length) look(name + 1);
			else lookAgain();
		});
	look(0);
}
