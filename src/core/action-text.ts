/** An action as one text, for a config and for clients: `restart`, `restart:web`, `signal:HUP`, `run:/notify now`, `alert`. */
import type {Action} from './action.ts';
import {err, ok, type Result} from './result.ts';
import {signalNumber} from './signal-numbers.ts';
import type {Millis} from './time.ts';
import {splitWords} from './words.ts';

/** How long a command of an action may take, where nothing else is said. */
export const RUN_TIMEOUT: Millis = 30_000;

const VERBS = ['start', 'stop', 'restart', 'reload'] as const;

/** Which texts are actions, as a regular expression. */
export const ACTION_TEXT = String.raw`^(${VERBS.join('|')}|alert)$|^(${VERBS.join('|')}|signal|run|alert):[ ]?\S`;

export const HOW = 'write start, stop, restart, reload, signal:HUP, run:/path/to/program or alert';

/** The error says what is wrong with the text: `"restrat" is not an action`. */
export function parseAction(text: string): Result<Action, string> {
	const colon = text.indexOf(':');
	const word = colon < 0 ? text : text.slice(0, colon);
	const rest = colon < 0 ? '' : text.slice(colon + 1).trim();
	if (colon >= 0 && rest === '') return err('says nothing after the colon');
	const verb = VERBS.find(each => each === word);
	if (verb) return ok({kind: verb, names: rest === '' ? [] : rest.split(/[\s,]+/)});
	if (word === 'alert') return ok({kind: 'alert', text: rest === '' ? null : rest});
	if (rest === '') return err('is not an action');
	if (word === 'signal') {
		const signal = signalNumber(rest);
		return signal === null ? err('is not a signal') : ok({kind: 'signal', signal, names: []});
	}
	if (word !== 'run') return err('is not an action');
	const words = splitWords(rest);
	if (!words.ok) return err(`cannot be split into words: ${words.error}`);
	const [program = '', ...args] = words.value;
	return program === '' ? err('is an empty command') : ok({kind: 'run', command: [program, ...args], timeout: RUN_TIMEOUT});
}
