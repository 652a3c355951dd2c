/** All that a config may say, as text for people. */
import {taskmaster} from './formats/taskmaster.ts';
import {ok, type Result} from '../core/result.ts';
import type {Group} from './group.ts';
import {findKeys, mapsBelow} from './key-paths.ts';
import {exampleOf} from './key-texts.ts';
import {SERVICE_GROUPS} from './schema/service.ts';
import {TOP, TOP_GROUPS} from './schema/top.ts';
import type {Key, Shape} from './shape.ts';
import type {Value} from './values.ts';
import {printYaml} from './yaml/print.ts';

/** Keys whose maps come first, since most readers look for those. */
const SOUGHT = ['depends_on', 'ready', 'healthcheck', 'restart', 'pre_start', 'reload'];
const sought: readonly Group[] = SOUGHT.flatMap(key => SERVICE_GROUPS.filter(({keys}) => Object.hasOwn(keys, key)));

const mapsOf = (...groups: readonly Group[]) => groups.flatMap(({maps = []}) => maps);
const [first, ...others] = TOP_GROUPS;

/** Every map that a config may hold, each with its title. */
export const SECTIONS: readonly (readonly [title: string, shape: Shape])[] = [
	['At the top', TOP],
	...mapsOf(first, ...sought, ...SERVICE_GROUPS.filter(group => !sought.includes(group)), ...others),
	...taskmaster.maps,
];

/** The whole table as text: each key with what may be written, its default, and what it is for. */
export function describeSchema(): string {
	return `${SECTIONS.map(describeMap).join('')}${FOOTNOTES}`;
}

const describeMap = ([title, {keys}]: (typeof SECTIONS)[number]): string =>
	`${title}:\n${Object.entries(keys).map(([name, key]) => `  ${line(name, key)}\n      ${key.help}\n`).join('')}\n`;

const line = (name: string, {form, fallback}: Key<unknown>): string => `${name}: ${form} (default: ${fallback})`;

/** One key as text, and the maps below it; or why there is no such key. */
export function describeKey(path: string): Result<string, string> {
	const meant = findKeys(path);
	if (!meant.ok) return meant;
	const {found, hint} = meant.value;
	const texts = found.map(({path, key}) => {
		const example = exampleOf(key);
		const name = path.split('.').at(-1) ?? '';
		return [
			`${line(path, key)}\n    ${key.help}\n`,
			...example ? [`\nFor example\n\n${printYaml(keyed(name, example)).replaceAll(/^(?=.)/gm, '    ')}`] : [],
			...mapsBelow(key).map(([shape, steps]) => `\n${describeMap([[path, ...steps].join('.'), shape]).trimEnd()}\n`),
		].join('');
	});
	return ok(`${hint === null ? '' : `${path}: ${hint}\n\n`}${texts.join('\n')}`);
}

const keyed = (name: string, value: Value): Value =>
	({source: value.source, offset: 0, kind: 'map', entries: new Map([[name, {key: value, value}]])});

/** What holds for values of many keys. */
export const FOOTNOTES = `In compose's deploy, replicas means scale, and restart_policy means restart.
A duration is written 1h30m, 10s, 1.5s or 500ms; a bare number is seconds.
A size is written 65536, 64k, 10m or 1g.
Values may hold $NAME, \${NAME}, \${NAME:-default}, \${NAME:?error} and \${NAME:+instead} of archon's own environment;
$$ is one $. Without the colon an empty variable counts as set.
`;
