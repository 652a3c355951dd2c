/** `archonctl stdio`: the control socket on standard input and output, for ssh and its like. */
import {newBytes} from '../../os/bytes.ts';
import {createPoller} from '../../os/poller.ts';
import {run} from '../../os/reactor.ts';
import {dial} from '../../os/sockets/client.ts';
import {splice} from '../../os/splice.ts';
import {isFifo, isSocket, newStat, SOCK_NONBLOCK, sys} from '../../os/sys.ts';
import {type Command, EXIT} from '../command.ts';
import {complain} from '../reply.ts';

export const stdio: Command = {
	name: 'stdio',
	usage: '',
	summary: 'connect standard input and output with the control socket',
	details: [
		'What comes in goes to archon as it is, and back. -H ssh:// has this executed on the other machine; any program',
		'that speaks the control protocol (docs/protocol.md) can do the same.',
	],
	options: [],
	least: 0,
	most: 0,
	endsOptions: false,
	examples: ['ssh host archonctl stdio', 'docker exec -i box archonctl stdio'],
	run: (_, io, _reach, _reachLive, reachBy) => {
		const found = reachBy((path, isNamed) => dial(path, isNamed, SOCK_NONBLOCK));
		if (!found.ok) {
			complain(io, found.error);
			return EXIT.unreachable;
		}
		const about = newStat();
		// A terminal is shared with other processes, which would find it changed.
		for (const fd of [0, 1]) if (sys.fstat(fd, about) >= 0 && (isFifo(about) || isSocket(about))) sys.setBlocking(fd, false);
		splice({
			poller: createPoller(), input: 0, output: 1, archon: found.value.value, first: newBytes(0),
			ended: () => {},
			over: () => sys.exit(EXIT.ok),
		});
		run();
		return new Promise(() => {});
	},
};
