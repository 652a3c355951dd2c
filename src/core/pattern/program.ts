/** Makes the program of a pattern: steps that read one character each, and what leads from one to the next (Thompson 1968). */
import {err, ok, type Result} from '../result.ts';
import {NEWLINES, WORD, type Characters} from './characters.ts';
import type {Edge, PatternProblem, Tree} from './syntax.ts';

/** The limit of a program's steps; a counted repetition has the steps of its body once for each count. */
const STEPS_MAX = 300;

/** `next` and `other` are the indices of further steps; `set` is that of a set. */
export type Step =
	| {readonly kind: 'match'}
	| {readonly kind: 'read'; readonly set: number; readonly next: number}
	| {readonly kind: 'pass'; readonly edge: Edge; readonly next: number}
	| {readonly kind: 'fork'; next: number; readonly other: number};

export interface Program {
	readonly steps: readonly Step[];
	/** The index of the first step. */
	readonly start: number;
	/** All different: what its steps read, and what its edges look for. */
	readonly sets: readonly Characters[];
	/** The edges that are in it. */
	readonly edges: ReadonlySet<Edge>;
}

/** Made from its end, so that each step is told which comes next. */
export function programOf(tree: Tree): Result<Program, PatternProblem> {
	const steps: Step[] = [{kind: 'match'}];
	const sets: Characters[] = [];
	const numbers = new Map<string, number>();
	const edges = new Set<Edge>();
	let fullAt = 0;

	const isFull = (): boolean => steps.length > STEPS_MAX;
	const add = (step: Step): number => steps.push(step) - 1;

	function numberOf(set: Characters): number {
		const key = set.join();
		const number = numbers.get(key) ?? sets.push(set) - 1;
		numbers.set(key, number);
		return number;
	}

	/** The index of the first step of the tree, after which it goes on at `next`: that itself where there is nothing to do. */
	function emit(tree: Tree, next: number): number {
		if (isFull()) return next;
		switch (tree.kind) {
			case 'one of': return add({kind: 'read', set: numberOf(tree.set), next});
			case 'sequence': return tree.parts.reduceRight((after, part) => emit(part, after), next);
			case 'choice':
				return tree.branches.map(branch => emit(branch, next)).reduceRight((other, first) => add({kind: 'fork', next: first, other}));
			case 'repeat': return repeat(tree, next);
			case 'edge':
				if (tree.edge.includes('word')) numberOf(WORD);
				if (tree.edge.includes('line')) numberOf(NEWLINES);
				edges.add(tree.edge);
				return add({kind: 'pass', edge: tree.edge, next});
		}
	}

	function repeat({body, min, max, at}: Tree & {readonly kind: 'repeat'}, next: number): number {
		let first = next;
		let times = 0;
		if (max === Infinity) {
			const fork: Step & {readonly kind: 'fork'} = {kind: 'fork', next, other: next};
			const index = add(fork);
			fork.next = emit(body, index);
			first = min > 0 ? fork.next : index;
			times = 1;
		} else {
			for (let more = min; more < max && !isFull(); more++) first = add({kind: 'fork', next: emit(body, first), other: next});
		}
		for (; times < min; times++) {
			const again = emit(body, first);
			// Nothing to do, however often.
			if (again === first) break;
			first = again;
		}
		if (isFull()) fullAt = at;
		return first;
	}

	const start = emit(tree, 0);
	if (!isFull()) return ok({steps, start, sets, edges});
	return err({message: `the pattern is too large: it has more than ${STEPS_MAX} steps if counted repetitions are written out`, at: fullAt});
}
