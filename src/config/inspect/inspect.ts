/**
 * What only `archon check` looks at: whether what a config comes to can work, alone and on the machine where it is to run.
 * One that starts is not slowed down by it.
 */
import type {Service} from '../../core/service.ts';
import type {Draft, Planning, WrittenService} from '../planning.ts';
import type {Place} from '../problems.ts';
import type {Value} from '../values.ts';
import {type Engine, inspectEngine} from './engine.ts';
import {inspectFiles} from './files.ts';
import type {Inspected, Inspecting} from './inspected.ts';
import {inspectMachine, type Machine} from './machine.ts';
import {inspectPorts} from './ports.ts';
import {inspectTimes} from './times.ts';

/** `machine`: null where none is to be looked at; `engine`: that with which it is compared. */
export function inspect(draft: Draft, {problems, notes}: Planning, machine: Machine | null, engine: Engine | null = null): void {
	const all = new Map<string, Service[]>();
	for (const service of draft.services) {
		const name = service.name.replace(/:.*/, '');
		const known = all.get(name);
		if (known) known.push(service);
		else all.set(name, [service]);
	}
	const services = [...all].flatMap(([name, instances]): Inspected[] => {
		const [service] = instances;
		const written = draft.written?.get(name);
		const place = written?.key ?? draft.names.get(name);
		// What could not be read has been reported, and the rest of such a service is not what was meant.
		if (written?.isSpoilt || !place || !service) return [];
		return [{name, service, instances, ...written ? writtenIn(written) : unwritten(name, place)}];
	});
	const inspecting: Inspecting = {services, draft, report: problems.report, note: notes.report};
	inspectTimes(inspecting);
	inspectFiles(inspecting);
	inspectPorts(inspecting);
	if (machine) inspectMachine(inspecting, machine);
	if (engine) inspectEngine(inspecting, engine);
}

type Places = Pick<Inspected, 'path' | 'at' | 'has'>;

const writtenIn = ({path, key: place, map}: WrittenService): Places => ({
	path: key => (key === undefined ? path : `${path}.${key}`),
	has: key => map.entries.has(key),
	at(...steps) {
		let at: Value = map;
		for (const [index, step] of steps.entries()) {
			const next: Value | undefined = at.kind === 'map' ? at.entries.get(String(step))?.value
				: at.kind === 'list' && typeof step === 'number' ? at.items[step] : undefined;
			if (next === undefined) return index === 0 ? place : at;
			at = next;
		}
		return at;
	},
});

/** Of another format, whose keys are not archon's. */
const unwritten = (name: string, place: Place): Places => ({path: () => name, has: () => false, at: () => place});
