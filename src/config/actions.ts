/** Actions as a config writes them: `restart`, `signal:HUP`, `restart: web`, `{run: /notify}`; and whether what they name is there. */
import {HOW_TO_HEAR, NO_ONE} from './alert-advice.ts';
import type {Action} from '../core/action.ts';
import {ACTION_TEXT, HOW, parseAction} from '../core/action-text.ts';
import {either, textLike} from './accepts.ts';
import {command, key, optional, value} from './key.ts';
import {type Name, readNames} from './keys/groups.ts';
import {didYouMean, quoteWritten, type Report} from './problems.ts';
import {readEnvironment, readEachOf, readText, refuse} from './readers.ts';
import {absolutePath, lapse, signal, text, user} from './scalars.ts';
import {type Context, type Key, reader, type Reader, readShape, shape} from './shape.ts';
import {isNothing, type Mapping, type Value} from './values.ts';
import type {ActionsAt, WrittenAction} from './written-action.ts';

/** Nothing written means the service that it is about. */
const names = (help: string): Key<readonly Name[]> =>
	({...key<readonly Name[]>(readNames, 'name | list of services and groups', 'the service itself', [], help, 'web'), takesNothing: true});

export const ACTION = shape({
	run: command('none', 'a command, with $ARCHON_EVENT and what else is known'),
	timeout: value(lapse, 'duration', '30s', 'after which it is killed, with its process group'),
	user: optional(user, 'name[:group] | uid[:gid]', 'the service\'s', 'as whom it runs'),
	working_dir: optional(absolutePath, 'path', 'the service\'s', 'where it runs'),
	environment: key(readEnvironment, 'map | list of NAME=value', 'empty', {}, 'added to the service\'s'),
	start: names('starts services, as far as operators, tests and lists let it'),
	stop: names('stops services'),
	restart: names('restarts services that run'),
	reload: names('tells services to reload, in the way that their reload names'),
	signal: optional(signal, 'signal', 'none', 'sends a signal to the service'),
	to: key<readonly Name[]>(readNames, 'name | list of services and groups', 'the service itself', [], 'to whom the signal is sent', 'web'),
	alert: {...optional(text, 'text', 'what has happened', 'tells people', 'the cache is gone'), takesNothing: true as const},
});

const WAYS = ['run', 'start', 'stop', 'restart', 'reload', 'signal', 'alert'] as const;

/** Which keys say more of which way. */
const MORE: Readonly<Record<string, string>> = {timeout: 'run', user: 'run', working_dir: 'run', environment: 'run', to: 'signal'};

/** One action. */
export const readAction: Reader<WrittenAction> = reader(
	() => ({name: 'action', ...either(textLike(ACTION_TEXT, 'restart', 'signal:HUP'), {shape: ACTION})}),
	(from, context) => {
		if (from.kind === 'map') return readMapping(from, context);
		const written = readText(from, context);
		if (written === undefined) return undefined;
		const action = parseAction(written);
		if (!action.ok) {
			context.report(from, `${context.path}: ${quoteWritten(from, written)} ${action.error}`, HOW);
			return undefined;
		}
		const to = 'names' in action.value ? action.value.names : [];
		return {action: action.value, names: to.map(name => ({name, at: from})), at: from};
	},
);

/** One, or a list of them, without those that cannot be read. */
export const readActions: Reader<readonly WrittenAction[]> = readEachOf(readAction);

export const actionsOf = (written: readonly WrittenAction[]): readonly Action[] => written.map(({action}) => action);

function readMapping(from: Mapping, context: Context): WrittenAction | undefined {
	const settings = readShape(ACTION, from, context);
	const ways = WAYS.filter(way => from.entries.has(way));
	const [way] = ways;
	if (way === undefined) return refuse(from, context, 'does not say what is done', HOW);
	if (ways.length > 1) return refuse(from, context, `does ${ways.join(' and ')}: that is more than one action`, 'begin each with "- "');
	for (const [more, {key: at}] of from.entries) {
		const of = MORE[more];
		if (of !== undefined && of !== way) return refuse(at, context, `has ${more}, which belongs to ${of}`);
	}
	const entry = from.entries.get(way)!.value;
	const action = actionOf(way, settings, entry, context);
	const to = way === 'signal' ? settings.to : way === 'run' || way === 'alert' ? [] : settings[way];
	return action && {action, names: to, at: from};
}

type Written = typeof ACTION.initial;

function actionOf(way: (typeof WAYS)[number], settings: Written, entry: Value, context: Context): Action | undefined {
	const {run, timeout, user, working_dir: cwd, environment} = settings;
	const namesOf = (list: readonly Name[]): readonly string[] => list.map(({name}) => name);
	switch (way) {
		case 'run': {
			// What is wrong with it was told.
			if (!run) return isNothing(entry) ? refuse(entry, context, 'has no command') : undefined;
			const isPlain = user === null && cwd === null && Object.keys(environment).length === 0;
			return {kind: 'run', command: isPlain ? run : {command: run, user, cwd, environment}, timeout};
		}
		case 'signal':
			if (settings.signal === null) return isNothing(entry) ? refuse(entry, context, 'has no signal') : undefined;
			return {kind: 'signal', signal: settings.signal, names: namesOf(settings.to)};
		case 'alert': return {kind: 'alert', text: settings.alert};
		default: return {kind: way, names: namesOf(settings[way])};
	}
}

/** Notes that an action is to tell people, and no one would hear of it. */
export function judgeAlerting(all: Iterable<ActionsAt>, note: Report): void {
	for (const {path, actions} of all) {
		const found = actions.find(({action}) => action.kind === 'alert');
		if (found) note(found.at, `${path}: alert ${NO_ONE}`, HOW_TO_HEAR);
	}
}

/** Reports names that are neither a service's nor a group's, and actions that are about nothing. */
export function judgeActions(
	all: Iterable<ActionsAt>, known: {has(name: string): boolean}, namesKnown: () => Iterable<string>, report: Report,
): void {
	for (const {path, actions, isAboutNone = false} of all) {
		for (const {action, names, at} of actions) {
			if (isAboutNone && names.length === 0 && 'names' in action) {
				report(at, `${path}: ${action.kind} needs the name of a service here`, `write ${action.kind}: NAME`);
			}
			for (const {name, at} of names) {
				if (known.has(name)) continue;
				const hint = () => didYouMean(name, [...namesKnown()]);
				report(at, `${path} names ${quoteWritten(at, name)}, which is neither a service nor a group`, hint);
			}
		}
	}
}
