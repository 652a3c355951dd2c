/** `Depend` and `Undepend`: a service hears from now on of what becomes of something else, or not any more. */
import {
	decodeArgs, decodeOption, many, NAME, one, type Decoded, type Options, type Pages, type RequestOf, type Type, type Wire, wire,
} from '../../../../control/wire.ts';
import {SECONDS} from '../../../../control/requests/values.ts';
import {byNeed} from '../../../../core/by-need.ts';
import {err, ok} from '../../../../core/result.ts';
import type {Millis} from '../../../../core/time.ts';
import {OCCASIONS, ORDERS, type Occasion, type Order, TARGETS, targetText, type Terms} from '../../core/dependency.ts';

const reading = byNeed(() => import('../../core/reading.ts'));

interface Choices {
	readonly on: Occasion | null;
	readonly does: string | null;
	readonly order: Order;
	readonly lasts: Millis | null;
}

const OPTIONS: Options<Choices> = {
	'archon.on': {
		takes: OCCASIONS.join(', '), help: 'what must happen; `exit` without it',
		read: text => found(OCCASIONS, text, on => ({on})),
	},
	'archon.do': {
		takes: 'start, stop, restart or reload, each alone or with :SERVICE, signal:SIGNAL, run:COMMAND, alert or none',
		help: 'what is done then; without it `restart`, or nothing where there is an order',
		read: text => (reading().readDoing(text).ok ? {does: text} : null),
	},
	'archon.order': {
		takes: ORDERS.join(' or '), help: '`start`: the service starts after its target, and stops before it, as by `after` in the config',
		read: text => found(ORDERS, text, order => ({order})),
	},
	'archon.ttl': {
		takes: SECONDS.takes, help: 'how long it is there; without it until it is taken away',
		read(text) {
			const lasts = SECONDS.read(text);
			return lasts === null || lasts === 0 ? null : {lasts};
		},
	},
};

function found<T extends string>(words: readonly T[], text: string, choose: (word: T) => Partial<Choices>): Partial<Choices> | null {
	const word = words.find(each => each === text);
	return word === undefined ? null : choose(word);
}

const TARGET: Type<string> = {takes: TARGETS, read: text => (reading().readTarget(text) ? text : null)};
const ARGS = {dependent: one('service', NAME), target: one('target', TARGET)};

export interface DependRequest extends Decoded {
	readonly kind: 'depend';
	/** For messages to the log. */
	readonly name: string;
	readonly terms: Terms;
	readonly lasts: Millis | null;
}

export const DEPEND: Wire<DependRequest> = {
	verb: 'Depend', role: 'operate', isRepeatable: false, args: ARGS, options: OPTIONS,
	decode(fields) {
		// A target may itself have a `=`.
		const args = decodeArgs(ARGS, fields.slice(0, 2));
		if (!args.ok) return args;
		let choices: Choices = {on: null, does: null, order: 'none', lasts: null};
		for (const field of fields.slice(2)) {
			const split = field.indexOf('=');
			const choice = decodeOption(OPTIONS, field.slice(0, Math.max(0, split)), field.slice(split + 1));
			if (!choice.ok) return choice;
			choices = {...choices, ...choice.value};
		}
		const {dependent, target: text} = args.value;
		const target = reading().readTarget(text);
		if (!target) return err(`${text} is not ${TARGETS}`);
		const {order, lasts, on} = choices;
		if (order === 'start' && target.kind !== 'service') return err('an order is to a service, and to nothing else');
		const does = choices.does ?? (order === 'start' && on === null ? 'none' : 'restart');
		const actions = reading().readDoing(does);
		if (!actions.ok) return actions;
		const about = order === 'start' ? `order=${order}${actions.value.length === 0 ? '' : ' '}` : '';
		const doing = actions.value.length === 0 ? '' : `on=${on ?? 'exit'} do=${does}`;
		const terms: Terms = {
			dependent, target, on: on ?? 'exit', actions: actions.value, order, text: `${dependent} -> ${targetText(target)} ${about}${doing}`,
		};
		return ok({kind: 'depend', name: dependent, terms, lasts});
	},
};

const NUMBER: Type<number> = {takes: 'the number of a dependency', read: text => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : null)};

export const UNDEPEND = wire('undepend', {ids: many('number', NUMBER, 1)}, {verb: 'Undepend', role: 'operate', isRepeatable: true});

export type UndependRequest = RequestOf<typeof UNDEPEND>;

export const pages: Pages = {
	Depend: {
		help: 'have a service hear of what becomes of a service, a process, a path or a port, and act',
		rows: [{means: 'the dependency', columns: {number: 'its number'}}],
		reply: '`Ok` when it is there; `Error` where an order would be a circle, which is named. '
			+ 'Its actions, together, come at a bounded rate. A path and `run` take the role admin',
		examples: [
			['Depend,web,nosuch', 'Error,no service is called nosuch'],
			['Depend,web,web,archon.order=start', 'Error,web -> web is a circle'],
		],
	},
	Undepend: {
		help: 'take dependencies away',
		rows: [], reply: '`Ok`; `Error` where one of them is not there, and then all stay',
		examples: [['Undepend,7', 'Error,there is no dependency 7']],
	},
};
