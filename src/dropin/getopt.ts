/** Reads options as GNU getopt(3) and getopt_long(3) do, with the same error messages. */

export interface Grammar {
	/** The option letters; a colon follows those that take a value. */
	readonly letters: string;
	/** The long names, each with its letter. */
	readonly long?: Readonly<Record<string, string>>;
	/** Whether the first operand ends the options; else options can follow operands. */
	readonly stopsAtOperand: boolean;
}

export type Option =
	| {readonly letter: string; readonly value: string}
	/** The error message; reading ends there. */
	| {readonly problem: string};

export interface Options {
	/** In their order. */
	readonly options: readonly Option[];
	/** The arguments that are not options. */
	readonly operands: readonly string[];
}

export function readOptions(args: readonly string[], {letters, long, stopsAtOperand}: Grammar): Options {
	const options: Option[] = [];
	const operands: string[] = [];
	for (let i = 0; i < args.length; i++) {
		const arg = args[i] ?? '';
		if (arg === '--') return {options, operands: [...operands, ...args.slice(i + 1)]};
		if (arg === '-' || !arg.startsWith('-')) {
			if (stopsAtOperand) return {options, operands: args.slice(i)};
			operands.push(arg);
			continue;
		}
		const read = long && arg.startsWith('--') ? readLong(arg.slice(2), long, letters) : readShort(arg.slice(1), letters);
		options.push(...read.options);
		if (read.wants === null) continue;
		const value = args[++i];
		options.push(value === undefined ? {problem: read.wants.wrong} : {letter: read.wants.letter, value});
	}
	return {options, operands};
}

/** The options of one argument, and the last one if its value is the next argument. */
interface Read {
	readonly options: readonly Option[];
	readonly wants: {readonly letter: string; readonly wrong: string} | null;
}

/** 1: the letter takes a value; -1: there is no such letter. */
const arity = (letters: string, letter: string): number => {
	const at = letter === ':' ? -1 : letters.indexOf(letter);
	return at < 0 ? -1 : letters[at + 1] === ':' ? 1 : 0;
};

function readShort(cluster: string, letters: string): Read {
	const options: Option[] = [];
	for (let i = 0; i < cluster.length; i++) {
		const letter = cluster[i] ?? '';
		const takes = arity(letters, letter);
		if (takes < 0) return {options: [...options, {problem: `invalid option -- '${letter}'`}], wants: null};
		const value = cluster.slice(i + 1);
		if (takes > 0 && value !== '') return {options: [...options, {letter, value}], wants: null};
		if (takes > 0) return {options, wants: {letter, wrong: `option requires an argument -- '${letter}'`}};
		options.push({letter, value: ''});
	}
	return {options, wants: null};
}

/** A long name can be shortened as long as it is unambiguous. */
function readLong(text: string, long: Readonly<Record<string, string>>, letters: string): Read {
	const wrong = (what: string): Read => ({options: [{problem: what}], wants: null});
	const end = text.indexOf('=');
	const typed = end < 0 ? text : text.slice(0, end);
	const names = Object.hasOwn(long, typed) ? [typed] : Object.keys(long).filter(name => name.startsWith(typed));
	const [name, second] = names;
	if (name === undefined) return wrong(`unrecognized option '--${text}'`);
	if (second !== undefined) {
		return wrong(`option '--${text}' is ambiguous; possibilities: ${names.map(one => `'--${one}'`).join(' ')}`);
	}
	const letter = long[name] ?? '';
	if (arity(letters, letter) === 0) {
		return end < 0 ? {options: [{letter, value: ''}], wants: null} : wrong(`option '--${name}' doesn't allow an argument`);
	}
	if (end >= 0) return {options: [{letter, value: text.slice(end + 1)}], wants: null};
	return {options: [], wants: {letter, wrong: `option '--${name}' requires an argument`}};
}
