/**
 * What `byNeed` of `src/core/by-need.ts` is made of. Its argument is an `import()`, whose promise cannot be waited for there:
 * in the executable the engine loads the part at once, and under Node it is loaded together with the file that names it.
 */

const IN_SOURCE = /\bbyNeed\(\(\) => import\('([^']+)'\)\)/g;
/** A part that is in a module with others is one of its exports. */
const IN_BUNDLE = /\bbyNeed(?:\$\d+)?\(\(\) => import\("\.\/([\w-]+\.js)"\)(?:\.then\(\((\w+)\) => \2\.(\w+)\))?\)/g;
/** Any use, but for the function itself. */
const USES = /(?<!function )\bbyNeed(?:\$\d+)?\(/g;

/** A file of `src/` for Node; its lines stay where they are. */
export function forNode(source: string): string {
	const parts: string[] = [];
	const text = source.replaceAll(IN_SOURCE, (_, path: string) => {
		parts.push(path);
		return `byNeed(() => part_${parts.length})`;
	});
	return text + parts.map((path, i) => `import * as part_${i + 1} from '${path}';`).join('');
}

/** A module of the bundle for the engine. Throws where `byNeed` is used in another way. */
export function forEngine(name: string, module: string): string {
	const found = module.match(IN_BUNDLE)?.length ?? 0;
	if (found !== (module.match(USES)?.length ?? 0)) {
		throw new Error(`${name}: byNeed is to be used as byNeed(() => import('./part.ts')), and in no other way`);
	}
	return module.replaceAll(IN_BUNDLE, (call, part: string, _, one: string | undefined) =>
		`${call.slice(0, call.indexOf('('))}(() => native.part("${part}")${one === undefined ? '' : `.${one}`})`);
}
