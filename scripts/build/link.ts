/** Compiles archon's C and links it: the executable, the engine for tests, and the addon for Node. */
import {access, readdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {gccFor, HERE, type Libraries, MACHINES, type Target, UNALIGNED} from './libraries.ts';
import type {Modules} from './modules.ts';

/** C of the executable only; of the addon only; of the compiler of modules. All other files are the seam, which both have. */
const HOST = ['host.c', 'heap.c', 'call-engine.c'];
const ADDON = ['call-node.c'];
const TOOLS = ['compile.c'];

const WARNINGS = ['-std=gnu17', '-Wall', '-Wextra', '-Werror'];
/** musl's headers first, and behind them the kernel's. */
const kernelHeaders = (target: Target): string[] => {
	const machine = MACHINES[target];
	const folders = target === HERE ? ['/usr/include', `/usr/include/${machine}-linux-gnu`] : [`/usr/${machine}-linux-gnu/include`];
	return folders.flatMap(path => ['-idirafter', path]);
};

const STATIC = [
	'-static', '-fno-pie', '-no-pie', '-fstack-protector-strong', '-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections',
	'-Wl,--build-id=none',
	// Nothing here unwinds the stack: the tables for it, which the C library has as well, are left out.
	...UNALIGNED, '-fno-asynchronous-unwind-tables', `-Wl,-T,${join(import.meta.dirname, 'without-unwinding.ld')}`,
];

/** What this machine lacks of the programs that are run here. */
export async function missingTools(targets: readonly Target[] = [HERE]): Promise<readonly string[]> {
	const missing: string[] = [];
	for (const tool of new Set(['cc', 'musl-gcc', 'ar', ...targets.map(gccFor)])) if (!await onPath(tool)) missing.push(tool);
	return missing;
}

/** `native/archon.node`, by the system's compiler and C library. */
export async function linkAddon(root: string, work: string, libraries: Libraries): Promise<void> {
	await compile('cc', [
		...WARNINGS, '-O1', '-g', '-fPIC', '-shared', '-pthread', '-DARCHON_UNDER_NODE',
		'-I', join(root, 'node_modules', 'node-api-headers', 'include'), ...includes(libraries),
		'-o', join(work, 'native', 'archon.node'), ...own(root, ADDON), ...await seam(root), ...libraries.forAddon,
	]);
}

/** `archon`, with its modules in it. */
export async function linkExecutable(root: string, work: string, libraries: Libraries, modules: Modules): Promise<void> {
	const table = join(work, 'embedded.S');
	await writeFile(table, embedding(modules));
	await compile(libraries.compiler, [
		...libraries.options, ...WARNINGS, ...kernelHeaders(libraries.target), '-O2', ...STATIC, '-s', ...includes(libraries),
		'-o', join(work, 'archon'), ...own(root, HOST), ...await seam(root), table, ...libraries.engine, ...libraries.archives, '-lm',
	]);
}

/** `native/telling/archon`: the executable for tests, which also writes down what modules it loads. */
export async function linkTelling(root: string, work: string, libraries: Libraries, modules: Modules): Promise<void> {
	const table = join(work, 'embedded-telling.S');
	await writeFile(table, embedding(modules));
	await compile('musl-gcc', [
		...WARNINGS, ...kernelHeaders(HERE), ...STATIC, '-s', '-DARCHON_TELLS_MODULES', ...includes(libraries),
		'-o', join(work, 'native', 'telling', 'archon'),
		...own(root, HOST), ...await seam(root), table, ...libraries.engine, ...libraries.archives, '-lm',
	]);
}

/** `native/engine`, the same host for the tests: it runs the file that it is given. */
export async function linkEngine(root: string, work: string, libraries: Libraries): Promise<void> {
	await compile('musl-gcc', [
		...WARNINGS, ...kernelHeaders(HERE), '-O2', '-g', ...STATIC, '-DARCHON_RUNS_FILES', ...includes(libraries),
		'-o', join(work, 'native', 'engine'), ...own(root, HOST), join(root, 'test', 'characters', 'deaths.c'), ...await seam(root),
		...libraries.engine, ...libraries.archives, '-lm',
	]);
}

/** The program that turns modules into bytecode, which is the same for each machine: it has the engine of the executable. */
export async function linkCompiler(root: string, to: string, libraries: Libraries): Promise<void> {
	await compile(libraries.compiler, [
		...libraries.options, '-O2', '-static', '-D_GNU_SOURCE', ...includes(libraries),
		'-o', to, ...own(root, TOOLS), ...libraries.engine, '-lm',
	]);
}

/** What an executable of the dynamic linker's asks for, and nothing of a C library: programs with any of them load it. */
const PRELOADED = [
	'-D_GNU_SOURCE', '-O2', '-fPIC', '-shared', '-nostdlib', '-fvisibility=hidden', '-fno-stack-protector', '-s',
	'-Wl,--build-id=none', '-Wl,-z,relro,-z,now,-z,noexecstack', '-Wl,--hash-style=both',
];

/** `libarchon-bind.so`, which services load that a rule of `bind` is for. */
export async function linkShim(root: string, to: string, compiler = 'cc'): Promise<void> {
	await compile(compiler, [...WARNINGS, ...PRELOADED, `-Wl,-soname,${SHIM}`, '-o', to, join(root, 'src', 'shim', 'bind.c')]);
}

export const SHIM = 'libarchon-bind.so';

/** The table of what is in the executable, for the assembler. */
function embedding({plain, packed}: Modules): string {
	const modules = [...plain, ...packed];
	const bodies = modules.map(({file}, i) => `begin${i}:\n.incbin "${file}"\nend${i}:\n`);
	const bounds = `.balign 8\n.globl DICTIONARY\nDICTIONARY: .quad begin0, end${plain.length - 1}\n`;
	const names = modules.map(({name}, i) => `name${i}: .asciz "${name}"\n`);
	const rows = modules.map((_, i) => `.quad name${i}, begin${i}, end${i}\n`);
	return [
		'.section .rodata\n', ...bodies, ...names, bounds, '.balign 8\n.globl EMBEDDED\nEMBEDDED:\n', ...rows, '.quad 0, 0, 0\n',
		`.bss\n.balign 8\n.globl LOADED\nLOADED: .zero ${16 * modules.length}\n`,
		'.section .note.GNU-stack,"",%progbits\n',
	].join('');
}

const compile = (compiler: string, args: readonly string[]) => execa(compiler, args, {stderr: 'inherit'});

/** The sources of the seam. */
async function seam(root: string): Promise<string[]> {
	const others = [...HOST, ...ADDON, ...TOOLS];
	return own(root, (await readdir(join(root, 'src', 'native'))).filter(file => file.endsWith('.c') && !others.includes(file)));
}

const own = (root: string, files: readonly string[]): string[] => files.map(file => join(root, 'src', 'native', file));

const includes = ({include}: Libraries): string[] => include.flatMap(path => ['-I', path]);

async function onPath(tool: string): Promise<boolean> {
	for (const folder of (process.env['PATH'] ?? '').split(':')) if (await exists(join(folder, tool))) return true;
	return false;
}

export async function exists(path: string): Promise<boolean> {
	return access(path).then(() => true, () => false);
}
