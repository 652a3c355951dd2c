/** archon as the master of a pool (`archon.pool`): what it is started with, and how it reads the file of its tree. */
import {readTreeFile} from '../features/pools/keys/tree-file.ts';
import type {Plan} from '../features/pools/keys/plan.ts';
import {readSource} from '../config/read.ts';
import {collector} from '../config/problems.ts';
import {err, ok, type Result} from '../core/result.ts';
import {servePool as serve} from '../helpers/pool.ts';
import {files} from '../os/files.ts';
import type {Poller} from '../os/poller.ts';

/** The tree in a file; or everything that is wrong with it, each as `file:line:column: what (what to do)`. */
export function readPlan(path: string): Result<Plan, readonly string[]> {
	const source = readSource(path, files);
	if (!source.ok) return err([source.error.problem.message]);
	const problems = collector([source.value]);
	const plan = readTreeFile(source.value, problems.report, () => {});
	if (plan) return ok(plan);
	return err(problems.problems().map(({file, line, column, message, hint}) =>
		`${file}:${line}:${column}: ${message}${hint === null ? '' : ` (${hint})`}`));
}

/** As a helper serves (helper.ts). */
export const servePool = (fd: number, poller: Poller, ended: () => void, words: readonly string[]): (() => void) =>
	serve(fd, poller, ended, words, readPlan);
