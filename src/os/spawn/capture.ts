/** A pipe through which archon hears what a helper process says. */
import {err, ok, type Result} from '../../core/result.ts';
import {latin1Of, newBytes} from '../bytes.ts';
import {close, pipe, read} from '../descriptors.ts';
import type {Poller} from '../poller.ts';
import {EPOLLIN} from '../sys.ts';

/** Read at a stretch. */
const BLOCK = 4 * 1024;
/** How often what a process left behind is read. */
const DRAINS = 64;

/** What a helper process says. */
export interface Capture {
	readonly writer: number;
	/** Hears what is there by now. */
	drain(): void;
	close(): void;
}

/** Latin-1 text; an errno where there can be no pipe. */
export function openCapture(poller: Poller, onText: (text: string) => void): Result<Capture, number> {
	const ends = pipe();
	if (typeof ends === 'number') return err(-ends);
	const [reader, writer] = ends;
	const bytes = newBytes(BLOCK);
	let isOpen = true;
	const pump = (): boolean => {
		const count = isOpen ? read(reader, bytes) : 0;
		// At the end there is nothing more to be told of, only the process to wait for.
		if (count === 0 && isOpen) poller.forget(reader);
		if (count > 0) onText(latin1Of(bytes, 0, count));
		return count > 0;
	};
	poller.watch(reader, EPOLLIN, pump);
	return ok({
		writer,
		drain() {
			for (let i = 0; i < DRAINS && pump(); i++);
		},
		close() {
			if (!isOpen) return;
			isOpen = false;
			poller.forget(reader);
			close(reader);
		},
	});
}
