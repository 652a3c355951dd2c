/** Long output for a person goes to a pager, as git's does: `less -FRX`, or what $ARCHON_PAGER or $PAGER says; empty or `cat`: none. */
import {BrokenPipe} from '../os/errno.ts';
import {openPager} from '../os/pager.ts';
import {terminalSize} from '../os/terminal.ts';
import type {Io} from './command.ts';

/** Ends by itself what fits on a screen, shows colours, and leaves what it has shown. */
const USUAL = 'less -FRX';

/** The command for sh(1) that pages; null: none is to. */
export function pagerFor({isTty, env}: Pick<Io, 'isTty' | 'env'>): string | null {
	if (!isTty || env['TERM'] === 'dumb') return null;
	const chosen = env['ARCHON_PAGER'] ?? env['PAGER'];
	if (chosen === undefined) return `if command -v less >/dev/null; then exec ${USUAL}; else exec cat; fi`;
	return chosen.trim() === '' || chosen.trim() === 'cat' ? null : chosen;
}

/** What is longer than the screen is given to the pager, as soon as it is; what is not is written at the end. */
export function paged(io: Io, pager: string): {readonly io: Io; finish(): void} {
	const {rows} = terminalSize();
	let [held, lines] = ['', 0];
	let opened: ReturnType<typeof openPager> = null;
	let isPassing = false;
	const stdout = (text: string): void => {
		if (opened) return opened.write(text);
		if (isPassing) return io.stdout(text);
		held += text;
		for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
		if (lines < rows) return;
		opened = openPager(pager);
		isPassing = opened === null;
		const all = held;
		held = '';
		stdout(all);
	};
	return {
		io: {...io, stdout},
		finish() {
			if (held !== '') io.stdout(held);
			opened?.close();
		},
	};
}

/** Whether a person has left the pager before all was there: no reason for more. */
export const hasLeft = (error: unknown): boolean => error instanceof BrokenPipe;
