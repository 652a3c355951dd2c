/** `only_if`: what must hold for a service to start, or else it is skipped. */
import {ok} from '../../core/result.ts';
import type {StartConditions} from '../../core/service.ts';
import {textLike} from '../accepts.ts';
import type {Part, ServiceGroup} from '../group.ts';
import {command, key, list, value} from '../key.ts';
import {eachBy, replaced} from '../merge.ts';
import {refuse, refuseKind} from '../readers.ts';
import {absolutePath, fault, oneOf, parser} from '../scalars.ts';
import {reader, readShape, shape, type Context, type Schema, type Settings} from '../shape.ts';
import {isNothing, type Value} from '../values.ts';

/** `NAME` or `NAME=value`. */
const ASSIGNMENT = (): Schema => textLike('^[A-Za-z_]\\w*(=[^]*)?$', 'RUN_CRON', 'MODE=production');

const variable = parser<StartConditions['envSet'][number]>(ASSIGNMENT, text => {
	const [, name, content = null] = /^([A-Za-z_]\w*)(?:=([^]*))?$/.exec(text) ?? [];
	return name === undefined ? fault('is neither a variable\'s name nor NAME=value') : ok({name, value: content});
});

const ONLY_IF = shape({
	path_exists: list(absolutePath, 'path | list of paths', 'all of them exist', '/etc/nginx/nginx.conf'),
	path_missing: list(absolutePath, 'path | list of paths', 'none of them exists'),
	env_set: list(variable, 'NAME | NAME=value | list', 'it has these variables, not empty, or with this value'),
	command: command('none', 'exits with 0, within 30s; it runs as the service does'),
	otherwise: value(
		oneOf(['satisfied', 'unmet'] as const), 'satisfied | unmet', 'satisfied',
		'what needs it when it is skipped: starts as if it held, or waits as if it had failed',
	),
}, {
	words: () => ({
		names: {
			path_exists: 'ConditionPathExists AssertPathExists exists file',
			path_missing: 'not_exists',
			env_set: 'ConditionEnvironment environment env',
			command: 'ExecCondition exec test',
		},
	}),
});

const WAYS = ['path_exists', 'path_missing', 'env_set', 'command'] as const;

const KEYS = {
	only_if: key<StartConditions | null>(
		reader(() => ({shape: ONLY_IF}), readConditions), 'map', 'none', null,
		'what must all hold at each start; else it is skipped, which is no failure',
	),
};

export const conditions = {
	keys: KEYS,
	merge: {only_if: eachBy(replaced)},
	maps: [['services.<name>.only_if', ONLY_IF]],
	words: () => ({
		names: {only_if: 'condition conditions start_condition when'},
		others: [
			['ConditionPathExists', 'only_if', 'write only_if: {path_exists: …}'],
			['ConditionEnvironment', 'only_if', 'write only_if: {env_set: …}'],
			['ExecCondition', 'only_if', 'write only_if: {command: …}'],
		],
	}),
	plan: ({only_if: onlyIf}: Settings<typeof KEYS>): Part => ({onlyIf}),
} satisfies ServiceGroup;

function readConditions(from: Value, context: Context): StartConditions | undefined {
	if (isNothing(from)) return undefined;
	if (from.kind !== 'map') return refuseKind(from, context, `a map with ${WAYS.join(', ')}`);
	const {path_exists: pathExists, path_missing: pathMissing, env_set: envSet, command, otherwise} = readShape(ONLY_IF, from, context);
	if (!WAYS.some(way => from.entries.has(way)) && [...from.entries.keys()].every(name => Object.hasOwn(ONLY_IF.keys, name))) {
		return refuse(from, context, 'does not say what must hold', `write one of ${WAYS.join(', ')}`);
	}
	return {pathExists, pathMissing, envSet, command, otherwise};
}
