/** What all commands have in common: options, and the line about their usage. */
import type {Command, Option} from './command.ts';

export const GLOBAL: readonly Option[] = [
	{names: ['--socket'], value: 'PATH', help: 'the control socket; else $ARCHON_SOCKET, else the usual places'},
	{names: ['--host', '-H'], value: 'URL', help: 'an archon elsewhere: tcp://HOST:PORT, ssh://HOST; else $ARCHON_HOST'},
	{names: ['--token-file'], value: 'FILE', help: 'holds the token for tcp://; else $ARCHON_TOKEN_FILE'},
	{names: ['--help', '-h'], value: null, help: 'this help, or that of a command'},
	{names: ['--version'], value: null, help: 'the version'},
];

export const usageOf = ({name, usage}: Pick<Command, 'name' | 'usage'>): string =>
	`Usage: archonctl ${name}${usage === '' ? '' : ` ${usage}`}`;
