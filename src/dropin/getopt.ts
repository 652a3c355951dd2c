/** Options as getopt(3) and getopt_long(3) of GNU read them, down to what they say of bad ones. */

export interface Grammar {
	/** Letters; one that takes a value has a colon behind it. */
	readonly letters: string;
	/** Long names and the letter that each stands for. */
	readonly long?: Readonly<Record<string, string>>;
	/** Whether options end at the first word that is none; else they may stand behind it, too. */
	readonly stopsAtOperand: boolean;
}

export type Option =
	| {readonly letter: string; readonly value: string}
	/** What is wrong; nothing is read behind it. */
	| {readonly problem: string};

export interface Options {
	/** In the order in which they stand. */
	readonly options: readonly Option[];
	/** All operands that are no options. */
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

/** The options of one argument; and the one whose value must be the next argument. */
interface Read {
	readonly options: readonly Option[];
	readonly wants: {readonly letter: string; readonly wrong: string} | null;
}

/** -1: there is no such letter. */
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

/** A long name may be cut short as long as it means one option only. */
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
