/** `autostart`, `scale`, `profiles`: whether a service is started, and how many instances it has. */
import {lookupIn, type Environment} from '../../core/variables.ts';
import type {Part, ServiceGroup, Written} from '../group.ts';
import {key, list, value} from '../key.ts';
import {united} from '../merge.ts';
import {SCALE_MAX} from '../names.ts';
import {readBy} from '../readers.ts';
import {text, truth, whole} from '../scalars.ts';
import type {Context, Settings} from '../shape.ts';
import type {Mapping} from '../values.ts';

const readScale = readBy(whole(0, SCALE_MAX));

const KEYS = {
	autostart: value(truth, 'true | false', 'true', 'false: it starts by archonctl, or when another service needs it'),
	scale: key<number | null>(
		readScale, 'number', '1', null, 'how many instances run: web:0, web:1, …, each with its number in $ARCHON_INSTANCE', '3',
	),
	profiles: list(text, 'list', 'it runs only if one of these is on, by --profile or $ARCHON_PROFILES', '[debug]'),
};

type Own = Settings<typeof KEYS>;

export const presence = {
	keys: KEYS,
	merge: {profiles: united()},
	isForAll: true,
	words: () => ({
		names: {scale: 'numprocs instances replicas count', profiles: 'profile'},
		others: [
			['enabled startup enable', 'autostart', 'write autostart: true or false'],
			['disabled disable', 'autostart', 'write autostart: false to have it started by archonctl only'],
			['exec_mode', null, 'remove it: scale starts several instances'],
			['process_name name', null, 'remove it: the key above it is the name'],
		],
	}),
	plan: ({autostart}: Own): Part => ({autostart}),
} satisfies ServiceGroup;

/** How many instances a service has whose other keys are still to be read; what is wrong with it is reported later. */
export function scaleOf({entries}: Mapping, context: Context): number {
	const scale = entries.get('scale')?.value;
	return (scale && readScale(scale, {...context, report() {}, note() {}})) ?? 1;
}

/** Why a service that is written does not run. */
export interface Absence {
	readonly why: string;
	readonly hint: string | null;
}

/** The services that do not run in this environment, by name. */
export function findAbsent(
	services: ReadonlyMap<string, Written<Own> | null>, environment: Environment, profiles: readonly string[] = [],
): ReadonlyMap<string, Absence> {
	const own = lookupIn(environment);
	const named = (own('ARCHON_PROFILES') ?? own('COMPOSE_PROFILES') ?? '').split(',').map(word => word.trim());
	const active = new Set([...profiles, ...named]);
	const absent = new Map<string, Absence>();
	for (const [name, declared] of services) {
		const {profiles = [], scale = null} = declared?.settings ?? {};
		if (profiles.length > 0 && !active.has('*') && !profiles.some(profile => active.has(profile))) {
			const hint = 'turn it on by --profile or $ARCHON_PROFILES, or write "required: false" for the dependency';
			absent.set(name, {why: `is only in ${profiles.length === 1 ? 'profile' : 'profiles'} ${profiles.join(', ')}`, hint});
		} else if (scale === 0) {
			absent.set(name, {why: 'has scale 0', hint: null});
		}
	}
	return absent;
}
