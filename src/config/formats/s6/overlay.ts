/** What s6-overlay has beside services: scripts at the start and at the end, owners and modes of files, and its variables. */
import type {Environment} from '../../../core/variables.ts';
import type {Place, Source} from '../../problems.ts';
import {list, literal, map, word, written} from '../translation.ts';
import {folderPlace, millis, type Keys, type Unit} from './directory.ts';
import type {Naming} from '../naming.ts';
import type {Reading} from './reading.ts';
import {hookOf, keysOf, readScript, type Script} from './script.ts';

/** What scripts write variables to, for what starts after them. */
export const VARIABLES = '/run/s6/container_environment';

/** The units of the start, each after the one before it; and what everything comes after. */
export interface Stages {
	readonly units: ReadonlyMap<string, Unit>;
	/** The last of the start, for which services wait; null: nothing is. */
	readonly last: string | null;
	/** What is undone after everything has stopped; null: there is nothing. */
	readonly end: string | null;
	readonly isStrict: boolean;
}

const unitOf = (at: Place, keys: Keys, scripts: readonly Script[] = []): Unit =>
	({
		at, keys, isMerged: false, hasVariables: scripts.some(({hasVariables}) => hasVariables), calls: scripts.flatMap(({calls}) => calls),
		needs: new Map(),
	});

/** `etc`: the directory in which s6-overlay's directories are. */
export function readStages(etc: string, naming: Naming, reading: Reading): Stages {
	const units = new Map<string, Unit>();
	const isStrict = numberIn(reading.lookups.environment, 'S6_BEHAVIOUR_IF_STAGE2_FAILS', 0) >= 2;
	const end = readFinish(etc, units, naming, reading);
	let last: string | null = null;
	const add = (name: string, unit: Unit): void => {
		if (isStrict) unit.keys['on_failed'] = word(unit.at, 'shutdown');
		if (last !== null) unit.needs.set(last, isStrict ? 'hard' : 'soft');
		if (end !== null) unit.needs.set(end, 'order');
		units.set(name, unit);
		last = name;
	};
	if (reading.variesLater) {
		const at = folderPlace(etc);
		add(naming.nameFor('container-environment', at), unitOf(at, {
			type: word(at, 'oneshot'), command: list(at, ['mkdir', '-p', VARIABLES].map(each => literal(at, each))),
		}));
	}
	const attributes = readAttributes(`${etc}/fix-attrs.d`, reading);
	if (attributes) add(naming.nameFor('fix-attrs', attributes.at), attributes);
	for (const [file, script] of scriptsIn(`${etc}/cont-init.d`, '/etc/cont-init.d', reading)) {
		const {at} = script;
		const keys = {type: word(at, 'oneshot'), ...keysOf(script), environment_base: script.hasVariables ? undefined : word(at, 'clean')};
		add(naming.nameFor(`cont-init-${file}`, at), unitOf(at, keys, [script]));
	}
	return {units, last, end, isStrict};
}

function scriptsIn(disk: string, path: string, reading: Reading): readonly (readonly [string, Script])[] {
	return (reading.list(disk) ?? []).filter(name => !name.startsWith('.')).flatMap(name => {
		const script = readScript(`${disk}/${name}`, `${path}/${name}`, reading);
		return script ? [[name, script] as const] : [];
	});
}

/** A oneshot that does nothing, and is undone when everything else has stopped. */
function readFinish(etc: string, units: Map<string, Unit>, naming: Naming, reading: Reading): string | null {
	const scripts = scriptsIn(`${etc}/cont-finish.d`, '/etc/cont-finish.d', reading).map(([, script]) => script);
	const [first] = scripts;
	if (!first) return null;
	const {at} = first;
	const each = numberIn(reading.lookups.environment, 'S6_KILL_FINISH_MAXTIME', 5000);
	const name = naming.nameFor('cont-finish', at);
	units.set(name, unitOf(at, {
		type: word(at, 'oneshot'), command: list(at, [literal(at, 'true')]),
		down: list(at, scripts.map(script => hookOf(script, {}))),
		stop_grace_period: word(at, each === 0 ? 'unlimited' : millis(each * scripts.length)),
	}, scripts));
	return name;
}

/**
 * Lines of a path, whether all below it is meant, an owner, and modes of files and directories (s6-overlay v2, "Fixing
 * ownership & permissions").
 */
function readAttributes(folder: string, reading: Reading): Unit | null {
	const commands: string[] = [];
	const withHidden = numberIn(reading.lookups.environment, 'S6_FIX_ATTRS_HIDDEN', 0) > 0;
	let at: Place | null = null;
	for (const name of reading.list(folder) ?? []) {
		const source = reading.read(`${folder}/${name}`);
		if (source === null || source === 'other') continue;
		for (const line of linesOf(source)) {
			at ??= line.at;
			const command = commandFor(line.words, withHidden);
			if (command) commands.push(command);
			else reading.report(line.at, 'a line must have a path, true or false, an owner, and modes of files and directories');
		}
	}
	if (!at) return null;
	const place = at;
	const words = ['sh', '-c', commands.join('\n')].map(each => literal(place, each));
	return unitOf(at, {type: word(at, 'oneshot'), command: list(at, words)});
}

function linesOf(source: Source): readonly {readonly at: Place; readonly words: readonly string[]}[] {
	const lines: {at: Place; words: readonly string[]}[] = [];
	let offset = 0;
	for (const line of source.text.split('\n')) {
		const words = line.replace(/#.*$/, '').trim().split(/\s+/);
		if (words[0] !== '') lines.push({at: {source, offset}, words});
		offset += line.length + 1;
	}
	return lines;
}

function commandFor(words: readonly string[], withHidden: boolean): string | null {
	const [path = '', recurse = '', owner = '', fileMode = '', folderMode = '', ...others] = words;
	if (!path.startsWith('/') || !/^(?:true|false)$/.test(recurse) || others.length > 0) return null;
	if (!/^[\w.-]+(?::[\w.-]+)?(?:,\d+(?::\d+)?)?$/.test(owner)) return null;
	if (![fileMode, folderMode].every(mode => /^[0-7]{3,4}$/.test(mode))) return null;
	const [account = '', fallback] = owner.split(',');
	const place = /^[\w./*?[\]-]+$/.test(path) ? path : `'${path.replaceAll('\'', '\'\\\'\'')}'`;
	const which = recurse === 'false' ? ' -maxdepth 0' : withHidden ? '' : ' ! -path \'*/.*\'';
	const user = account.split(':')[0] ?? account;
	// With a colon and no group, the user's own.
	const whose = account.includes(':') || /^\d+$/.test(account) ? account : `${account}:`;
	const chown = fallback === undefined ? `chown ${whose}` : `chown "$(id -u ${user} >/dev/null 2>&1 && echo ${whose} || echo ${fallback})"`;
	const one = (kind: string, mode: string): string => `find ${place}${which} -type ${kind} -exec chmod ${mode} {} +`;
	return [`find ${place}${which} -exec ${chown} {} +`, one('f', fileMode), one('d', folderMode)].join('\n');
}

/** Variables of s6-overlay that say how it works, and why they do nothing here. */
const MEANINGLESS: Readonly<Record<string, string>> = {
	S6_CMD_ARG0: 'write it as the first word of the image\'s CMD',
	S6_STAGE2_HOOK: 'write what it runs as a oneshot',
	S6_RUNTIME_PROFILE: 'the directories of /etc are translated, and not those of /etc/cont-profile.d',
	S6_LOGGING: 'write archon: {logging: …} for where all output goes',
};

/** The whole: how long a shutdown takes. */
export function readWhole(at: Place, reading: Reading): Keys {
	const {environment} = reading.lookups;
	for (const [name, why] of Object.entries(MEANINGLESS)) {
		const value = environment[name] ?? '';
		if (value !== '' && value !== '0') reading.leaveOut(at, null, name, why);
	}
	const grace = numberIn(environment, 'S6_SERVICES_GRACETIME', 3000) + numberIn(environment, 'S6_KILL_GRACETIME', 3000);
	return {shutdown: map(at, {grace_period: word(at, millis(grace))})};
}

export function numberIn(environment: Environment, name: string, fallback: number): number {
	const text = environment[name] ?? '';
	return /^\d{1,9}$/.test(text) ? Number(text) : fallback;
}

/** Programs that steer s6. */
const STEERS: ReadonlySet<string> = new Set([
	's6-svc', 's6-svstat', 's6-svok', 's6-svwait', 's6-svlisten', 's6-svlisten1', 's6-svscan', 's6-svscanctl', 's6-svlink', 's6-svunlink',
	's6-supervise', 's6-rc', 's6-rc-update', 's6-permafailon', 's6-svdt',
]);

/** Scripts that call programs of s6 need these, where they are. Whether any script does. */
export function judgeCalls(units: ReadonlyMap<string, Unit>, reading: Reading): boolean {
	const present = new Set(reading.list(reading.diskOf('/command')) ?? []);
	const {hasProgram} = reading.lookups;
	let isCalled = false;
	for (const [name, {calls}] of units) {
		const steers = calls.find(({program}) => STEERS.has(program));
		if (steers) reading.leaveOut(steers.at, name, steers.program, 'there is no s6 to steer: archonctl restart, stop and status do that here');
		const others = calls.filter(({program}) => !STEERS.has(program));
		isCalled ||= others.length > 0;
		const missing = others.filter(({program}) => !present.has(program) && !hasProgram?.(program));
		const programs = [...new Set(missing.map(({program}) => program))].join(', ');
		const why = 'its script is run by it, or calls it: keep the programs of s6 in the image';
		if (missing[0]) reading.leaveOut(missing[0].at, name, programs, why);
	}
	return isCalled;
}

/** For scripts that call programs of s6-overlay: where these are, and that `with-contenv` has nothing to do. */
export const variablesFor = (at: Place): Keys => ({
	environment: map(at, {
		PATH: written(at, '/command:${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}'),
		S6_KEEP_ENV: literal(at, '1'),
	}),
});
