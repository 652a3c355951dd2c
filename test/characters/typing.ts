/**
 * A program on a terminal, for the tests of its layer: shows its size and each key that is typed. `q` ends it, `^Z` suspends it,
 * `x` ends it by a fault, `e` by an exception, and `c` gives the terminal to a child that reads a line.
 */
import '../../src/os/globals.ts';
import {createDecoder, ESCAPE_PAUSE} from '../../src/cli/terminal/keys.ts';
import {signalName} from '../../src/core/signal-numbers.ts';
import {createPoller} from '../../src/os/poller.ts';
import {after, run} from '../../src/os/reactor.ts';
import {openTerminal, type Size} from '../../src/os/terminal.ts';
import {sys} from '../../src/os/sys.ts';

const decoder = createDecoder();
const opened = openTerminal(createPoller(), {enter: '\x1b[?2004h', leave: '\x1b[?2004lleft\r\n'}, {
	typed(bytes) {
		for (const input of decoder.read(bytes)) obey(input.kind === 'key' ? input.key : `paste ${JSON.stringify(input.text)}`);
		if (decoder.isPending()) after(ESCAPE_PAUSE, () => decoder.flush().forEach(input => input.kind === 'key' && obey(input.key)));
	},
	resized: size => show('resized', size),
	continued: size => show('continued', size),
	childEnded() {
		terminal.take();
		say('child ended');
	},
	ended(signal) {
		terminal.close();
		sys.exit(signal === null ? 3 : 128 + signal);
	},
});
if (!opened.ok) {
	sys.write(2, sys.encodeUtf8(`${opened.error}\n`));
	sys.exit(1);
}
const terminal = opened.value;
const say = (text: string): void => terminal.write(`${text}\r\n`);
const show = (what: string, {rows, columns}: Size): void => say(`${what} ${rows} ${columns}`);

function obey(key: string): void {
	switch (key) {
		case 'q': {
			terminal.close();
			sys.exit(0);
		}
		case 'ctrl-z': return terminal.suspend();
		case 'x': return Reflect.get(globalThis.native, 'die')('fault');
		case 'e': throw new Error('a bug');
		case 'c': {
			terminal.give();
			if (sys.fork() !== 0) return;
			sys.restoreSignals();
			sys.execute('/bin/sh', 'sh\0-c\0echo read; read line; echo got $line\0');
			sys.exit(1);
		}
		default: say(`key ${key}`);
	}
}

show(`ready ${signalName(15)}`, terminal.size());
run();
