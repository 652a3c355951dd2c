/** Another executable for archon: asked, before anything is lost, whether it can go on from what this one writes down. */
import {service} from '../../core/defaults.ts';
import {latin1Of, newBytes} from '../bytes.ts';
import {after} from '../clock.ts';
import {close, pipe, read} from '../descriptors.ts';
import {errnoText} from '../errno.ts';
import {FORMAT} from './handoff.ts';
import type {Output} from '../../features/logging/os/output.ts';
import type {Poller} from '../poller.ts';
import type {Reaper} from '../reap/reaper.ts';
import {spawnHelper} from '../spawn/spawner.ts';
import {EPOLLIN} from '../sys.ts';

export interface UpgradeParts {
	readonly reaper: Reaper;
	readonly poller: Poller;
	readonly output: Pick<Output, 'nothing'>;
}

/** How it is asked; it answers with the numbers of all formats that it can read. */
export const QUESTION = '--handoff-format';

/** How long it may take to answer, in milliseconds. */
const PATIENCE = 5000;
/** Characters of the answer that are looked at. */
const LONGEST = 1024;

/** Runs the executable as an ordinary child. Calls back once, with why it will not do, or null. */
export function examine(path: string, {reaper, poller, output}: UpgradeParts, told: (why: string | null) => void): void {
	const ends = pipe();
	if (typeof ends === 'number') return told(`making a pipe: ${errnoText(-ends)}`);
	const [reader, writer] = ends;
	const nothing = output.nothing();
	const made = spawnHelper(service('archon', [path]), [path, QUESTION], [nothing, writer, nothing]);
	close(writer);
	const bytes = newBytes(LONGEST);
	let answer = '';
	let isOver = false;

	const listen = (): void => {
		for (let count = read(reader, bytes); count > 0; count = read(reader, bytes)) {
			if (answer.length < LONGEST) answer += latin1Of(bytes, 0, count);
			else return;
		}
	};
	const end = (why: string | null): void => {
		if (isOver) return;
		isOver = true;
		forgetTime();
		poller.forget(reader);
		close(reader);
		told(why);
	};
	const forgetTime = after(PATIENCE, () => {
		if (made.ok) reaper.endHelper(made.value);
		end(`${path} does not answer within ${PATIENCE / 1000} s`);
	});
	poller.watch(reader, EPOLLIN, listen);
	if (!made.ok) return end(`${made.error.stage}: ${made.error.reason}`);
	reaper.registerHelper(made.value, true, outcome => {
		if (isOver) return;
		listen();
		const isWell = outcome.kind === 'code' && outcome.code === 0;
		end(isWell ? judge(path, answer) : `${path} is no archon, or one that cannot take over from this one`);
	});
}

function judge(path: string, answer: string): string | null {
	const formats = answer.trim().split(/\s+/);
	if (!formats.every(format => /^\d+$/.test(format))) return `${path} is no archon, or one that cannot take over from this one`;
	if (formats.includes(String(FORMAT))) return null;
	return `${path} reads what was written in format ${formats.join(', ')}, and this archon writes ${FORMAT}`;
}
