/** Config texts → the services to run, needs first; or everything that is wrong with the texts. */
import {order} from '../core/graph.ts';
import {err, ok, type Millis, type Need, type Output, type Result, type Service} from '../core/model.ts';
import {nearest} from '../core/nearest.ts';
import {parse} from './parse.ts';
import {collector, didYouMean, fileProblem, quote} from './problems.ts';
import type {Collector, Problem, Report, Source} from './problems.ts';
import {TOP, type Declared, type Dependency} from './schema.ts';
import {commandService, configService, MAIN, type Argv} from './service.ts';
import {readShape, type Settings} from './shape.ts';
import {isNothing, kindOf, overlay, type Mapping, type Value} from './values.ts';

export interface Plan {
	/** Each after all that it needs. */
	readonly services: readonly Service[];
	/** For all of them together, from the first stop signal on. */
	readonly shutdownGrace: Millis;
	/** What is worth a line and stops nothing. */
	readonly notes: readonly Problem[];
}

/**
 * What the texts say together, each laid over those before it. With a `command` the service `main` comes
 * after all of them. If a text is not YAML, only the syntax of all texts is judged.
 */
export function plan(
	sources: readonly Source[],
	command: readonly string[] | null,
): Result<Plan, readonly Problem[]> {
	const problems = collector(sources);
	const notes = collector(sources);
	const values = sources.map(source => parse(source, problems.report));
	const [first, ...rest] = values.filter(value => value !== null);
	if (values.includes(null)) return err(problems.problems());
	if (first === undefined) return err([fileProblem('', 'there is no config')]);

	const config = readTop(rest.reduce(overlay, first), problems, notes);
	const names = arrange(config.services, problems.report);
	const programs = findPrograms(config.services, problems.report);
	const main = toArgv(command ?? []);
	const rival = config.services.get(MAIN);
	if (main && rival) {
		const hint = 'rename it, or give no command on the command line';
		problems.report(rival.key, `the name ${MAIN} is taken by the command line's command`, hint);
	}
	noteHurried(config, notes);
	const found = problems.problems();
	if (found.length > 0) return err(found);

	return ok({
		services: makeServices(names.flatMap(name => programs.get(name) ?? []), main),
		shutdownGrace: config.shutdown.grace_period,
		notes: notes.problems(),
	});
}

/** The services by name; null for one that cannot be read, so that others may still name it. */
type Services = ReadonlyMap<string, Declared | null>;

function readTop(root: Value, {report}: Collector, {gather}: Collector): Settings<typeof TOP.keys> {
	if (root.kind !== 'map' && !isNothing(root)) {
		report(root, `a config must be a map, not ${kindOf(root)}`);
		return TOP.initial;
	}
	const map: Mapping = root.kind === 'map' ? root : {...root, kind: 'map', entries: new Map()};
	if (isMissing(['services'], map)) report(root, 'services are missing', 'write them under "services:"');
	return readShape(TOP, map, {path: '', report, note: gather});
}

/** Whether there is none of the keys, and none that will be told as a misspelling of one. */
const isMissing = (names: readonly string[], {entries}: Mapping): boolean =>
	[...entries.keys()].every(written => nearest(written, names) === null);

/** How many circles are told: the rest often goes with them, and each costs a walk. */
const CIRCLES_MAX = 10;

/** The names in the order of their needs, as far as there is one. */
function arrange(services: Services, report: Report): readonly string[] {
	const needs = new Map<string, readonly Dependency[]>();
	for (const [name, declared] of services) {
		const written = declared?.settings.depends_on ?? [];
		needs.set(name, declared ? written.filter(each => isEdge(declared, each, services, report)) : []);
	}
	const needsOf = (name: string) => needs.get(name)?.map(need => need.name) ?? [];
	for (let circles = 0; circles < CIRCLES_MAX; circles += 1) {
		const ordered = order([...services.keys()], needsOf);
		if (ordered.ok) return ordered.value;
		const [first = '', second = ''] = ordered.error;
		const edge = needs.get(first)?.find(need => need.name === second);
		if (!edge) break;
		report(edge.at, `services need each other in a circle: ${[...ordered.error, first].join(' → ')}`);
		needs.set(first, needs.get(first)?.filter(need => need !== edge) ?? []);
	}
	return [];
}

/** Whether the dependency is an edge of the graph. */
function isEdge({name, path}: Declared, to: Dependency, all: Services, report: Report): boolean {
	const {name: need, condition, at} = to;
	if (need === name) {
		report(at, `${path} cannot depend on itself`);
		return false;
	}
	if (!all.has(need)) {
		report(at, `${path} depends on ${quote(need)}, which is not a service`, didYouMean(need, all.keys()));
		return false;
	}
	const type = all.get(need)?.settings.type;
	if (condition === 'service_completed_successfully' && type === 'daemon') {
		const message = `${path} waits for ${need} to complete, which a daemon does not`;
		report(at, message, `give ${need} "type: oneshot"`);
	}
	return true;
}

/** What a service is made of. */
interface Program {
	readonly declared: Declared;
	readonly argv: Argv;
}

function findPrograms(services: Services, report: Report): ReadonlyMap<string, Program> {
	const programs = new Map<string, Program>();
	for (const [name, declared] of services) {
		if (!declared) continue;
		const {entrypoint, command} = declared.settings;
		const argv = toArgv([...entrypoint ?? [], ...command ?? []]);
		if (argv) programs.set(name, {declared, argv});
		else reportNoProgram(declared, report);
	}
	return programs;
}

function reportNoProgram({path, key, map, settings}: Declared, report: Report): void {
	const names = ['command', 'entrypoint'] as const;
	if (isMissing(names, map)) {
		const hint = map.entries.has('image') || map.entries.has('build')
			? 'archon starts programs, not images: write what the image would run'
			: 'write what it runs';
		report(key, `${path} has no command`, hint);
		return;
	}
	const [written] = names.flatMap(name => map.entries.get(name) ?? []);
	// What is misspelt or cannot be read is told already.
	const unread = names.some(name => map.entries.has(name) && settings[name] === null);
	if (written && !unread) report(written.value, `${path} has an empty command`);
}

function toArgv([program = '', ...args]: readonly string[]): Argv | null {
	return program === '' ? null : [program, ...args];
}

/** A service's own grace period is of no use beyond that of all. */
function noteHurried({services, shutdown}: Settings<typeof TOP.keys>, {gather}: Collector): void {
	for (const [name, declared] of services) {
		const written = declared?.map.entries.get('stop_grace_period');
		if (declared && written && declared.settings.stop_grace_period > shutdown.grace_period) {
			gather(written.value, 'shutdown.grace_period ends before the stop_grace_period of', name);
		}
	}
}

/** A lone service has archon's streams; the lines of several are told apart. */
function makeServices(programs: readonly Program[], main: Argv | null): readonly Service[] {
	const output: Output = {kind: programs.length === 1 && !main ? 'inherit' : 'lines'};
	const services = programs.map(({declared: {name, settings}, argv}) => {
		const needs = settings.depends_on.map(need => ({name: need.name, condition: need.condition}));
		return configService(name, settings, argv, needs, output);
	});
	if (!main) return services;
	const needs = services.map(({name, type}): Need =>
		({name, condition: type === 'oneshot' ? 'service_completed_successfully' : 'service_started'}));
	return [...services, commandService(main, needs)];
}
