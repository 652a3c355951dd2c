/** All that a config may say, as text for people. */
import {taskmaster} from './formats/taskmaster.ts';
import type {Group} from './group.ts';
import {SERVICE_GROUPS} from './schema/service.ts';
import {TOP, TOP_GROUPS} from './schema/top.ts';
import type {Shape} from './shape.ts';

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
	const texts = SECTIONS.map(([title, {keys}]) => {
		const lines = Object.entries(keys).map(([name, {form, fallback, help}]) =>
			`  ${name}: ${form} (default: ${fallback})\n      ${help}\n`);
		return `${title}:\n${lines.join('')}\n`;
	});
	return `${texts.join('')}${FOOTNOTES}`;
}

const FOOTNOTES = `In compose's deploy, replicas means scale, and restart_policy means restart.
A duration is written 1h30m, 10s, 1.5s or 500ms; a bare number is seconds.
A size is written 65536, 64k, 10m or 1g.
Values may hold $NAME, \${NAME}, \${NAME:-default}, \${NAME:?error} and \${NAME:+instead} of archon's own environment;
$$ is one $. Without the colon an empty variable counts as set.
`;
