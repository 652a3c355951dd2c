/** What images take, for each machine: the executable and the library of `bind`, linked, and the tree with them. */
import {mkdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import '../by-need-hook.ts';
import {gccFor, HERE, prepareLibraries, type Target} from './libraries.ts';
import {linkExecutable, linkShim, SHIM} from './link.ts';
import type {Modules} from './modules.ts';

/** What is the same for each machine. */
export interface Parts {
	readonly modules: Modules;
	/** The executable that runs here. */
	readonly speaker: string;
	readonly version: string;
}

/** Makes `WORK/TARGET/` with `archon`, `libarchon-bind.so` and `rootfs/` for another machine than this one, or for this one again. */
export async function makeTree(root: string, work: string, target: Target, parts: Parts): Promise<void> {
	const {modules, speaker, version} = parts;
	const folder = join(work, target);
	await mkdir(folder, {recursive: true});
	const libraries = await prepareLibraries('release', target);
	await Promise.all([linkExecutable(root, folder, libraries, modules), linkShim(root, join(folder, SHIM), gccFor(target))]);
	// What the pages are made of is loaded with the hook.
	const {makeRootfs} = await import('../../packaging/rootfs.ts');
	await rm(join(folder, 'embedded.S'));
	const executable = join(folder, 'archon');
	await makeRootfs(
		{executable, shim: join(folder, SHIM), speaker: target === HERE ? executable : speaker}, join(folder, 'rootfs'), version,
	);
}
