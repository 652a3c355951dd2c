/**
 * `dist/rootfs/`, the tree that any image takes with `COPY --from=archon / /`: the executable, its links and its licences; the schema
 * of configs, for editors, the manual, what shells complete by, and the workers of pools.
 */
import {chmod, copyFile, cp, mkdir, symlink, writeFile} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {execa} from 'execa';
import {troff} from '../scripts/docs/manual.ts';
import {archonctlPage, archonPage, type CommandText, protocolPage} from '../scripts/docs/pages.ts';
import {configPage} from '../scripts/docs/reference.ts';
import {schemaText} from '../src/config/json-schema.ts';
import {NAMES, PROGRAMS} from '../src/dropin/names.ts';

/** Where archon lives in an image. */
const HOME = '/opt/archon';

/** Where each shell looks for what programs bring, below /usr/share. */
const COMPLETIONS = [
	['bash', 'bash-completion/completions/archonctl'], ['zsh', 'zsh/site-functions/_archonctl'],
	['fish', 'fish/vendor_completions.d/archonctl.fish'],
] as const;

const root = dirname(import.meta.dirname);

/** Where services find the library that they load for `bind`; PRELOADED of src/features/bind/os/library.ts is the same. */
const LIBRARIES = '/usr/lib/archon';

export interface Made {
	readonly executable: string;
	readonly shim: string;
	/** The executable as it runs on this machine: it is asked for its texts. */
	readonly speaker: string;
}

/** Makes the tree at `rootfs` of an executable and a library that are built already. */
export async function makeRootfs({executable, shim, speaker}: Made, rootfs: string, version: string): Promise<void> {
	const home = join(rootfs, HOME);
	await mkdir(join(home, 'bin'), {recursive: true});
	await mkdir(join(rootfs, 'usr', 'bin'), {recursive: true});
	await copyFile(executable, join(home, 'bin', 'archon'));
	await chmod(join(home, 'bin', 'archon'), 0o755);
	// Only here: an image may have a tini of its own at /usr/bin.
	for (const name of [...NAMES, ...PROGRAMS]) await symlink('archon', join(home, 'bin', name));
	await mkdir(join(rootfs, LIBRARIES), {recursive: true});
	await copyFile(shim, join(rootfs, LIBRARIES, basename(shim)));
	await copyFile(join(root, 'LICENSE'), join(home, 'LICENSE'));
	await copyFile(join(root, 'packaging', 'NOTICE'), join(home, 'NOTICE'));
	for (const name of ['archon', 'archonctl']) await symlink(`../..${HOME}/bin/archon`, join(rootfs, 'usr', 'bin', name));
	const share = join(rootfs, 'usr', 'share');
	await mkdir(join(share, 'archon'), {recursive: true});
	await writeFile(join(share, 'archon', 'archon.schema.json'), schemaText());
	await cp(join(root, 'workers'), join(share, 'archon', 'workers'), {recursive: true, filter: path => !path.includes('__pycache__')});
	const says = async (name: string, ...args: readonly string[]): Promise<string> =>
		(await execa(speaker, args, {argv0: name, stripFinalNewline: false})).stdout;
	const commands = JSON.parse(await says('archonctl', 'help', '--json')) as readonly CommandText[];
	for (const page of [configPage(), archonPage(await says('archon', '--help')), archonctlPage(commands), protocolPage()]) {
		const folder = join(share, 'man', `man${page.section}`);
		await mkdir(folder, {recursive: true});
		await writeFile(join(folder, `${page.name}.${page.section}`), troff(page, version));
	}
	for (const [shell, file] of COMPLETIONS) {
		await mkdir(dirname(join(share, file)), {recursive: true});
		await writeFile(join(share, file), await says('archonctl', 'completion', shell));
	}
}
