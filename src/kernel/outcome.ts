/** How a child ended, out of the siginfo_t that waitid(2) fills (sigaction(2), 64-bit Linux). */
import type {Outcome} from '../core/model.ts';

/** sizeof(siginfo_t). */
export const INFO_SIZE = 128;

const CLD_EXITED = 1;
const CLD_DUMPED = 3;

/** si_pid: whose end it is; 0 where nobody's was waiting. */
export const pidOf = (info: Buffer): number => info.readInt32LE(16);

/** si_code and si_status. */
export function outcomeOf(info: Buffer): Outcome {
	const [how, status] = [info.readInt32LE(8), info.readInt32LE(24)];
	return how === CLD_EXITED
		? {kind: 'code', code: status}
		: {kind: 'signal', signal: status, core: how === CLD_DUMPED};
}
