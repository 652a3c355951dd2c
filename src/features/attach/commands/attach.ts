/** `archonctl attach`: a person's terminal at that of a service. */
import type {Command} from '../../../cli/command.ts';
import {usageError} from '../../../cli/reply.ts';
import {isPersonThere} from '../../../os/person.ts';
import {terminalSize} from '../../../os/terminal.ts';
import {TERMINAL, VIEW} from '../requests/terminal/wire.ts';
import {parseKeys, USUAL_KEYS} from './keys.ts';
import {askAgain, attendTerminal} from './session.ts';

export const attach: Command = {
	name: 'attach',
	usage: '[--read-only | --steal] [--detach-keys KEYS] [--no-scrollback] NAME',
	summary: 'use the terminal of a service with tty: true; ctrl-p ctrl-q detaches',
	details: [
		'What the service wrote last is shown first, and a program that has the whole screen draws it again. What is',
		'typed goes to the service, ^C, ^D and ^Z as well. The first client types, further ones look on. The service',
		'has the size of the terminal of the one who types. When it is started again, archonctl stays attached.',
		'KEYS are ctrl-LETTER or single characters, with commas between them, or none: then only a signal detaches. The',
		'first of them typed twice is sent once.',
		'Exit status: 0 when you detach, else that of the service when it has ended for good.',
	],
	options: [
		{names: ['--read-only'], value: null, help: 'only look on'},
		{names: ['--steal', '--force'], value: null, help: 'type, though another client does: that one looks on from then on'},
		{names: ['--detach-keys'], value: 'KEYS', help: `what detaches; else ${USUAL_KEYS}`},
		{names: ['--no-scrollback'], value: null, help: 'do not show what was written before'},
	],
	least: 1,
	most: 1,
	endsOptions: false,
	onHosts: {refuses: () => 'attach is for one terminal of one'},
	examples: ['archonctl attach shell', 'archonctl attach --read-only --detach-keys "ctrl-]" shell'],
	run(args, io, _, reachLive) {
		const [name = ''] = args.operands;
		const keys = parseKeys(args.values('--detach-keys').at(-1) ?? USUAL_KEYS);
		if (!keys.ok) return usageError(io, `--detach-keys: ${keys.error}`);
		if (args.has('--read-only') && args.has('--steal')) return usageError(io, '--read-only and --steal do not go together');
		if (!isPersonThere()) return usageError(io, `attach needs a terminal here; archonctl logs -f ${name} follows the output without one`);
		const types = !args.has('--read-only');
		const history = args.has('--no-scrollback') ? ['archon.history=no'] : [];
		return attendTerminal(io, reachLive, {
			name, types, detachKeys: keys.value, tells: true,
			ask(past) {
				if (past) return askAgain(name, past);
				const {rows, columns} = terminalSize();
				if (!types) return [VIEW, [name, ...history]];
				return [TERMINAL, [name, String(rows), String(columns), ...history, ...args.has('--steal') ? ['archon.steal=yes'] : []]];
			},
			// archon was re-executed, and goes on.
			ended: result => !result.ok && result.error.kind === 'broken' ? null : result,
		});
	},
};
