/**
 * Makes one file of an executable, its loader and its libraries, which runs where none of them is: in any image, from
 * any path. The file begins in `capsule.c` instead of the loader that the kernel would look for.
 */
import {chmod, open, readFile, rm, stat} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {execa} from 'execa';

/** The loader finds the libraries at descriptors from here on: beyond what a program is usually started with. */
const FIRST_FD = 80;

/** As in capsule.c. */
const MAGIC = 'capsule\0';

/** The largest page of any machine that it may run on: what is mapped from the file is aligned to it. */
const PAGE = 0x10000;

const PT_LOAD = 1;
const PT_INTERP = 3;
const SEGMENT_SIZE = 56;

const align = (at: number): number => Math.ceil(at / PAGE) * PAGE;

export interface Parts {
	/** Its own file, which this changes into the capsule. */
	readonly executable: string;
	readonly loader: string;
	readonly libraries: readonly string[];
	/** The source of the first steps, and a folder for what comes of it. */
	readonly source: string;
	readonly work: string;
}

export async function encapsulate({executable, loader, libraries, source, work}: Parts): Promise<void> {
	const needed = libraries.flatMap((file, i) => ['--replace-needed', basename(file), `/proc/self/fd/${FIRST_FD + 1 + i}`]);
	await execa('patchelf', [...needed, executable]);
	const program = await open(executable, 'r+');
	try {
		const head = await readAt(program, 0, 64);
		const [at, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(56)];
		const segments = split(await readAt(program, at, count * SEGMENT_SIZE));
		const ends = segments.filter(isLoaded).map(segment => Number(segment.readBigUInt64LE(16) + segment.readBigUInt64LE(40)));
		const stub = await compile(source, work, align(Math.max(...ends)));

		let size = align((await stat(executable)).size);
		const parts: {readonly offset: number; readonly size: number}[] = [];
		const offset = size;
		size = align(size + stub.bytes.length);
		for (const file of [loader, ...libraries]) {
			const bytes = await readFile(file);
			await program.write(bytes, 0, bytes.length, size);
			parts.push({offset: size, size: bytes.length});
			size = align(size + bytes.length);
		}
		const entry = head.readBigUInt64LE(24);
		const interp = segments.find(isPath)?.readBigUInt64LE(16) ?? 0n;
		const places = parts.flatMap(part => [BigInt(part.offset), BigInt(part.size)]);
		fillTable(stub.bytes, [entry, stub.start, interp, BigInt(parts.length), ...places]);
		await program.write(stub.bytes, 0, stub.bytes.length, offset);
		head.writeBigUInt64LE(stub.start, 24);
		await program.write(head, 0, head.length, 0);
		const table = Buffer.concat(replaced(segments, loaded(offset, stub)));
		await program.write(table, 0, table.length, at);
	} finally {
		await program.close();
	}
	await chmod(executable, 0o755);
}

interface Stub {
	readonly bytes: Buffer;
	/** Where it is mapped, and where it begins. */
	readonly address: bigint;
	readonly start: bigint;
}

/** The one segment of the compiled source. */
async function compile(source: string, work: string, address: number): Promise<Stub> {
	const file = join(work, 'capsule');
	await execa('cc', [
		'-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror', `-DFIRST_FD=${FIRST_FD}`,
		// Nothing that a C library would have to be there for.
		'-ffreestanding', '-fpie', '-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-fno-tree-loop-distribute-patterns',
		'-nostdlib', '-static', '-no-pie', '-Wl,--build-id=none', '-Wl,-z,noseparate-code', '-Wl,-s',
		`-Wl,-Ttext-segment=0x${address.toString(16)}`, '-o', file, source,
	], {stderr: 'inherit'});
	const bytes = await readFile(file);
	await rm(file);
	const [at, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(56)];
	const [segment, ...others] = split(bytes.subarray(at, at + count * SEGMENT_SIZE)).filter(isLoaded);
	if (!segment || others.length > 0 || segment.readBigUInt64LE(8) !== 0n) throw new Error('capsule.c must be of one segment');
	return {bytes: bytes.subarray(0, Number(segment.readBigUInt64LE(32))), address: BigInt(address), start: bytes.readBigUInt64LE(24)};
}

function fillTable(bytes: Buffer, numbers: readonly bigint[]): void {
	const at = bytes.indexOf(MAGIC, 0, 'latin1') + MAGIC.length;
	numbers.forEach((number, i) => bytes.writeBigUInt64LE(number, at + i * 8));
}

/** A segment that is read and executed (elf(5), Elf64_Phdr). */
function loaded(offset: number, {bytes, address}: Stub): Buffer {
	const segment = Buffer.alloc(SEGMENT_SIZE);
	segment.writeUInt32LE(PT_LOAD, 0);
	segment.writeUInt32LE(5, 4);
	const [from, at, size] = [BigInt(offset), address, BigInt(bytes.length)];
	[from, at, at, size, size, BigInt(PAGE)].forEach((number, i) => segment.writeBigUInt64LE(number, 8 + i * 8));
	return segment;
}

/** Without the loader's path, which capsule.c puts back, and with one segment more, which is the highest. */
function replaced(segments: readonly Buffer[], segment: Buffer): Buffer[] {
	const kept = segments.filter(one => !isPath(one));
	kept.splice(kept.findLastIndex(isLoaded) + 1, 0, segment);
	if (kept.length !== segments.length) throw new Error('the executable names no loader');
	return kept;
}

const isPath = (segment: Buffer): boolean => segment.readUInt32LE(0) === PT_INTERP;

const isLoaded = (segment: Buffer): boolean => segment.readUInt32LE(0) === PT_LOAD;

const split = (table: Buffer): Buffer[] =>
	Array.from({length: table.length / SEGMENT_SIZE}, (_, i) => table.subarray(i * SEGMENT_SIZE, (i + 1) * SEGMENT_SIZE));

async function readAt(file: Awaited<ReturnType<typeof open>>, at: number, length: number): Promise<Buffer> {
	const {buffer} = await file.read(Buffer.alloc(length), 0, length, at);
	return buffer;
}
