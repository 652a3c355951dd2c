/** What kind of program a file holds: a script with its interpreter, an ELF file with its loader and machine, or neither. */
import {latin1Of, newBytes, textOf} from '../bytes.ts';
import {O, sys} from '../sys.ts';

export interface ProgramFile {
	/** The `#!` line's program, or the loader that an ELF file names (PT_INTERP, elf(5), 64 bits). */
	readonly interpreter: string | null;
	/** What a `#!` line has after its program. */
	readonly argument: string | null;
	/** The machine that an ELF file is for (e_machine); null: it is no ELF file. */
	readonly machine: number | null;
}

const NEITHER: ProgramFile = {interpreter: null, argument: null, machine: null};

const PT_INTERP = 3;

/** Of a file that can be read; else null. */
export function examineProgram(path: string): ProgramFile | null {
	const head = newBytes(4096);
	const fd = sys.open(path, O.RDONLY | O.NONBLOCK | O.NOCTTY, 0);
	if (fd < 0) return null;
	const length = sys.readAt(fd, head, 0);
	sys.close(fd);
	if (length < 0) return null;
	if (latin1Of(head, 0, 2) === '#!') {
		const line = textOf(head, 0, Math.max(2, Math.min(length, 256)));
		const [, interpreter = null, argument = null] = /^#![ \t]*([^ \t\n]+)(?:[ \t]+([^\n]*[^ \t\n]))?/.exec(line) ?? [];
		return {...NEITHER, interpreter, argument};
	}
	if (latin1Of(head, 0, 4) !== '\x7fELF') return NEITHER;
	const view = new DataView(head.buffer);
	const isLittle = head[5] === 1;
	const machine = view.getUint16(18, isLittle);
	if (head[4] !== 2 || !isLittle) return {...NEITHER, machine};
	const long = (at: number): number => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
	const [table, size, count] = [long(32), view.getUint16(54, true), view.getUint16(56, true)];
	for (let at = table; size > 0 && at + Math.max(size, 40) <= Math.min(head.length, table + size * count); at += size) {
		if (view.getUint32(at, true) !== PT_INTERP) continue;
		const [offset, length] = [long(at + 8), long(at + 32)];
		if (length > 0 && offset + length <= head.length) {
			return {...NEITHER, machine, interpreter: textOf(head, offset, offset + length - 1)};
		}
	}
	return {...NEITHER, machine};
}
