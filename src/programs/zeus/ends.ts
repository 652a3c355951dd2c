/** What a client gives to a command for its streams, and keeps the other ends of. */
import {openTerminal, streamPair} from '../../os/descriptors.ts';
import {sys} from '../../os/sys.ts';
import {type Mode, withoutEcho, withoutOutputProcessing} from './terminal-mode.ts';

export interface Ends {
	/** The client's, which never blocks. */
	readonly own: number;
	/** The command's, which blocks. */
	readonly theirs: number;
	readonly isTerminal: boolean;
}

/** A terminal or a socket; or -errno. */
export function openEnds(isTerminal: boolean): Ends | number {
	const pair = isTerminal ? openTerminal() : streamPair();
	if (typeof pair === 'number') return pair;
	const [own, theirs] = pair;
	if (!isTerminal) sys.setBlocking(theirs, true);
	return {own, theirs, isTerminal};
}

/**
 * The command's terminal treats what is typed as the person's own does. `isOwnRaw`: that one will pass all on as it comes; else it
 * does its part of the output as well.
 */
export function setUp(ends: Ends, person: number | null, isOwnRaw: boolean): void {
	if (!ends.isTerminal) return;
	const mode = modeOf(person ?? ends.theirs);
	if (!mode) return;
	// What is piped in and not typed is not to be seen.
	const typed = isOwnRaw ? mode : withoutEcho(mode);
	sys.setTerminalMode(ends.theirs, isOwnRaw || person === null ? typed : withoutOutputProcessing(typed), false, '');
}

export function modeOf(fd: number): Mode | null {
	const mode = sys.terminalMode(fd);
	return typeof mode === 'number' ? null : mode;
}
