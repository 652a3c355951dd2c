/** The patterns of a config: what people know of JavaScript's regular expressions, in linear time and bounded memory. */
import {byNeed} from '../by-need.ts';
import type {Result} from '../result.ts';
import type {PatternProblem} from './syntax.ts';

export type {PatternProblem};

const compiler = byNeed(() => import('./compile.ts'));

export interface Pattern {
	/**
	 * Whether it matches anywhere in the text, as `RegExp.prototype.test` says by code units and without flags. The time is
	 * in proportion to the text's length, which is for the caller to bound, and never more than that times the 300 steps
	 * that a pattern may have. What it remembers for the next text is about 128 KiB at most; it is below 1 MiB with all that
	 * it is made of, whatever the source, and mostly below 30 KiB.
	 */
	test(text: string): boolean;
}

/**
 * The pattern that a source of at most 1000 code units says. It has all of RegExp but lookaround, backreferences, `\p`,
 * octal numbers and backslashes before letters that mean nothing; groups capture nothing, and `(?i:…)` is for ASCII. The
 * error is for people, and says where.
 */
export const compilePattern = (source: string): Result<Pattern, PatternProblem> => compiler().compile(source);
