/** Makes a pattern of its source; loaded when there is one. */
import {ok, type Result} from '../result.ts';
import {programOf} from './program.ts';
import {searchFor} from './search.ts';
import {parse, type PatternProblem, type Tree} from './syntax.ts';

export function compile(source: string): Result<{test(text: string): boolean}, PatternProblem> {
	const tree = parse(source);
	if (!tree.ok) return tree;
	const program = programOf(tree.value);
	if (!program.ok) return program;
	const parts = [...partsOf(tree.value)];
	const {text: needle, at, isAll} = longestText(parts);
	if (isAll) return ok({test: text => text.includes(needle)});
	const isAnchored = parts[0]?.kind === 'edge' && parts[0].edge === 'start';
	// Made when a text is first looked at: a pattern is also compiled to see whether it is one.
	let search: ReturnType<typeof searchFor> | null = null;
	return ok({
		test(text) {
			const found = text.indexOf(needle);
			if (found < 0) return false;
			search ??= searchFor(program.value, isAnchored);
			return search(text, at === 0 ? found : 0);
		},
	});
}

/** What matches one after the other. */
function* partsOf(tree: Tree): Generator<Tree> {
	if (tree.kind !== 'sequence') yield tree;
	else for (const part of tree.parts) yield* partsOf(part);
}

/** The longest text that is in whatever matches, the index of its first part, and whether it is all that is asked for. */
function longestText(parts: readonly Tree[]): {readonly text: string; readonly at: number; readonly isAll: boolean} {
	let [longest, longestAt, text] = ['', 0, ''];
	for (const [index, part] of parts.entries()) {
		const [code = 0, end] = part.kind === 'one of' && part.set.length === 2 ? part.set : [];
		text = code + 1 === end ? text + String.fromCharCode(code) : '';
		if (text.length > longest.length) [longest, longestAt] = [text, index + 1 - text.length];
	}
	return {text: longest, at: longestAt, isAll: longest.length === parts.length};
}
