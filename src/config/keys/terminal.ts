/** `tty`, `stdin_open`: what a service has for its stdin, and whether it has a terminal. */
import type {Part, ServiceGroup, Written} from '../group.ts';
import {value} from '../key.ts';
import type {Planning} from '../planning.ts';
import {truth} from '../scalars.ts';
import type {Settings} from '../shape.ts';
import {writtenAt} from '../values.ts';

const KEYS = {
	tty: value(truth, 'true | false', 'false', 'it gets a terminal of its own, for archonctl attach'),
	stdin_open: value(truth, 'true | false', 'false', 'its stdin is archon\'s own; only one service may have it'),
};

type Own = Settings<typeof KEYS>;

export const terminal = {
	keys: KEYS,
	words: () => ({names: {tty: 'is_tty', stdin_open: 'stdin interactive is_interactive'}}),
	conflicts({name, map, settings: {stdin_open: isOpen, tty}}: Written<Own>, {notes}: Planning) {
		const stdin = writtenAt(map, 'stdin_open')?.key;
		if (stdin && isOpen && tty) notes.gather(stdin, 'stdin_open has no effect with tty, which brings a stdin of its own', name);
	},
	/** There is one stdin. */
	rivals(services: readonly Written<Own & {readonly scale: number | null}>[], {problems, hasCommand}: Planning) {
		let owner = hasCommand ? 'the command line\'s command' : null;
		for (const {name, path, map, settings: {stdin_open: isOpen, tty, scale}} of services) {
			const written = map.entries.get('stdin_open');
			if (!written || !isOpen || tty) continue;
			if (owner !== null) problems.report(written.key, `${path}.stdin_open: archon has one stdin, and ${owner} has it`);
			else if ((scale ?? 1) > 1) problems.report(written.key, `${path}.stdin_open: archon has one stdin, and ${name} has several instances`);
			owner ??= name;
		}
	},
	plan: ({tty, stdin_open: isOpen}: Own): Part => ({exec: {tty, interactive: isOpen && !tty}}),
} satisfies ServiceGroup;
