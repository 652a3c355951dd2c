/** Notes what is valid and yet will surprise somebody who comes from compose or from a shell. */
import {SIG} from '../core/signal-numbers.ts';
import type {Collector} from './problems.ts';
import type {Declared} from './schema.ts';
import type {Argv} from './service.ts';
import {isNothing, type Mapping} from './values.ts';

export function giveAdvice(
	{name, path, key, map, settings}: Declared, argv: Argv, {report, gather}: Collector, isBareScript: (path: string) => boolean = () => false,
): void {
	const {entries} = map;
	const isOfImage = entries.has('image') || entries.has('build');
	if (isOfImage && !isWritten(map, 'restart') && settings.type === 'daemon' && !settings.essential) gather(key, RESTARTS, name);

	const [first] = ['entrypoint', 'command'].flatMap(each => (isWritten(map, each) ? entries.get(each)?.value ?? [] : []));
	if (!first) return;
	if (argv[0].startsWith('-')) {
		const hint = 'archon does not know an image\'s entrypoint: write it before that';
		report(first, `${path} begins with an option, where a program must stand`, hint);
	} else if (argv[0].startsWith('/') && isBareScript(argv[0])) {
		report(first, `${path} runs a script without a #! line: /bin/sh will run it`, 'write #!/bin/sh as its first line');
	} else if (first.kind === 'scalar') {
		const slip = shellism(first.text);
		if (slip) report(first, `${path}.${first === entries.get('command')?.value ? 'command' : 'entrypoint'} ${slip.why}`, slip.hint);
	}
}

/** A signal for what is behind a wrapper ends the wrapper, or nothing; TERM is passed on by archon itself when the wrapper has ended. */
export function noteWrapped(
	{path, map, settings: {stop_signal: stop, stop_to: to, reload}}: Declared, argv: Argv, {report}: Collector,
): void {
	if (to === 'group' || !isWrapper(argv)) return;
	const [program] = argv;
	const keys = [
		...stop === SIG.TERM || stop === SIG.KILL ? [] : ['stop_signal'],
		...reload && 'signal' in reload ? ['reload'] : [],
	];
	for (const key of keys) {
		const written = map.entries.get(key)?.value;
		const hint = isShell(program) ? 'write exec before the program, or stop_to: group' : 'write stop_to: group';
		if (written) report(written, `${path}.${key} reaches ${program}, which does not pass signals on`, hint);
	}
}

const isShell = (program: string): boolean => /^(?:.*\/)?(?:ba|da|a)?sh$/.test(program);

/** Shells that wait for a program, and what is known to do so. */
function isWrapper([program, option = '', script = '']: Argv): boolean {
	if (/^(?:.*\/)?(?:npm|npx|yarn|pnpm|apachectl|apache2ctl)$/.test(program)) return true;
	return isShell(program) && /^-\w*c$/.test(option) && /[;&|\n]/.test(script) && !/\b(?:exec|trap)\b/.test(script);
}

/** TLS is spoken by a program of the image alone. */
export function noteProbes(
	{path, map, settings: {ready, healthcheck}}: Declared, {gather}: Collector, hasProgram: (name: string) => boolean = () => true,
): void {
	const probes = [['ready', ready?.kind === 'probe' ? ready.probe : null], ['healthcheck', healthcheck?.probe ?? null]] as const;
	for (const [key, probe] of probes) {
		const written = map.entries.get(key)?.value;
		if (!written || probe?.kind !== 'http' || !probe.url.startsWith('https:') || TLS_PROGRAMS.some(hasProgram)) continue;
		gather(written, NO_TLS, `${path}.${key}`);
	}
}

/** Said of all pages. */
const NO_TLS = 'https is asked by curl or wget, and neither is here: install one in the image, or ask by http or exec';
const TLS_PROGRAMS = ['curl', 'wget'];

const isWritten = ({entries}: Mapping, key: string): boolean => {
	const entry = entries.get(key);
	return entry !== undefined && !isNothing(entry.value);
};

/** Said of all services that a compose file starts once. */
const RESTARTS = 'started again whenever they end, where compose would not: write restart: "no", or type: oneshot for what is to end';

/** What a command says to a shell, and no shell reads it. */
function shellism(text: string): {readonly why: string; readonly hint: string} | null {
	// Nearly all commands are plain, and there may be thousands of them.
	if (!SIGNS.test(text) && !BUILTINS.has(text.slice(0, text.search(/\s|$/)))) return null;
	const bare = text.replace(QUOTED, '_');
	const [first = '', ...others] = bare.trim().split(/\s+/);
	const script = text.trim();
	const shell = /['\n]/.test(script) || script.length > SHOWN_MAX ? 'sh -c \'…\'' : `sh -c '${script}'`;
	const variable = /^([A-Za-z_]\w*)=/.exec(first)?.[1];
	if (variable !== undefined) {
		return {why: 'begins with a variable, and not with a program', hint: `write environment: {${variable}: …}, or ${shell}`};
	}
	if (BUILTINS.has(first)) {
		const instead = first === 'cd' ? 'working_dir, or ' : '';
		return {why: `begins with ${first}, which only a shell knows`, hint: `write ${instead}${shell}`};
	}
	const operator = others.find(word => OPERATOR.test(word)) ?? (/;$/.test(first) ? ';' : undefined);
	if (operator === undefined) return null;
	const sign = OPERATOR_SIGN.exec(operator)?.[0];
	return {why: `has ${sign}, which means something to a shell only: here it is an argument`, hint: `write ${shell}`};
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

/** In characters: what is shown as it should be written. */
const SHOWN_MAX = 60;
