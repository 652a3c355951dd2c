/** `command`, `entrypoint`: the program that a service runs, and its arguments. */
import {POOL_PROGRAM} from '../../core/helper-roles.ts';
import type {Environment} from '../../core/variables.ts';
import type {Argv} from '../command-service.ts';
import type {Advising, ServiceGroup, Written} from '../group.ts';
import {words} from '../key.ts';
import {takenBack} from '../merge.ts';
import type {Report} from '../problems.ts';
import {toCommand, unsetIn} from '../readers.ts';
import {isMissing, type Settings, type Shape} from '../shape.ts';
import {isNothing, type Mapping} from '../values.ts';
import type {Type} from './type.ts';

const KEYS = {
	command: words('program and arguments; quoted as in a shell, but run without one unless shell says so', 'nginx -g "daemon off;"'),
	entrypoint: words('words that go before the command', '[tini-wrapper, --verbose]'),
};

type Own = Settings<typeof KEYS>;
type Ending = Own & {readonly type: Type; readonly essential: boolean};

export const command = {
	keys: KEYS,
	merge: {command: takenBack, entrypoint: takenBack},
	words: () => ({
		names: {command: 'cmd exec ExecStart run script program startCommand startProgram'},
		others: [
			['args', 'command', 'write them in command, after the program'],
			['interpreter', 'command', 'write it in command, before the script'],
			['up', 'command', 'write command, and type: oneshot if it ends'],
		],
	}),
	advise({name, path, key, map, settings}: Written<Ending>, {notes: {report, gather}, lookups, argv}: Advising) {
		const {entries} = map;
		// A pool's own restart is that of its nodes.
		const isComposed = (entries.has('image') || entries.has('build')) && argv[0] !== POOL_PROGRAM;
		if (isComposed && !isWritten(map, 'restart') && settings.type === 'daemon' && !settings.essential) gather(key, RESTARTS, name);

		const [first] = ['entrypoint', 'command'].flatMap(each => (isWritten(map, each) ? entries.get(each)?.value ?? [] : []));
		if (!first) return;
		if (argv[0].startsWith('-')) {
			const hint = 'archon does not know the image\'s entrypoint: write it first';
			report(first, `${path} begins with an option instead of a program`, hint);
		} else if (argv[0].startsWith('/') && lookups.isBareScript?.(argv[0])) {
			report(first, `${path} runs a script without a #! line: /bin/sh will run it`, 'write #!/bin/sh as its first line');
		} else if (first.kind === 'scalar') {
			const mistake = shellism(first.text);
			if (mistake) report(first, `${path}.${first === entries.get('command')?.value ? 'command' : 'entrypoint'} ${mistake.why}`, mistake.hint);
		}
	},
} satisfies ServiceGroup;

/** The programs of services, by name. */
export function findPrograms(
	services: ReadonlyMap<string, Written<Own> | null>, shape: Pick<Shape, 'keys' | 'words'>, environment: Environment, report: Report,
): ReadonlyMap<string, Argv> {
	const programs = new Map<string, Argv>();
	const images: Written<Own>[] = [];
	for (const [name, declared] of services) {
		if (!declared) continue;
		const {entrypoint, command} = declared.settings;
		const argv = toCommand([...entrypoint ?? [], ...command ?? []]);
		if (argv) programs.set(name, argv);
		else if (isOfImage(declared) && isMissing(WORDS, declared.map, shape)) images.push(declared);
		else reportNoProgram(declared, shape, report, environment);
	}
	if (images.length > 0) reportImages(images, report);
	return programs;
}

const WORDS = ['command', 'entrypoint'] as const;

const isOfImage = ({map: {entries}}: Written<Own>): boolean => !entries.has('extends') && (entries.has('image') || entries.has('build'));

/** A compose file of images gets one answer. */
function reportImages([first, ...others]: readonly Written<Own>[], report: Report): void {
	if (!first) return;
	const names = [first, ...others].slice(0, IMAGES_SHOWN).map(({name}) => name).join(', ');
	const more = others.length + 1 - IMAGES_SHOWN;
	const which = others.length === 0 ? `${first.path} has` : `${names}${more > 0 ? ` and ${more} more` : ''} have`;
	const what = others.length === 0 ? 'the image would run' : 'each image would run, and remove what runs in containers of its own';
	const hint = `write what ${what} (docker inspect IMAGE shows Entrypoint and Cmd)`;
	report(first.key, `archon starts programs, not images: ${which} no command`, hint);
}

const IMAGES_SHOWN = 20;

function reportNoProgram(
	{path, key, map, settings}: Written<Own>, shape: Pick<Shape, 'keys' | 'words'>, report: Report, environment: Environment,
): void {
	// What extends stands for is not known, and extends itself is reported.
	if (map.entries.has('extends')) return;
	if (isMissing(WORDS, map, shape)) {
		report(key, `${path} has no command`, 'write what it runs');
		return;
	}
	const [written] = WORDS.flatMap(name => map.entries.get(name) ?? []);
	if (written && isNothing(written.value) && !('isSpoilt' in written.value)) {
		const {source: {text}, offset} = written.value;
		const isComment = /^ *#/.test(text.slice(offset, offset + 100));
		const hint = isComment ? '" #" begins a comment: put it in quotes if it is not meant as one' : 'write what it runs';
		report(written.value, `${path} has an empty command`, hint);
		return;
	}
	// What is misspelt or cannot be read has been reported already.
	const unread = WORDS.some(name => map.entries.has(name) && settings[name] === null);
	if (written && !unread) report(written.value, `${path} has an empty command`, unsetIn(written.value, environment));
}

const isWritten = ({entries}: Mapping, key: string): boolean => {
	const entry = entries.get(key);
	return entry !== undefined && !isNothing(entry.value);
};

/** Noted once for all services that a compose file starts once. */
const RESTARTS = 'restarted whenever they exit, unlike in compose: write restart: "no", or type: oneshot for what is meant to end';

/** What a command says to a shell, and no shell reads it. */
function shellism(text: string): {readonly why: string; readonly hint: string} | null {
	// Nearly all commands are plain, and there may be thousands of them.
	if (!SIGNS.test(text) && !BUILTINS.has(text.slice(0, text.search(/\s|$/)))) return null;
	const bare = text.replace(QUOTED, '_');
	const [first = '', ...others] = bare.trim().split(/\s+/);
	const variable = /^([A-Za-z_]\w*)=/.exec(first)?.[1];
	if (variable !== undefined) {
		return {why: 'begins with a variable, and not with a program', hint: `write environment: {${variable}: …}, or shell: true`};
	}
	if (BUILTINS.has(first)) {
		return {why: `begins with ${first}, which only a shell knows`, hint: `write ${first === 'cd' ? 'working_dir, or ' : ''}shell: true`};
	}
	const operator = others.find(word => OPERATOR.test(word)) ?? (/;$/.test(first) ? ';' : undefined);
	if (operator === undefined) return null;
	const sign = OPERATOR_SIGN.exec(operator)?.[0];
	return {why: `has ${sign}, which only a shell understands: here it is a plain argument`, hint: 'write shell: true'};
}

/** Without one of these, a command says nothing to a shell but for its first word. */
const SIGNS = /[|&;<>`=]|\$\(|^\s/;

/** Quoted and escaped parts, in which operators are text. */
const QUOTED = /\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*"/g;

const BUILTINS: ReadonlySet<string> = new Set([
	'cd', 'source', '.', 'export', 'set', 'unset', 'eval', 'exec', 'trap', 'ulimit', 'umask', 'if', 'for', 'while', 'until', 'case',
]);

/** Lists, pipes, redirections and what a shell would put in place of a command. */
const OPERATOR = /^(?:&&?|\|\|?|;|\d?[<>]{1,2}(?:[^=<>].*)?|[^;]+;|.*\$\$?\(.*|`.*)$/;
const OPERATOR_SIGN = /&&|\|\||[|;<>`]|\$\$?\(|&/;
