/** How a child ended, out of what waitid(2) reports of it. */
import type {Outcome} from '../../core/outcome.ts';
import {CHILD_REPORT} from '../layouts.ts';

const CLD_EXITED = 1;
const CLD_DUMPED = 3;

/** What `sys.waitAny` and `sys.waitPid` fill. */
export const newReport = (): Int32Array<ArrayBuffer> => new Int32Array(Object.keys(CHILD_REPORT).length);

/** Whose end it is; 0 where no child has ended. */
export const pidOf = (report: Int32Array): number => report[CHILD_REPORT.pid] ?? 0;

export function outcomeOf(report: Int32Array): Outcome {
	const [how, status = 0] = [report[CHILD_REPORT.code], report[CHILD_REPORT.status]];
	return how === CLD_EXITED
		? {kind: 'code', code: status}
		: {kind: 'signal', signal: status, core: how === CLD_DUMPED};
}

/** What wait(2) calls a status. */
export function outcomeOfStatus(status: number): Outcome {
	const signal = status & 0x7f;
	return signal === 0 ? {kind: 'code', code: (status >> 8) & 0xff} : {kind: 'signal', signal, core: (status & 0x80) !== 0};
}
