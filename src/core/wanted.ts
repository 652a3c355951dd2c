/** Whether a service is to run, and which rule says so: of all that have a say the first one that speaks is obeyed. */
import type {Service} from './service.ts';
import type {Stage} from './stage.ts';
import type {Instant} from './time.ts';

/**
 * What is asked of a service beside its rulings. `start`, `stop`: by the operator, until `auto` or until its config changes;
 * `auto`: nothing, and so its config decides; `needed`: it is to run, as another service needs it; `due`: a run for its schedule,
 * or for a failure (`on_failure`), is under way, and at its end it is `auto` again.
 */
export type Desired = 'auto' | 'needed' | 'due' | 'start' | 'stop';

/** What decides from outside of the config, in the order in which it is asked. */
export const DECIDERS = ['hitlist', 'test', 'manifest'] as const;

export type Decider = (typeof DECIDERS)[number];

/** What one decider says of a service. */
export interface Ruling {
	readonly runs: boolean;
	/** A phrase that stands behind the decider's name: `exit status 1`, `/etc/hitlist.txt:3`; may be empty. */
	readonly why: string;
	/** When it was said last. */
	readonly at: Instant;
}

/** What each decider says of a service; without a key: nothing. */
export type Rulings = {readonly [D in Decider]?: Ruling};

/** One object for all that no decider has spoken of, as most are. */
export const NO_RULINGS: Rulings = {};

/** The rules, in their order; `removed`: the config does not have it any more; `archon`: archon itself needs it. */
export type Rule = 'boot' | 'shutdown' | 'archon' | 'removed' | 'operator' | Decider | 'schedule' | 'needed' | 'config';

/** Whether it is to run, by which rule. */
export interface Verdict {
	readonly runs: boolean;
	readonly by: Rule;
}

/** What of an entry has a say. */
export interface Subject {
	readonly desired: Desired;
	readonly service: Pick<Service, 'autostart' | 'origin'>;
	/** The config does not have it any more. */
	readonly retired: boolean;
	readonly rulings: Rulings;
}

const yes = (by: Rule): Verdict => ({runs: true, by});
const no = (by: Rule): Verdict => ({runs: false, by});

/** Made once: this is asked several times in each step. */
const BOOT = no('boot');
const SHUTDOWN = no('shutdown');
const REMOVED = no('removed');
const ARCHON = yes('archon');
const [STARTED, STOPPED] = [yes('operator'), no('operator')];
const RULED = {
	hitlist: [no('hitlist'), yes('hitlist')], test: [no('test'), yes('test')], manifest: [no('manifest'), yes('manifest')],
} as const;
const [DUE, NEEDED] = [yes('schedule'), yes('needed')];
const [AUTOSTART, LAZY] = [yes('config'), no('config')];

/** Whether a service is to run, and by which rule. A helper of archon's own runs until all services have ended. */
export function wanted(subject: Subject, {kind}: Pick<Stage, 'kind'>): Verdict {
	const {desired, service: {autostart, origin}, retired, rulings} = subject;
	if (kind === 'boot') return BOOT;
	if (kind !== 'running' && (origin !== 'helper' || kind === 'over')) return SHUTDOWN;
	if (retired) return REMOVED;
	if (desired === 'stop') return STOPPED;
	if (origin === 'helper') return ARCHON;
	if (desired === 'start') return STARTED;
	if (rulings !== NO_RULINGS) {
		for (const decider of DECIDERS) {
			const ruling = rulings[decider];
			if (ruling) return RULED[decider][ruling.runs ? 1 : 0];
		}
	}
	if (autostart) return AUTOSTART;
	return desired === 'due' ? DUE : desired === 'needed' ? NEEDED : LAZY;
}
