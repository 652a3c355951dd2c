/** Directories of a service's own: made before a start, and the runtime ones removed after a stop, by what is loaded for the first. */
import {byNeed} from '../../core/by-need.ts';
import type {Entry} from '../../core/entry.ts';
import type {Refusal} from '../../core/outcome.ts';
import type {Directory, Service} from '../../core/service.ts';
import type {Owner} from '../owners.ts';

const making = byNeed(() => import('./directory-making.ts'));

export function ownDirectories(warn: (text: string) => void): Owner<'hook' | 'changed'> {
	return {
		arms: {
			// The commands may need them; what fails then fails the start that follows them.
			hook({hook, service}) {
				const refusal = hook === 'pre_start' ? makeDirectories(service) : null;
				if (refusal) warn(`${service.name}: ${refusal.stage}: ${refusal.reason}`);
			},
			changed({before, after}) {
				if (!isOver(before, after)) return;
				for (const note of removeDirectories(before.service)) warn(`${before.service.name}: ${note}`);
			},
		},
	};
}

/** Whether the run is over, and not only its process: a oneshot that has completed may still count as up. */
const isOver = ({phase: was}: Entry, {phase: is}: Entry): boolean =>
	'run' in was && is.kind !== 'done' && !('run' in is && is.run === was.run);

/** Null: they are all there. */
export const makeDirectories = (service: Service): Refusal | null =>
	(service.exec.directories.length === 0 ? null : making().makeDirectories(service));

/** What could not be removed, in words. */
export const removeDirectories = (service: Service): readonly string[] =>
	(service.exec.directories.length === 0 ? [] : making().removeDirectories(service));

/** RUNTIME_DIRECTORY and so on: paths with colons between them. */
export function directoryVariables(directories: readonly Directory[]): Readonly<Record<string, string>> {
	const variables: Record<string, string> = {};
	for (const {kind, path} of directories) {
		const name = `${kind.toUpperCase()}_DIRECTORY`;
		variables[name] = variables[name] === undefined ? path : `${variables[name]}:${path}`;
	}
	return variables;
}
