/**
 * Effects by their owners. An owner does what the core asks for in one matter (health, logging, hooks …): it has an arm for
 * each kind of effect that concerns it, and hears of a run that is over and of a service that is restored. TypeScript
 * sees to it that every kind of effect has an owner.
 */
import type {Effect} from '../core/effect.ts';
import type {Entry} from '../core/entry.ts';
import type {Id, Run} from '../core/ids.ts';
import type {Adopted} from '../core/outcome.ts';
import type {Service} from '../core/service.ts';

export type EffectKind = Effect['kind'];
export type EffectOf<K extends EffectKind> = Extract<Effect, {kind: K}>;

/** The loop itself sees to `spawn`: processes are made between events. */
export type ArmKind = Exclude<EffectKind, 'spawn'>;
export type Arms = {readonly [K in ArmKind]: (effect: EffectOf<K>) => void};

export interface Owner<K extends ArmKind = never> {
	/** Several owners may have an arm for the same kind; they are called in the order of the owners. */
	readonly arms: Pick<Arms, K>;
	/** The run is over, and what belongs to it is given up. The last owner hears of it first. */
	ended?(id: Id, run: Run): void;
	/** A service of the previous instance is taken up as the handoff has it. */
	restore?(entry: Entry): void;
	/** The same where the handoff is damaged and only the process itself tells whose it is. */
	salvage?(adopted: Adopted, service: Service): void;
}

/** All owners as one. */
export interface Composition {
	perform(effect: EffectOf<ArmKind>): void;
	ended(id: Id, run: Run): void;
	restore(entry: Entry): void;
	salvage(adopted: Adopted, service: Service): void;
}

type Listed<K extends ArmKind> = (effect: EffectOf<K>) => void;
type KindsOf<O> = O extends {readonly arms: infer A} ? keyof A : never;
type Missing<Owners extends readonly Owner[]> = Exclude<ArmKind, KindsOf<Owners[number]>>;

/** `missing`: kinds of effects without an owner. There must be none, so that nothing can be given for it. */
export function compose<const Owners extends readonly Owner[]>(
	owners: Owners, ...missing: [Missing<Owners>] extends [never] ? [] : [missing: Missing<Owners>]
): Composition;
export function compose(owners: readonly Owner[]): Composition {
	const table: {readonly [K in ArmKind]: Listed<K>[]} = {
		examine: [], withdraw: [], signal: [], changed: [], forgotten: [], probe: [], hook: [], logging: [], follow: [], say: [],
		stage: [], reread: [], reconciled: [], arrived: [], persist: [], tried: [], sweep: [], exit: [],
		'watch-strangers': [], monitored: [],
		run: [], alert: [], 'run-test': [], tested: [], triggered: [],
		'watch-clock': [], sockets: [],
	};
	const list = <K extends ArmKind>(kind: K, arms: Partial<Arms>): void => {
		const arm: Listed<K> | undefined = arms[kind];
		if (arm) table[kind].push(arm);
	};
	for (const {arms} of owners) for (const kind of kindsIn(table)) list(kind, arms);
	const run = <K extends ArmKind>(kind: K, effect: EffectOf<K>): void => {
		for (const arm of table[kind]) arm(effect);
	};
	const backwards = owners.toReversed();
	return {
		perform: effect => run(effect.kind, effect),
		ended: (id, run) => backwards.forEach(owner => owner.ended?.(id, run)),
		restore: entry => owners.forEach(owner => owner.restore?.(entry)),
		salvage: (adopted, service) => owners.forEach(owner => owner.salvage?.(adopted, service)),
	};
}

/** An owner that is made with the first of its effects: what few services need is loaded with the first that does. */
export function ownedByNeed<K extends ArmKind>(kind: K, make: () => Owner<K>): Owner<K> {
	let made: Owner<K> | null = null;
	const arm = (effect: EffectOf<K>): void => {
		made ??= make();
		const own: Listed<K> = made.arms[kind];
		own(effect);
	};
	return {arms: {[kind]: arm} as Pick<Arms, K>, ended: (id, run) => made?.ended?.(id, run)};
}

const kindsIn = (table: object): readonly ArmKind[] => Object.keys(table) as ArmKind[];

/** Whether a process of the entry's run lives, and not only the last commands of a run that has ended with all that it made. */
export const hasProcess = ({phase}: Entry): boolean => 'pid' in phase && !(phase.kind === 'stopping' && phase.finish !== null);
