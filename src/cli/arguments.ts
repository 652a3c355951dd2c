/** Arguments → options and operands: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-it` for `-i -t`, `--`. */
import {err, ok, type Result} from '../core/result.ts';
import {nearest} from '../core/nearest.ts';
import type {Arguments, Option} from './command.ts';

/** `endsOptions`: what follows the first operand is operands, whatever it looks like. */
export function parseArguments(
	argv: readonly string[], options: readonly Option[], endsOptions: boolean,
): Result<Arguments, string> {
	const given = new Map<string, string[]>();
	const operands: string[] = [];
	const words = [...argv];
	for (let at = 0; at < words.length; at++) {
		const word = words[at] ?? '';
		if (word === '--') {
			operands.push(...words.slice(at + 1));
			break;
		}
		if (!word.startsWith('-') || word === '-') {
			operands.push(...endsOptions ? words.slice(at) : [word]);
			if (endsOptions) break;
			continue;
		}
		const {name, inline} = split(word);
		const option = options.find(({names}) => names.includes(name));
		if (!option) return err(unknown(name, options));
		if (option.value === null && inline !== null) {
			if (word.startsWith('--')) return err(`${name} takes no value`);
			words.splice(at + 1, 0, `-${inline}`);
		}
		const value = option.value === null ? '' : inline ?? words[++at];
		if (value === undefined) return err(`${name} needs a value: ${option.value}`);
		given.set(option.names[0], [...given.get(option.names[0]) ?? [], value]);
	}
	return ok({
		values: name => given.get(name) ?? [],
		has: name => given.has(name),
		operands,
	});
}

/** `--name=value` and `-nvalue` in two. */
function split(word: string): {readonly name: string; readonly inline: string | null} {
	if (!word.startsWith('--')) return {name: word.slice(0, 2), inline: word.length > 2 ? word.slice(2) : null};
	const equals = word.indexOf('=');
	if (equals < 0) return {name: word, inline: null};
	return {name: word.slice(0, equals), inline: word.slice(equals + 1)};
}

function unknown(name: string, options: readonly Option[]): string {
	const meant = nearest(name, options.flatMap(({names}) => names).filter(known => known.startsWith('--')));
	return `unknown option ${name}${meant === null ? '' : `; did you mean ${meant}?`}`;
}
