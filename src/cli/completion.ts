/** What shells need to complete `archonctl`: scripts made of the table of commands, which ask a running archon for its services. */
import type {Command, Option} from './command.ts';
import {GLOBAL, operandsOf, optionsOf} from './global.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What may stand as a word: these, names of services, or files. */
interface Words {
	readonly words: readonly string[];
	readonly hasNames: boolean;
	readonly hasFiles: boolean;
}

const SIGNALS = ['HUP', 'INT', 'QUIT', 'KILL', 'USR1', 'USR2', 'TERM', 'CONT', 'STOP', 'WINCH'];

/** What an option or an operand takes, by what the help calls it: `a|b|c`, NAME, SERVICE, FILE. */
function wordsOf(form: string, commands: readonly Command[]): Words {
	const parts = form.split(/[\s|[\].,]+/).filter(part => part !== '' && !part.startsWith('-'));
	return {
		words: parts.flatMap(part => {
			if (part === 'SIGNAL') return SIGNALS;
			if (part === 'COMMAND' && form.startsWith('[')) return commands.map(({name}) => name);
			return /^[a-z][a-z-]*$/.test(part) ? [part] : [];
		}),
		hasNames: parts.some(part => part === 'NAME' || part === 'SERVICE'),
		hasFiles: parts.some(part => ['PATH', 'FILE', 'DIR'].includes(part)),
	};
}

interface Entry {
	readonly command: Command;
	readonly options: readonly Option[];
	readonly operands: Words;
}

const entriesOf = (commands: readonly Command[]): readonly Entry[] => commands.map(command => ({
	command, options: [...optionsOf(command), ...GLOBAL],
	// What stands with an option in the usage belongs to that.
	operands: wordsOf(operandsOf(command).replaceAll(/\[-[^\]]*\]/g, ' ').trim(), commands),
}));

export function scriptFor(shell: Shell, commands: readonly Command[]): string {
	return {bash: bashScript, zsh: zshScript, fish: fishScript}[shell](commands);
}

const withValue = GLOBAL.filter(({value}) => value !== null).flatMap(({names}) => names);

/** What may follow: `words`, and whether `names` and `files` do, as bash and zsh do it alike. */
function choicesOf(commands: readonly Command[]): string {
	const entries = entriesOf(commands);
	const values: string[] = [];
	for (const {names, value} of GLOBAL) {
		if (value !== null) values.push(`\t*:${names.join('|*:')}) ${shown(wordsOf(value, commands))} ;;`);
	}
	for (const {command, options} of entries) {
		for (const {names, value} of options.slice(0, -GLOBAL.length)) {
			const places = names.map(name => `${command.name}:${name}`).join('|');
			if (value !== null) values.push(`\t${places}) ${shown(wordsOf(value, commands))} ;;`);
		}
	}
	const operands = entries.map(({command: {name}, operands}) => `\t${name}) ${shown(operands)} ;;`);
	const options = entries.map(({command: {name}, options}) => `\t${name}) words='${options.flatMap(({names}) => names).join(' ')}' ;;`);
	return `	case $verb:$prev in
${values.join('\n')}
	*)
	case $cur in
	-*)
	case $verb in
${options.join('\n')}
	*) words='${GLOBAL.flatMap(({names}) => names).join(' ')}' ;;
	esac ;;
	*)
	case $verb in
	'') words='${commands.map(({name}) => name).join(' ')}' ;;
${operands.join('\n')}
	esac ;;
	esac ;;
	esac`;
}

const shown = ({words, hasNames, hasFiles}: Words): string =>
	[`words='${words.join(' ')}'`, ...hasNames ? ['names=1'] : [], ...hasFiles ? ['files=1'] : []].join('; ');

/** Finds the command and what comes before the word, as far as bash and zsh do it alike. */
const FIND = `	case $word in
	${withValue.join('|')}) skip=1 ;;
	-*) ;;
	*) verb=$word; break ;;
	esac`;

function bashScript(commands: readonly Command[]): string {
	return `# bash completion of archonctl, made by: archonctl completion bash
_archonctl() {
	local line=\${COMP_LINE:0:COMP_POINT} verb= skip= word words= names= files= head
	local -a before
	read -ra before <<< "$line"
	local cur=
	[[ $line == *[[:space:]] ]] || { cur=\${before[-1]}; unset 'before[-1]'; }
	local prev=\${before[-1]}
	for word in "\${before[@]:1}"; do
	[[ $skip ]] && { skip=; continue; }
${FIND}
	done
	[[ $cur == --*=* ]] && { prev=\${cur%%=*}; cur=\${cur#*=}; }
${choicesOf(commands)}
	[[ $names ]] && words+=" $(archonctl completion names 2>/dev/null)"
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
	[[ $files ]] && COMPREPLY+=($(compgen -f -- "$cur"))
	# The colon of an instance is where bash breaks words.
	head=\${cur%"\${cur##*:}"}
	[[ $COMP_WORDBREAKS == *:* && $head ]] && COMPREPLY=("\${COMPREPLY[@]#"$head"}")
	return 0
}
complete -F _archonctl archonctl
`;
}

function zshScript(commands: readonly Command[]): string {
	return `#compdef archonctl
# zsh completion of archonctl, made by: archonctl completion zsh
_archonctl() {
	local line_words=("\${(@)words[2,CURRENT-1]}") cur=$PREFIX prev=\${words[CURRENT-1]} verb= skip= word names= files=
	local -a choices
	() {
	local words=
	for word in "\${line_words[@]}"; do
	[[ -n $skip ]] && { skip=; continue; }
${FIND}
	done
	[[ $cur == --*=* ]] && { prev=\${cur%%=*}; compset -P '*='; cur=\${cur#*=}; }
${choicesOf(commands)}
	choices=(\${=words})
	}
	[[ -n $names ]] && choices+=(\${(f)"$(archonctl completion names 2>/dev/null)"})
	(( \${#choices} )) && compadd -- "\${choices[@]}"
	[[ -n $files ]] && _files
	return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _archonctl "$@"; else compdef _archonctl archonctl; fi
`;
}

/** fish's own search takes the value of an option for the command. */
const VERB = `function __archonctl_verb
	set -l skip
	for word in (commandline -opc)[2..-1]
		if set -q skip[1]
			set skip
			continue
		end
		switch $word
			case ${withValue.join(' ')}
				set skip 1
			case '-*'
			case '*'
				echo $word
				return
		end
	end
end`;

function fishScript(commands: readonly Command[]): string {
	const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll('\'', '\\\'')}'`;
	const option = (when: string, {names, value, help}: Option): string => [
		`complete -c archonctl ${when}`.trimEnd(), ...names.map(name => name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`),
		...value === null ? [] : [`-x -a ${quoted(taken(wordsOf(value, commands)))}`], `-d ${quoted(help)}`,
	].join(' ');
	const taken = ({words, hasNames, hasFiles}: Words): string => [
		...words, ...hasNames ? ['(archonctl completion names 2>/dev/null)'] : [], ...hasFiles ? ['(__fish_complete_path)'] : [],
	].join(' ');
	return [
		'# fish completion of archonctl, made by: archonctl completion fish',
		VERB,
		'complete -c archonctl -f',
		...GLOBAL.map(each => option('', each)),
		...commands.map(({name, summary}) =>
			`complete -c archonctl -n 'not count (__archonctl_verb) >/dev/null' -a ${name} -d ${quoted(summary)}`),
		...entriesOf(commands).flatMap(({command: {name}, options, operands}) => {
			const when = `-n 'contains -- ${name} (__archonctl_verb)'`;
			const words = taken(operands);
			return [
				...words === '' ? [] : [`complete -c archonctl ${when} -a ${quoted(words)}`],
				...options.slice(0, -GLOBAL.length).map(each => option(when, each)),
			];
		}),
		'',
	].join('\n');
}
