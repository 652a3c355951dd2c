/** `archonctl run -t`: a command under archon with a terminal of its own, which is shown on this one. */
import type {Arguments, Command, Io} from '../../../cli/command.ts';
import {complain, usageError} from '../../../cli/reply.ts';
import {ATTACH} from '../../../control/requests/attach/wire.ts';
import {REFUSED, RUN_V} from '../../../control/requests/run/wire.ts';
import {err} from '../../../core/result.ts';
import {isPersonThere} from '../../../os/person.ts';
import {terminalSize} from '../../../os/terminal.ts';
import {askAgain, attendTerminal} from './session.ts';

/** `fields`: of a `RunV`. Gives the exit status. */
export async function runOnTerminal(
	io: Io, reachLive: Parameters<Command['run']>[3], fields: readonly string[], args: Arguments, name: string,
): Promise<number> {
	if (!isPersonThere()) return usageError(io, 'run -t needs a terminal here; without -t the command has the streams of archonctl');
	let why: string | null = null;
	let claims = 0;
	const status = await attendTerminal(io, reachLive, {
		name, types: args.has('--interactive'), detachKeys: [], tells: false,
		ask(past) {
			if (past) return askAgain(name, past);
			const {rows, columns} = terminalSize();
			const own = [`archon.name=${name}`, `archon.terminal=${rows}x${columns}`];
			return [RUN_V, [...fields, ...own]];
		},
		// The command has its client again, or its exit status.
		askAgain() {
			claims += 1;
			return [ATTACH, [name]];
		},
		row([kind, text = '']) {
			if (kind === REFUSED) why = text;
		},
		ended(result) {
			if (!result.ok && (result.error.kind === 'broken' || result.error.kind === 'unanswered')) return null;
			if (result.ok && result.value.kind === 'Error' && claims > 0) return err({kind: 'lost', reason: LOST});
			return result;
		},
	});
	if (why !== null) complain(io, `cannot run ${args.operands[0]}: ${why}`);
	return status;
}

const LOST = 'archon was re-executed, and knows nothing of the command: it never began, or has ended';
