/** `archonctl stdio`: the control socket on standard input and output, for ssh and its like. */
import {LIMIT} from '../../control/requests/limit/wire.ts';
import {decodeReply} from '../../control/protocol.ts';
import {createReader, writeRecord} from '../../control/records.ts';
import {RIGHTS} from '../../core/access.ts';
import {err, ok, type Result} from '../../core/result.ts';
import {newBytes} from '../../os/bytes.ts';
import {close} from '../../os/descriptors.ts';
import {createPoller} from '../../os/poller.ts';
import {run} from '../../os/reactor.ts';
import {dial} from '../../os/sockets/client.ts';
import {splice} from '../../os/splice.ts';
import {isFifo, isSocket, newStat, sys} from '../../os/sys.ts';
import {type Arguments, type Command, EXIT} from '../command.ts';
import {complain, usageError} from '../reply.ts';

export const stdio: Command = {
	name: 'stdio',
	usage: '[--role ROLE] [--service NAME]...',
	summary: 'connect standard input and output with the control socket',
	details: [
		'What comes in goes to archon as it is, and back. -H HOST has this executed on the other machine; any program',
		'that speaks the control protocol (docs/reference/protocol.md) can do the same. With --role it goes no',
		'further than that role, for these services or for all, whatever comes in: for ssh keys with a command of',
		'their own.',
	],
	options: [
		{names: ['--role'], value: RIGHTS.join('|'), help: 'give up all other rights before anything is asked'},
		{names: ['--service'], value: 'NAME', help: 'with --role: for these services only; a pattern or a group as well'},
	],
	least: 0,
	most: 0,
	endsOptions: false,
	onHosts: {refuses: () => 'stdio is one connection'},
	examples: ['ssh host archonctl stdio', 'docker exec -i box archonctl stdio', 'archonctl stdio --role operate --service web'],
	run: (args, io, _reach, _reachLive, reachBy) => {
		const limits = limitsIn(args);
		if (!limits.ok) return usageError(io, limits.error);
		const found = reachBy((path, isNamed) => dial(path, isNamed, 0));
		if (!found.ok) {
			complain(io, found.error);
			return EXIT.unreachable;
		}
		const archon = found.value.value;
		const refusal = limits.value ? giveUp(archon, limits.value) : null;
		if (refusal !== null) {
			close(archon);
			complain(io, refusal);
			return EXIT.refused;
		}
		const about = newStat();
		// A terminal is shared with other processes, which would find it changed.
		for (const fd of [0, 1]) if (sys.fstat(fd, about) >= 0 && (isFifo(about) || isSocket(about))) sys.setBlocking(fd, false);
		sys.setBlocking(archon, false);
		splice({
			poller: createPoller(), input: 0, output: 1, archon, first: newBytes(0),
			ended: () => {},
			over: () => sys.exit(EXIT.ok),
		});
		run();
		return new Promise(() => {});
	},
};

/** The fields of a `Limit`; null: nothing is given up. */
function limitsIn(args: Arguments): Result<readonly string[] | null, string> {
	const [role] = args.values('--role').slice(-1);
	const names = args.values('--service');
	if (role === undefined) return names.length === 0 ? ok(null) : err('--service needs --role');
	return RIGHTS.some(known => known === role) ? ok([role, ...names]) : err(`--role ${role}: the roles are ${RIGHTS.join(', ')}`);
}

/** Nothing is passed on before archon has said that the connection has no other rights any more. null: it has. */
function giveUp(archon: number, limits: readonly string[]): string | null {
	const record = writeRecord([LIMIT.verb, ...limits]);
	if (!record.ok) return `cannot send the request: ${record.error}`;
	for (let bytes: Uint8Array = record.value; bytes.length > 0;) {
		const count = sys.send(archon, bytes, [], 0);
		if (count < 0) break;
		bytes = bytes.subarray(count);
	}
	const [bytes, reader] = [newBytes(4096), createReader()];
	for (;;) {
		const count = sys.read(archon, bytes);
		if (count <= 0) return 'archon closed the connection without a reply';
		const [reading] = reader.read(bytes.subarray(0, count));
		if (!reading) continue;
		const reply = reading.kind === 'record' ? decodeReply(reading.fields) : null;
		if (reply?.kind === 'Ok') return null;
		return reply?.kind === 'Error' ? reply.reason : 'archon\'s answer is invalid';
	}
}
