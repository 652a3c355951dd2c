/** A first config for what a directory holds: what other supervisors have there, a compose file, or a package of npm. */
import {splitWords} from '../core/words.ts';
import {list, literal, map, word} from './formats/translation.ts';
import {SCHEMA_LINE} from './import.ts';
import type {Source} from './problems.ts';
import {isNothing, type Mapping, type Value} from './values.ts';
import {printYaml} from './yaml/print.ts';

/** What is looked for, the surest first; what archon import translates, and what is read here. */
export const FOUND_BY = {
	translated: ['supervisord.conf', 'Procfile', 'ecosystem.json', 'ecosystem.config.js', 'process-compose.yaml', 'process-compose.yml'],
	compose: ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'],
	npm: ['package.json'],
} as const;

/** What comes of it, and lines about it for people. */
export interface Starter {
	readonly services: Readonly<Record<string, Value>>;
	readonly remarks: readonly string[];
}

const NEXT = [
	'Next: archon check FILE tells what is wrong with it, archon help config what else may stand here; in an image it is',
	'/etc/archon/archon.yaml, with ENTRYPOINT ["archon"].',
];

/** The text of a config; `made`: from what. */
export function starterText({services, remarks}: Starter, made: string): string {
	const at = {source: {file: '', text: ''}, offset: 0};
	const config = map(at, {services: map(at, services)});
	return printYaml(config, new Map([[config, [SCHEMA_LINE, made, ...NEXT, ...remarks]]]));
}

/** The text of a translated config with what to do next. */
export function withNext(yaml: string): string {
	const [schema = '', made = '', ...rest] = yaml.split('\n');
	return [schema, made.replace('archon import', 'archon init'), ...NEXT.map(line => `# ${line}`), ...rest].join('\n');
}

/** Where nothing is found. */
export function emptyStarter(): Starter {
	const at = {source: {file: '', text: ''}, offset: 0};
	return {
		services: {app: map(at, {command: list(at, [word(at, 'sleep'), word(at, 'infinity')])})},
		remarks: ['Write in place of sleep what is to run: a program and its arguments, which no shell sees unless there is shell: true.'],
	};
}

/** Services that are built here and say what they run; the others have images, and so containers, of their own. Null: none is. */
export function fromCompose({file}: Source, root: Value): Starter | null {
	const services = root.kind === 'map' ? root.entries.get('services')?.value : undefined;
	if (services?.kind !== 'map') return null;
	const own = new Map<string, Mapping>();
	const others: string[] = [];
	for (const [name, {value}] of services.entries) {
		if (value.kind !== 'map') continue;
		const isOwn = (value.entries.has('build') || !value.entries.has('image')) && hasCommand(value);
		if (isOwn) own.set(name, value);
		else others.push(name);
	}
	if (own.size === 0) return null;
	const taken = [...own].map(([name, service]) => [name, {...service, entries: new Map([...service.entries].filter(([key, {value}]) =>
		TAKEN.has(key) && !(key === 'depends_on' && !namesOnly(value, own))))}]);
	const why = 'Not in it, as they run from images of their own, or do not say what they run';
	const remarks = others.length === 0 ? [] : [`${why}: ${others.join(', ')} of ${file}.`];
	return {services: Object.fromEntries(taken) as Record<string, Value>, remarks};
}

/** What of compose's keys is of use within one container, whatever they hold. */
const TAKEN: ReadonlySet<string> = new Set([
	'command', 'entrypoint', 'environment', 'working_dir', 'user', 'depends_on', 'restart', 'stop_signal', 'stop_grace_period', 'healthcheck',
]);

const hasCommand = ({entries}: Mapping): boolean => ['command', 'entrypoint'].some(key => {
	const value = entries.get(key)?.value;
	return value !== undefined && !isNothing(value);
});

function namesOnly(value: Value, known: ReadonlyMap<string, unknown>): boolean {
	if (value.kind === 'map') return [...value.entries.keys()].every(name => known.has(name));
	return value.kind === 'list' && value.items.every(item => item.kind === 'scalar' && known.has(item.text));
}

/** Its script start: the program itself where it is one, so that signals reach it. */
export function fromPackage({file}: Source, root: Value): Starter | null {
	const scripts = root.kind === 'map' ? root.entries.get('scripts')?.value : undefined;
	const start = scripts?.kind === 'map' ? scripts.entries.get('start')?.value : undefined;
	if (start?.kind !== 'scalar' || start.text.trim() === '') return null;
	const words = splitWords(start.text);
	const isPlain = words.ok && words.value[0] === 'node' && !/[|&;<>()$`*?~=]/.test(start.text);
	return isPlain
		? {services: {web: map(start, {command: literal(start, start.text)})}, remarks: [`It runs what scripts.start of ${file} says.`]}
		: {
			services: {web: map(start, {command: word(start, 'npm start'), stop_to: word(start, 'group')})},
			remarks: [`scripts.start of ${file} needs a shell, which npm brings: stop_to: group lets signals reach what it runs.`],
		};
}
