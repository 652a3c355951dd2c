/** Source directories of s6-rc: longruns, oneshots and bundles by name, and how they depend on each other. */
import {quote, type Place} from '../../problems.ts';
import {list, word} from '../translation.ts';
import {folderPlace, readDaemon, readNames, readOneshot, type Folder, type Unit} from './directory.ts';
import {loggingOf, readLogger} from './log.ts';
import type {Naming} from '../naming.ts';
import type {Reading} from './reading.ts';

interface Named {
	readonly name: string;
	readonly at: Place;
}

/** A directory in which there is a service or a bundle. */
interface Definition {
	readonly written: string;
	readonly type: 'longrun' | 'oneshot' | 'bundle';
	readonly at: Place;
	readonly folder: Folder;
	readonly contents: readonly Named[];
	readonly needs: readonly Named[];
}

/** What s6-overlay has of its own, and what it comes to here: nothing, or units. */
export type Known = ReadonlyMap<string, readonly string[]>;

export interface Sources {
	readonly units: ReadonlyMap<string, Unit>;
	/** By a bundle's written name, the units in it. */
	readonly bundles: ReadonlyMap<string, readonly string[]>;
}

const FILES: ReadonlySet<string> = new Set([
	'type', 'run', 'finish', 'up', 'down', 'dependencies', 'dependencies.d', 'contents', 'contents.d', 'bundle', 'notification-fd', 'lock-fd',
	'timeout-up', 'timeout-down', 'timeout-kill', 'timeout-finish', 'down-signal', 'max-death-tally', 'flag-essential', 'flag-recommended',
	'flag-newpidns', 'producer-for', 'consumer-for', 'pipeline-name', 'data', 'env', 'nosetsid', 'template', 'instance', 'instances',
]);

/** Bundles that s6-overlay lets users fill. */
export const USER_BUNDLES = ['user', 'user2'];

export function readSources(
	folders: readonly {readonly disk: string; readonly path: string}[], known: Known, naming: Naming, reading: Reading,
): Sources {
	const definitions = new Map<string, Definition>();
	for (const {disk, path} of folders) {
		for (const written of reading.list(disk) ?? []) {
			if (written.startsWith('.')) continue;
			const definition = readDefinition({disk: `${disk}/${written}`, path: `${path}/${written}`, written}, naming, reading);
			if (!definition) continue;
			const before = definitions.get(written);
			const contents = [...before?.contents ?? [], ...definition.contents];
			definitions.set(written, before?.type === 'bundle' ? {...before, contents} : definition);
		}
	}
	return linked(definitions, known, reading);
}

const WORD = /^[\w.-]{1,32}$/;

function readDefinition(
	{disk, path, written}: Pick<Folder, 'disk' | 'path' | 'written'>, naming: Naming, reading: Reading,
): Definition | null {
	const names = reading.list(disk);
	if (!names) return null;
	const source = names.includes('type') ? reading.read(`${disk}/type`) : null;
	const isUsers = USER_BUNDLES.includes(written);
	const type = source && source !== 'other' ? source.text.trim() : isUsers ? 'bundle' : '';
	const at = source && source !== 'other' ? {source, offset: 0} : folderPlace(disk);
	if (type !== 'longrun' && type !== 'oneshot' && type !== 'bundle') {
		// What is no word may be a link's to a file that is not to be shown.
		const isWord = WORD.test(type);
		const why = names.includes('type') ? `type must be longrun, oneshot or bundle${isWord ? `, not ${quote(type)}` : ''}` : 'type is missing';
		reading.report(isWord ? at : folderPlace(disk), why, 'write longrun, oneshot or bundle into it');
		return null;
	}
	const name = type === 'bundle' ? written : naming.nameFor(written, at);
	const folder: Folder = {name, written, disk, path, names, flavour: 's6'};
	if (type !== 'bundle') {
		for (const each of names) {
			if (FILES.has(each) || each.startsWith('.')) continue;
			reading.leaveOut(folderPlace(`${disk}/${each}`), name, each, 's6-rc does not read it either');
		}
	}
	const contents = type === 'bundle' ? readList(folder, 'contents', reading) : [];
	return {written, type, at, folder, contents, needs: type === 'bundle' ? [] : readList(folder, 'dependencies', reading)};
}

/** The names in a file, and those of files in a directory. */
function readList({disk, names}: Folder, file: string, reading: Reading): readonly Named[] {
	const source = names.includes(file) ? reading.read(`${disk}/${file}`) : null;
	const folder = `${disk}/${file}.d`;
	const inFolder = names.includes(`${file}.d`) ? reading.list(folder) ?? [] : [];
	return [
		...source && source !== 'other' ? readNames(source) : [],
		...inFolder.filter(name => !name.startsWith('.')).map(name => ({name, at: folderPlace(`${folder}/${name}`)})),
	];
}

function linked(definitions: ReadonlyMap<string, Definition>, known: Known, reading: Reading): Sources {
	const units = new Map<string, Unit>();
	for (const {type, folder, at} of definitions.values()) {
		if (type === 'bundle') continue;
		const unit = type === 'longrun' ? readDaemon(folder, reading) : readOneshot(folder, reading);
		if (unit) units.set(folder.name, unit);
		else reading.report(at, `there is no file ${type === 'longrun' ? 'run' : 'up'}, or it is no text`);
	}
	const pipes = readPipes(definitions, units, reading);
	const resolve = createResolve(definitions, pipes, known);
	for (const {type, folder, written, needs} of definitions.values()) {
		const unit = units.get(folder.name);
		if (!unit || type === 'bundle') continue;
		for (const {name, at} of needs) link(unit, folder.name, {name, at, written}, resolve, reading);
	}
	for (const {consumer, producers} of pipes) {
		for (const producer of producers) {
			const unit = units.get(producer);
			if (unit) for (const {name, at} of consumer.needs) link(unit, producer, {name, at, written: consumer.written}, resolve, reading);
		}
	}
	const bundles = new Map<string, readonly string[]>();
	for (const {type, written, contents} of definitions.values()) {
		if (type !== 'bundle') continue;
		for (const {name, at} of contents) {
			if (resolve(name) === null) reading.report(at, `${written} contains ${name}, which there is not`);
		}
		bundles.set(written, [...new Set(resolve(written) ?? [])]);
	}
	return {units, bundles};
}

type Resolve = (written: string) => readonly string[] | null;

function link(unit: Unit, own: string, {name, at, written}: Named & {readonly written: string}, resolve: Resolve, {report}: Reading): void {
	const found = resolve(name);
	if (found === null) report(at, `${written} depends on ${name}, which there is not`);
	for (const each of found ?? []) if (each !== own) unit.needs.set(each, 'hard');
}

/** The units behind a name; null: there is no such name. A bundle stands for all that is in it. */
function createResolve(definitions: ReadonlyMap<string, Definition>, pipes: readonly Pipe[], known: Known): Resolve {
	const done = new Map<string, readonly string[] | null>();
	const resolve = (written: string, depth: number): readonly string[] | null => {
		const before = done.get(written);
		if (before !== undefined) return before;
		const definition = definitions.get(written);
		const pipe = pipes.find(({names}) => names.includes(written));
		const found = pipe ? pipe.producers
			: definition?.type === 'bundle'
				? depth > DEPTH_MAX ? [] : definition.contents.flatMap(({name}) => resolve(name, depth + 1) ?? [])
				: definition ? [definition.folder.name] : known.get(written) ?? null;
		done.set(written, found);
		return found;
	};
	return written => resolve(written, 0);
}

const DEPTH_MAX = 50;

/** A service that reads what others write. */
interface Pipe {
	readonly consumer: Definition;
	/** Units that remain. */
	readonly producers: readonly string[];
	/** By which others speak of it: its own, and that of the pipeline. */
	readonly names: readonly string[];
}

/** Pipelines end in loggers, whose work archon does: the services before them are left, with `logging`. */
function readPipes(definitions: ReadonlyMap<string, Definition>, units: Map<string, Unit>, reading: Reading): readonly Pipe[] {
	const pipes: Pipe[] = [];
	for (const consumer of definitions.values()) {
		const {folder} = consumer;
		if (!folder.names.includes('consumer-for')) continue;
		const sources = namesIn(folder, 'consumer-for', reading);
		const producers = sources.map(name => definitions.get(name)?.folder.name ?? '').filter(name => units.has(name));
		const isLast = !folder.names.includes('producer-for');
		const logger = isLast ? readLogger(`${folder.disk}/run`, `${folder.path}/run`, reading) : null;
		for (const name of producers) {
			const unit = units.get(name);
			if (!unit) continue;
			if (logger) {
				unit.keys['logging'] = loggingOf(logger, unit.isMerged, producers.length > 1);
			} else {
				const why = `${consumer.written} would read it from a pipe, and archon has none: what it writes goes to archon's own output`;
				reading.leaveOut(consumer.at, name, 'producer-for', why);
			}
		}
		units.delete(folder.name);
		const pipeline = namesIn(folder, 'pipeline-name', reading);
		pipes.push({consumer, producers, names: [consumer.written, ...pipeline]});
	}
	return pipes.map(pipe => ({...pipe, producers: pipe.producers.filter(name => units.has(name))}));
}

function namesIn({disk, names}: Folder, file: string, reading: Reading): readonly string[] {
	const source = names.includes(file) ? reading.read(`${disk}/${file}`) : null;
	return source && source !== 'other' ? readNames(source).map(({name}) => name) : [];
}

/** Services that are in no bundle that is started, and that none of these needs, are started by hand only. */
export function leaveDown({units}: Sources, started: Iterable<string>): void {
	const reached = new Set(started);
	for (const name of reached) for (const [other, strength] of units.get(name)?.needs ?? []) if (strength === 'hard') reached.add(other);
	for (const [name, unit] of units) if (!reached.has(name)) unit.keys['autostart'] = word(unit.at, false);
}

/** Bundles are groups, but for those that only say what is started. */
export function addGroups({units, bundles}: Sources, hidden: readonly string[], naming: Naming): void {
	for (const [bundle, members] of bundles) {
		const [first] = members.flatMap(name => units.get(name) ?? []);
		if (!first || hidden.includes(bundle)) continue;
		const group = naming.nameFor(bundle, first.at);
		for (const name of members) {
			const unit = units.get(name);
			if (!unit) continue;
			const own = unit.keys['groups'];
			unit.keys['groups'] = list(unit.at, [...own?.kind === 'list' ? own.items : [], word(unit.at, group)]);
		}
	}
}
