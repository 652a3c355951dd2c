/** overseer's `jobs`: each a name and a command, and perhaps a test that says whether it should run. */
import {key, optional} from '../key.ts';
import type {ForeignFormat} from '../planning.ts';
import type {Report} from '../problems.ts';
import {readBy, readListOf, refuse, refuseKind} from '../readers.ts';
import {text} from '../scalars.ts';
import {reader, readShape, shape, within, type Context} from '../shape.ts';
import type {Mapping, Value} from '../values.ts';
import {list, literal, map, word} from './translation.ts';

const COMMAND = shape({
	exe: optional(text, 'path', 'required', 'the program'),
	args: key<readonly string[]>(readListOf(readBy(text)), 'list', 'empty', [], 'its arguments'),
});

const program = reader(() => ({shape: COMMAND}), readProgram);

const JOB = shape({
	name: optional(text, 'name', 'required', 'the name of the service'),
	job_command: key<Value | null>(program, 'map with exe and args', 'required', null, 'what runs'),
	test_command: key<Value | null>(program, 'map with exe and args', 'none', null, 'whether it should run'),
});

const ROOT = shape({
	jobs: key<readonly Job[]>(readListOf(reader(() => ({shape: JOB}), readJob)), 'list', 'required', [], 'what there is to run'),
});

interface Job {
	readonly name: string;
	readonly from: Mapping;
	readonly command: Value;
	/** Null: it always runs. */
	readonly test: Value | null;
}

export const overseer: ForeignFormat = {
	name: 'overseer\'s config',
	translate(inputs, _lookups, report) {
		const jobs = inputs.flatMap(({root}) => root?.kind === 'map' ? readShape(ROOT, root, contextOf(report)).jobs : []);
		const seen = new Set<string>();
		for (const {name, from} of jobs) {
			if (seen.has(name)) report(from, `there are two jobs ${name}`, 'rename one of them');
			seen.add(name);
		}
		const [{source} = {source: {file: '', text: ''}}] = inputs;
		const top = {source, offset: 0};
		// It never gives a job up, and stays when all of them have ended.
		const services = new Map(jobs.map(({name, from, command, test}) =>
			[name, map(from, {command, test: test ?? undefined, restart: map(from, {attempts: word(from, 'unlimited')})})]));
		return {
			config: map(top, {shutdown: map(top, {when_idle: word(top, 'never')}), services: map(top, services)}),
			untranslated: [],
		};
	},
};

/** A `$` has no meaning in this format. */
const contextOf = (report: Report): Context => ({path: '', report, note() {}, environment: null});

function readJob(from: Value, context: Context): Job | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map');
	const {name, job_command: command, test_command: test} = readShape(JOB, from, context);
	if (name === null && !from.entries.has('name')) return refuse(from, context, 'has no name');
	if (command === null && !from.entries.has('job_command')) return refuse(from, context, 'has no job_command');
	return name === null || command === null ? undefined : {name, from, command, test};
}

function readProgram(from: Value, context: Context): Value | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with exe and args');
	const {exe, args} = readShape(COMMAND, from, context);
	if (exe === null) return from.entries.has('exe') ? undefined : refuse(from, within(context, 'exe'), 'is missing');
	return list(from, [exe, ...args].map(each => literal(from, each)));
}
