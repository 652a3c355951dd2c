/** A Procfile, as foreman and Heroku read it: a name, a colon, and a line for a shell. */
import {readEnvFile} from '../../core/env-file.ts';
import {dirname, isAbsolute, join} from '../../core/path.ts';
import {SERVICES_MAX} from '../names.ts';
import {quote, type Place, type Source} from '../problems.ts';
import type {ForeignFormat, Lookups, Untranslated} from '../planning.ts';
import type {Value} from '../values.ts';
import {literal, map, word, written} from './translation.ts';

/** foreman's first port, and how far the ports of two processes lie apart. */
const PORT = 5000;
const STEP = 100;

/** What Heroku runs once, before all others. */
const RELEASE = 'release';

interface Process {
	readonly name: string;
	readonly at: Place;
	readonly line: string;
	readonly command: Place;
}

export const procfile: ForeignFormat = {
	name: 'a Procfile',
	translate(inputs, lookups, report) {
		const [{source} = {source: {file: '', text: ''}}] = inputs;
		const top = {source, offset: 0};
		const services = new Map<string, Value>();
		const untranslated: Untranslated[] = [];
		for (const input of inputs) {
			const read = input.source.names ? lookups.readFile(join(input.source.file, 'Procfile')) : null;
			if (read && !read.ok) {
				report({source: input.source, offset: 0}, read.error.problem.message);
				continue;
			}
			const file = read?.value ?? input.source;
			const processes = processesOf(file, (at, line) => {
				untranslated.push({at, key: quote(line), service: null, why: 'it is not NAME: COMMAND, and foreman passes over it as well'});
			});
			const base = portIn(file, lookups);
			const hasRelease = processes.some(({name}) => name === RELEASE);
			for (const [index, each] of processes.slice(0, SERVICES_MAX + 1).entries()) {
				if (services.has(each.name)) report(each.at, `there are two processes ${each.name}`, 'rename one of them');
				services.set(each.name, serviceOf(each, index, base, hasRelease, folderOf(file, lookups)));
			}
		}
		return {config: map(top, {services: map(top, services)}), untranslated};
	},
};

function processesOf(source: Source, passedOver: (at: Place, line: string) => void): readonly Process[] {
	const processes: Process[] = [];
	let start = 0;
	for (const whole of source.text.split('\n')) {
		const line = whole.replace(/\r$/, '');
		const [head = '', name = ''] = /^([A-Za-z0-9_-]+):[ \t]*/.exec(line) ?? [];
		const command = line.slice(head.length).trim();
		const at = {source, offset: start};
		if (name !== '' && command !== '') processes.push({name, at, line: command, command: {source, offset: start + head.length}});
		else if (!/^\s*(?:#|$)/.test(line)) passedOver(at, line);
		start += whole.length + 1;
	}
	return processes;
}

/** As foreman runs it: when one ends, all end, 5 s after TERM at the latest. */
function serviceOf({name, at, line, command}: Process, index: number, base: Port, hasRelease: boolean, folder: string | null): Value {
	const port = index === 0 && base.isOwn ? `\${PORT:-${base.port}}` : String(base.port + STEP * index);
	const isRelease = name === RELEASE;
	return map(at, {
		type: isRelease ? word(at, 'oneshot') : undefined,
		command: literal(command, line),
		shell: word(command, true),
		working_dir: folder === null ? undefined : literal(at, folder),
		env_file: map(at, {path: written(at, '.env'), required: word(at, false)}),
		environment: isRelease ? undefined : map(at, {PORT: written(at, port)}),
		depends_on: hasRelease && !isRelease
			? map(at, {[RELEASE]: map(at, {condition: word(at, 'service_completed_successfully')})})
			: undefined,
		essential: isRelease ? undefined : word(at, true),
	});
}

interface Port {
	readonly port: number;
	/** Whether the first process may have another one from outside. */
	readonly isOwn: boolean;
}

/** The first port: `PORT` in `.env`, or archon's own. */
function portIn(source: Source, lookups: Lookups): Port {
	const file = lookups.readFile(join(dirname(source.file), '.env'));
	const variables = file.ok ? new Map(readEnvFile(file.value.text, () => undefined, {report() {}, unset() {}})) : null;
	const written = variables?.get('PORT');
	const port = written ?? lookups.environment['PORT'] ?? '';
	return {port: /^\d{1,5}$/.test(port) ? Number(port) : PORT, isOwn: written === undefined};
}

/** Where it lies, if that is not where archon is. */
function folderOf(source: Source, lookups: Lookups): string | null {
	const folder = dirname(source.file);
	if (folder === '.') return null;
	return isAbsolute(folder) ? folder : join(lookups.directory(), folder);
}
