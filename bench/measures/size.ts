/** What lies on the disk: the main executable, and everything that it brings along into a slim image. */
import {lstatSync, readdirSync, realpathSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {type Found, NOTHING, refuse} from '../findings.ts';
import type {Kit} from '../kit.ts';
import type {Supervisor} from '../supervisors/supervisor.ts';

export const SIZE_ROWS = ['size', 'tree'] as const;

export async function measureSize(kit: Kit, {name, packages: [main], programs: [program]}: Supervisor): Promise<Found> {
	if (name === 'archon') return tell(statSync(kit.archon).size, kit.rootfs ? sizeOf(kit.rootfs) : null);
	// Its executable is Node's.
	if (name === 'pm2') return tell(statSync(kit.node).size, statSync(kit.node).size + sizeOf(join(kit.pm2, '..')));
	const {stdout: path} = await execa('which', [program ?? name], {reject: false});
	if (path === '') return refuse(SIZE_ROWS, 'not found');
	return tell(statSync(realpathSync(path)).size, main === undefined ? null : await installedSize(main));
}

const tell = (size: number, tree: number | null): Found =>
	({...NOTHING, samples: {size: [size / 2 ** 20], ...(tree === null ? {} : {tree: [tree / 2 ** 20]})}});

/** Of all files below, in bytes; links count as nothing. */
function sizeOf(folder: string): number {
	let sum = 0;
	for (const entry of readdirSync(folder, {withFileTypes: true})) {
		const path = join(folder, entry.name);
		if (entry.isDirectory()) sum += sizeOf(path);
		else if (entry.isFile()) sum += lstatSync(path).size;
	}
	return sum;
}

interface Package {
	/** Of bytes. */
	readonly size: number;
	/** Each installed or not, of alternatives all. */
	readonly needs: readonly string[];
	/** Part of the smallest Debian there is. */
	readonly isMinimal: boolean;
}

/** Of a Debian package with all that it needs and a minimal Debian lacks, in bytes; null: it is not installed as a package. */
async function installedSize(name: string): Promise<number | null> {
	const fields = ['Package', 'Priority', 'Essential', 'Installed-Size', 'Pre-Depends', 'Depends'].map(field => `\${${field}}`);
	const {stdout} = await execa('dpkg-query', ['--show', '--showformat', `${fields.join('\t')}\n`], {reject: false});
	const packages = new Map(stdout.split('\n').map(line => {
		const [own = '', priority, essential, size, ...needs] = line.split('\t');
		const names = needs.join(',').split(/[,|]/).map(need => need.trim().replace(/[ :(].*/s, ''));
		const isMinimal = priority === 'required' || essential === 'yes';
		return [own, {size: Number(size) * 1024, needs: names, isMinimal} satisfies Package];
	}));
	if (!packages.has(name)) return null;
	const minimal = closure(packages, [...packages].filter(([, {isMinimal}]) => isMinimal).map(([own]) => own));
	const needed = [...closure(packages, [name])].filter(own => !minimal.has(own));
	return needed.reduce((sum, own) => sum + (packages.get(own)?.size ?? 0), 0);
}

/** Packages and all that they depend on, as far as it is installed. */
function closure(packages: ReadonlyMap<string, Package>, names: readonly string[]): ReadonlySet<string> {
	const all = new Set(names);
	// Items added meanwhile are iterated too.
	for (const name of all) for (const need of packages.get(name)?.needs ?? []) if (packages.has(need)) all.add(need);
	return all;
}
