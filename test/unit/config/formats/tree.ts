/** Directories as texts by path, for translators that read several files. */
import {err, ok} from '../../../../src/core/result.ts';
import type {Lookups} from '../../../../src/config/planning.ts';
import {fileProblem, type Source} from '../../../../src/config/problems.ts';
import {loadFormats, NAMES} from '../../../../src/config/formats/load.ts';
import {AROUND} from '../around.ts';

const FORMATS = await loadFormats(NAMES);

export type Tree = Readonly<Record<string, string>>;

/** The names in a directory of the tree; null: it is not one. */
function namesIn(tree: Tree, folder: string): readonly string[] | null {
	const from = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
	const names = new Set(Object.keys(tree).filter(path => path.startsWith(from)).map(path => path.slice(from.length).split('/')[0] ?? ''));
	return names.size > 0 ? [...names].filter(name => name !== '') : null;
}

export function lookupsOf(tree: Tree, environment: Lookups['environment'] = {}): Lookups {
	return {
		...AROUND, environment,
		formats: FORMATS, findUser: () => ok(null),
		readFile(file) {
			const text = tree[file];
			if (text !== undefined) return ok({file, text});
			if (!namesIn(tree, file)) return AROUND.readFile('/nowhere');
			return err({problem: fileProblem(file, `cannot read ${file}: is a directory`), missing: false});
		},
		listFolder(folder) {
			const names = namesIn(tree, folder);
			return names ? ok(names) : AROUND.listFolder('/nowhere');
		},
	};
}

/** A directory as it is given to `-c` or `import`. */
export function folderOf(tree: Tree, file: string): Source {
	const names = namesIn(tree, file) ?? [];
	const folders = new Map(names.flatMap(name => {
		const inner = namesIn(tree, `${file === '/' ? '' : file}/${name}`);
		return inner ? [[name, inner] as const] : [];
	}));
	return {file, text: '', names, folders};
}
