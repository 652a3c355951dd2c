/** What `monitor` may say, key by key; only a config that has it loads this. */
import {readActions} from '../../../config/actions.ts';
import {listOf, textLike} from '../../../config/accepts.ts';
import {key, optional, value} from '../../../config/key.ts';
import {quoteWritten} from '../../../config/problems.ts';
import {readMap, refuse, refuseKind} from '../../../config/readers.ts';
import {absolutePath, fault, lapse, parser, text, type Parse} from '../../../config/scalars.ts';
import {isMissing, type Key, type Reader, readShape, REQUIRED, type Schema, shape, within, type Context} from '../../../config/shape.ts';
import type {WrittenAction} from '../../../config/written-action.ts';
import {isNothing, type Value} from '../../../config/values.ts';
import {basename} from '../../../core/path.ts';
import {ok} from '../../../core/result.ts';
import {type MonitorSpec, RULE_NAME} from '../core/kept.ts';
import type {Match} from '../core/match.ts';

/** Of rules of a client there is room for as many. */
const RULES_MAX = 64;

const ruleName: Parse<string> = parser(() => textLike(RULE_NAME.source, 'agent'), written =>
	RULE_NAME.test(written) ? ok(written) : fault('is not a name', 'write up to 64 letters, digits and "_.:@-"'));

export const MATCH = shape({
	exe: optional(absolutePath, 'path | pattern', 'all', 'what it executes; * and ? stand for any characters', '/usr/sbin/agent'),
	command: optional(text, 'pattern', 'all', 'its whole command line, words with spaces between; * and ? as above', '"*agent.py*"'),
}, {words: () => ({names: {exe: 'executable path program', command: 'cmdline args'}})});

/** How many actions one event may have. */
const ACTIONS_MAX = 20;

const doing = (help: string): Key<readonly WrittenAction[]> =>
	key(readActions, 'action | list of actions', 'none', [], help, '[{restart: web}]');

export const DOING = shape({
	started: doing('when a process is met that was not known'),
	exited: doing('when one has ended'),
}, {words: () => ({names: {exited: 'exit ended died', started: 'start met'}})});

type WrittenDoing = typeof DOING.initial;

/** A rule as it is written. */
export interface WrittenRule extends Omit<MonitorSpec, 'on'> {
	readonly on: WrittenDoing;
	/** As in messages: `monitor[0]`. */
	readonly path: string;
}

export const RULE = shape({
	name: optional(ruleName, 'text', 'the name of the executable', 'what it is called in events, and by archonctl', 'agent'),
	match: key<Match | null>(matchOf(), '{exe, command}', REQUIRED, null, 'which processes are meant', '{exe: /usr/sbin/agent}'),
	on: key<WrittenDoing>(
		readMap(DOING), '{started, exited}', 'none', DOING.initial, 'what is done when one has ended, or runs', '{exited: [{restart: web}]}',
	),
	every: value(lapse, 'duration', '2s', 'the time between two looks for new processes; an end is told at once'),
}, {words: () => ({names: {every: 'interval period', match: 'process'}})});

export const accepts = (): Schema => listOf({shape: RULE}, {maxItems: RULES_MAX});

function matchOf(): Reader<Match> {
	return readMap(MATCH);
}

/** All rules; each has a name of its own. */
export function readRules(from: Value, context: Context): readonly WrittenRule[] | undefined {
	if (isNothing(from)) return [];
	if (from.kind !== 'list') return refuseKind(from, context, 'a list of maps with match');
	if (from.items.length > RULES_MAX) return refuse(from, context, `has more than ${RULES_MAX} rules`);
	const found = new Map<string, WrittenRule>();
	for (const [index, item] of from.items.entries()) {
		const inner = within(context, index);
		const rule = readRule(item, inner, index);
		if (!rule) continue;
		if (found.has(rule.name)) refuse(item, context, `names ${quoteWritten(item, rule.name)} twice`, 'give one of them another name');
		found.set(rule.name, rule);
	}
	return [...found.values()];
}

/** After the executable, as far as that makes a name. */
function nameFor(exe: string | null, index: number): string {
	const name = exe === null ? '' : basename(exe).replaceAll(/[^A-Za-z0-9_.:@-]/g, '').slice(0, 64);
	return RULE_NAME.test(name) ? name : `monitor-${index + 1}`;
}

function readRule(from: Value, context: Context, index: number): WrittenRule | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with match');
	const {name, match, every, on} = readShape(RULE, from, context);
	if (isMissing(['match'], from, RULE)) {
		return refuse(from, context, 'does not say which processes it means', 'write match: {exe: /usr/sbin/agent}');
	}
	if (!match) return undefined;
	const isLong = Object.values(on).some(({length}) => length > ACTIONS_MAX);
	if (isLong) return refuse(from, context, `has more than ${ACTIONS_MAX} actions for one event`);
	const {exe, command} = match;
	const at = from.entries.get('match')?.value ?? from;
	const isEmpty = at.kind === 'map' && isMissing(['exe', 'command'], at, MATCH);
	if (isEmpty) return refuse(at, within(context, 'match'), 'means every process', 'write exe or command');
	if (exe === null && command === null) return undefined;
	return {name: name ?? nameFor(exe, index), match, every, on, path: context.path};
}
