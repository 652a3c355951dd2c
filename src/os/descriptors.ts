/** Descriptors in pairs; what is done with a single one is a call of the seam. */
import {type Outcome, SOCK_SEQPACKET, SOCK_STREAM, sys} from './sys.ts';

const ends = new Int32Array(2);

/** Close-on-exec; only the reading end never blocks. */
export const pipe = (): readonly [reader: number, writer: number] | Outcome => pair(sys.pipe(ends));

/** A terminal of 24 rows and 80 columns, close-on-exec; only archon's own end never blocks. */
export const openTerminal = (): readonly [own: number, theirs: number] | Outcome => pair(sys.openTerminal(ends));

/** Two sockets that are connected to each other, close-on-exec; messages stay apart, and neither ever blocks. */
export const socketPair = (): readonly [one: number, other: number] | Outcome => pair(sys.socketPair(ends, SOCK_SEQPACKET));

/** The same for a stream of bytes. */
export const streamPair = (): readonly [one: number, other: number] | Outcome => pair(sys.socketPair(ends, SOCK_STREAM));

export const close = (fd: number): Outcome => sys.close(fd);
export const read = (fd: number, bytes: Uint8Array): Outcome => sys.read(fd, bytes);
export const write = (fd: number, bytes: Uint8Array): Outcome => sys.write(fd, bytes);

const pair = (result: Outcome): readonly [number, number] | Outcome => (result < 0 ? result : [ends[0] ?? -1, ends[1] ?? -1]);
