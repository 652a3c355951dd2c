/** Where a config that is checked is to run: on this machine, in an image whose files lie in a folder, or anywhere. */
import type {Engine} from '../config/inspect/engine.ts';
import {inspect} from '../config/inspect/inspect.ts';
import type {Files, Lookups} from '../config/planning.ts';
import {readFolder, readShared, readSource} from '../config/read.ts';
import type {Needs} from '../config/yaml/parse.ts';
import {byNeed} from '../core/by-need.ts';
import {dirname, join} from '../core/path.ts';
import {err, ok} from '../core/result.ts';
import {errnoText} from '../os/errno.ts';
import {files, filesAtStart, type Unread} from '../os/files.ts';
import {createMachine, type Machine} from '../os/machine/machine.ts';
import {isBareScript} from '../os/spawn/diagnose.ts';
import {ERRNO} from '../os/sys.ts';
import {lookups, zoneFile} from './lookups.ts';

const parsing = byNeed(() => import('../helpers/rules/parse.ts'));
const parseLua: NonNullable<Lookups['parseLua']> = (path, text) => parsing().parseLua(path, text);

export interface Target {
	/** Null: nothing outside of the config is to be looked at. */
	readonly machine: Machine | null;
	/** The files of the config. */
	readonly files: Files;
	readonly lookups: (needs: Needs) => Promise<Omit<Lookups, 'dotenv'>>;
	/** Whether this machine lacks something, and may not be the one that is meant. */
	readonly isDoubtful: () => boolean;
}

/** `file`: of the config, where it is named; what lies beside it is found there as well. */
export function targetFor({root, isPortable, file, engine = null}: {
	readonly root: string | null; readonly isPortable: boolean; readonly file: string | null;
	/** What runs the container, with which the config is compared. */
	readonly engine?: Engine | null;
}): Target {
	const folder = file && dirname(file);
	if (isPortable) return {machine: null, files: filesAtStart, lookups: needs => portably(needs, folder, engine), isDoubtful: () => false};
	const machine = createMachine(root);
	if (root === null) {
		// A config that is where archon looks for it is there to be run there.
		return {machine, files: filesAtStart, isDoubtful: () => file !== null && machine.lacks(), lookups: async needs => ({
			...await lookups(needs), isBareScript, parseLua, findUser: machine.findUser,
			inspect: (draft, planning) => inspect(draft, planning, machine, engine),
		})};
	}
	const inside = filesIn(machine, null);
	const beside = filesIn(machine, folder);
	return {
		machine, files: file === null ? inside : filesAtStart, isDoubtful: () => false,
		lookups: async needs => ({
			...await lookups(needs),
			findUser: machine.findUser, parseLua, readZoneFile: (path, most) => zoneFile(path, most, inside),
			readFile: path => readShared(path, beside), listFolder: folder => readFolder(folder, beside),
			readConfig: path => readSource(path, beside),
			isBareScript(path) {
				const found = machine.tree.find(path);
				return found.ok && isBareScript(found.value.path);
			},
			hasProgram: name => machine.programFault(name, {user: null, cwd: null, path: machine.paths.own}) === null,
			inspect: (draft, planning) => inspect(draft, planning, machine, engine),
		}),
	};
}

/** What depends on no machine; but a config of another format may be many files in one folder. */
async function portably(needs: Needs, folder: string | null, engine: Engine | null): Promise<Omit<Lookups, 'dotenv'>> {
	const {hasProgram: _, readZoneFile: __, ...around} = await lookups(needs);
	const whole = (path: string): string => (path.startsWith('/') ? join(path) : join(around.directory(), path));
	const isOwn = (path: string): boolean => needs.formats.length > 0 && folder !== null && isIn(whole(folder), whole(path));
	return {
		...around, findUser: () => ok(null), inspect: (draft, planning) => inspect(draft, planning, null, engine),
		readFile: file => (isOwn(file) ? around.readFile(file) : ok({file, text: ''})),
		listFolder: path => (isOwn(path) ? around.listFolder(path) : ok([])),
	};
}

/** A relative path is in the directory that archon is in. */
const isIn = (folder: string, path: string): boolean =>
	(folder === '.' ? !path.startsWith('/') : join(path).startsWith(join(folder, '/')));

/** The files of an image's tree; with a folder of this machine, what is there is found as well, if the tree does not have it. */
function filesIn({tree}: Machine, folder: string | null): Files {
	const MISSING: Unread = {errno: ERRNO.ENOENT, reason: errnoText(ERRNO.ENOENT), isOfPath: false};
	const find = (path: string): string | null => {
		const found = tree.find(path);
		if (found.ok) return found.value.path;
		const isBeside = folder !== null && found.error.kind === 'missing' && isIn(folder, path);
		return isBeside ? path : null;
	};
	const within = <T>(path: string, use: (path: string) => T): T | ReturnType<typeof err<Unread>> => {
		const real = find(path);
		return real === null ? err(MISSING) : use(real);
	};
	return {
		read: (path, most) => within(path, real => files.read(real, most)),
		readShared: (path, most) => within(path, real => files.readShared(real, most)),
		list: path => within(path, real => files.list(real)),
	};
}
