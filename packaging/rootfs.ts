/**
 * `dist/rootfs/`, the tree that any image takes with `COPY --from=archon / /`: the executable, its links and its licences; the schema
 * of configs, for editors, and the manual.
 */
import {chmod, copyFile, mkdir, symlink, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {troff} from '../scripts/docs/manual.ts';
import {configPage} from '../scripts/docs/reference.ts';
import {schemaText} from '../src/config/json-schema.ts';
import {NAMES} from '../src/dropin/names.ts';

/** Where archon lives in an image. */
const HOME = '/opt/archon';

const root = dirname(import.meta.dirname);

/** Makes the tree at `rootfs` of an executable that is built already. */
export async function makeRootfs(executable: string, rootfs: string, version: string): Promise<void> {
	const home = join(rootfs, HOME);
	await mkdir(join(home, 'bin'), {recursive: true});
	await mkdir(join(rootfs, 'usr', 'bin'), {recursive: true});
	await copyFile(executable, join(home, 'bin', 'archon'));
	await chmod(join(home, 'bin', 'archon'), 0o755);
	// Only here: an image may have a tini of its own at /usr/bin.
	for (const name of NAMES) await symlink('archon', join(home, 'bin', name));
	await copyFile(join(root, 'LICENSE'), join(home, 'LICENSE'));
	await copyFile(join(root, 'packaging', 'NOTICE'), join(home, 'NOTICE'));
	for (const name of ['archon', 'archonctl']) await symlink(`../..${HOME}/bin/archon`, join(rootfs, 'usr', 'bin', name));
	const share = join(rootfs, 'usr', 'share');
	await mkdir(join(share, 'archon'), {recursive: true});
	await writeFile(join(share, 'archon', 'archon.schema.json'), schemaText());
	await mkdir(join(share, 'man', 'man5'), {recursive: true});
	await writeFile(join(share, 'man', 'man5', 'archon.yaml.5'), troff(configPage(), version));
}
