/** What all commands have in common: options, and the line about their usage. */
import type {Command, Option} from './command.ts';

export const GLOBAL: readonly Option[] = [
	{names: ['--socket'], value: 'PATH', help: 'the control socket; else $ARCHON_SOCKET, else the usual places'},
	{names: ['--host', '-H'], value: 'HOST,...', help: 'archons elsewhere: HOST by ssh, docker://NAME, tcp://HOST:PORT; else $ARCHON_HOST'},
	{names: ['--host-timeout'], value: 'DURATION', help: 'for all that one of several hosts does; else 15s to answer, 5m in all'},
	{names: ['--token-file'], value: 'FILE', help: 'holds the token for tcp://; else $ARCHON_TOKEN_FILE'},
	{names: ['--no-pager'], value: null, help: 'long output goes to the terminal as it is; else to $ARCHON_PAGER, $PAGER or less'},
	{names: ['--help', '-h'], value: null, help: 'this help, or that of a command'},
	{names: ['--version'], value: null, help: 'the version'},
];

/** Of commands that have nothing else to say. */
const JSON_OPTION: Option = {names: ['--json'], value: null, help: 'say {"ok": true} when all went well'};

/** What a command takes beside the options of all. */
export const optionsOf = ({options, isQuiet}: Pick<Command, 'options' | 'isQuiet'>): readonly Option[] =>
	(isQuiet ? [...options, JSON_OPTION] : options);

/** What follows the name. */
export const operandsOf = ({usage, isQuiet}: Pick<Command, 'usage' | 'isQuiet'>): string =>
	`${isQuiet && !usage.startsWith('[OPTION...]') ? '[--json] ' : ''}${usage}`.trim();

export const usageOf = (command: Pick<Command, 'name' | 'usage' | 'isQuiet'>): string =>
	`Usage: archonctl ${command.name} ${operandsOf(command)}`.trimEnd();
