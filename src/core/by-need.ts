/** Parts of archon that few need: each is loaded when it is first asked for, and then is there at once. */

/**
 * `load` is always written as `() => import('./part.ts')`: that it answers at once and not with a promise is the work of
 * what runs archon. In the executable the build puts `native.part` in its place; under Node, the parts are loaded with
 * the file that names them (`scripts/by-need.ts`).
 */
export function byNeed<Part extends object>(load: () => Promise<Part>): () => Part {
	let part: Part | null = null;
	return () => {
		const loaded: unknown = part ?? load();
		return part = loaded as Part;
	};
}
