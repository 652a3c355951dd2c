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

/** What decides from outside of the config, in the order in which it is asked; `action`: one that stops services (features/reactions). */
export const DECIDERS = ['hitlist', 'test', 'manifest', 'action'] as const;

export type Decider = (typeof DECIDERS)[number];

/** What one decider says of a service. */
export interface Ruling {
	readonly runs: boolean;
	/** A phrase that stands behind the decider's name: `exit status 1`, `/etc/hitlist.txt:3`; may be empty. */
	readonly why: string;
	/** It is no answer: the service is left as it was until there is one. */
	readonly isOpen?: true;
	/** When it was said last. */
	readonly at: Instant;
}

/** The reason of a test that was not asked yet. */
export const UNASKED = 'not asked yet';

/** What each decider says of a service; without a key: nothing. */
export type Rulings = {readonly [D in Decider]?: Ruling};

/** One object for all that no decider has spoken of, as most are. */
export const NO_RULINGS: Rulings = {};

/** The rulings with one of them changed; null: it says nothing. */
export function withRuling(rulings: Rulings, decider: Decider, ruling: Ruling | null): Rulings {
	if (rulings === NO_RULINGS && !ruling) return rulings;
	if (ruling) return {...rulings, [decider]: ruling};
	const {[decider]: _, ...others} = rulings;
	return Object.keys(others).length === 0 ? NO_RULINGS : others;
}

/**
 * The rules, in their order. `archon`: the whole has not begun, or it is one of archon's own helpers; `client`: it was made by one, and
 * nothing else decides about it; `failure`: it was started for one (`on_failure`); `connection`: one
 * started it (`accept: lazy`); `dependents`: they need it.
 */
export type Rule =
	| 'archon' | 'shutdown' | 'operator' | 'client' | Decider | 'config' | 'failure' | 'connection' | 'schedule' | 'dependents';

/** Whether it is to run, by which rule. */
export interface Verdict {
	readonly runs: boolean;
	readonly by: Rule;
}

/** What of an entry has a say. */
export interface Subject {
	readonly desired: Desired;
	readonly service: Pick<Service, 'autostart' | 'origin' | 'isLazy'>;
	/** The config does not have it any more. */
	readonly retired: boolean;
	readonly rulings: Rulings;
	/** Variables about the failure for which it was started; null: for none. */
	readonly trigger: object | null;
}

const yes = (by: Rule): Verdict => ({runs: true, by});
const no = (by: Rule): Verdict => ({runs: false, by});

/** Made once: this is asked several times in each step. */
const [HELPER, UNBEGUN, SHUTDOWN] = [yes('archon'), no('archon'), no('shutdown')];
const [STARTED, STOPPED, CLIENT] = [yes('operator'), no('operator'), yes('client')];
const RULED = {
	hitlist: [no('hitlist'), yes('hitlist')], test: [no('test'), yes('test')], manifest: [no('manifest'), yes('manifest')],
	action: [no('action'), yes('action')],
} as const;
const [AUTOSTART, LAZY] = [yes('config'), no('config')];
const [DUE, FAILURE, CONNECTED, NEEDED] = [yes('schedule'), yes('failure'), yes('connection'), yes('dependents')];

/** Whether a service is to run, and by which rule. A helper of archon's own runs until all services have ended. */
export function wanted(subject: Subject, {kind}: Pick<Stage, 'kind'>): Verdict {
	const {desired, service: {autostart, origin, isLazy}, retired, rulings} = subject;
	if (kind === 'boot') return UNBEGUN;
	if (kind !== 'running' && (origin !== 'helper' || kind === 'over')) return SHUTDOWN;
	if (retired) return LAZY;
	if (desired === 'stop') return STOPPED;
	if (origin === 'helper') return HELPER;
	if (desired === 'start') return origin === 'run' || origin === 'daemon' ? CLIENT : STARTED;
	const decider = deciderOf(rulings);
	if (decider) return RULED[decider][rulings[decider]?.runs ? 1 : 0];
	if (autostart) return AUTOSTART;
	if (desired === 'due') return subject.trigger ? FAILURE : isLazy ? CONNECTED : DUE;
	return desired === 'needed' ? NEEDED : LAZY;
}

/** The decider that is obeyed; undefined: none has spoken. */
const deciderOf = (rulings: Rulings): Decider | undefined =>
	(rulings === NO_RULINGS ? undefined : DECIDERS.find(each => rulings[each] !== undefined));

const SAYS = {
	hitlist: ['it is on the hitlist', 'the hitlist lets it run'],
	test: ['its test said no', 'its test said yes'],
	manifest: ['not in the manifest', 'the manifest lists it'],
	action: ['an action stopped it', 'an action started it'],
} as const;

/** The ruling that is obeyed, and it in words: `its test said no (exit status 1)`. */
export interface Decision {
	readonly text: string;
	readonly ruling: Ruling;
}

/** The ruling that is obeyed; null: another rule speaks. */
export function decisionOf(subject: Subject, stage: Pick<Stage, 'kind'> = RUNNING): Decision | null {
	if (subject.rulings === NO_RULINGS) return null;
	const {by} = wanted(subject, stage);
	const ruling = by === 'hitlist' || by === 'test' || by === 'manifest' || by === 'action' ? subject.rulings[by] : undefined;
	if (!ruling) return null;
	const text = ruling.isOpen ? 'its test has not answered' : SAYS[by as Decider][ruling.runs ? 1 : 0];
	return {text: ruling.why === '' ? text : `${text} (${ruling.why})`, ruling};
}

/** What holds without regard to a shutdown. */
export const RUNNING: Stage = {kind: 'running'};
