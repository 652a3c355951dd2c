/**
 * Tells the core a story and writes down what it asks of the machine: a polite machine, on which every
 * process starts at once and dies of the first signal, but for the characters that the story names.
 */
import {NEED, RESTART, service as plain} from '../../src/core/defaults.ts';
import type {Effect} from '../../src/core/effect.ts';
import type {Event, News} from '../../src/core/event.ts';
import type {Run} from '../../src/core/ids.ts';
import type {Outcome} from '../../src/core/outcome.ts';
import type {Need, Service} from '../../src/core/service.ts';
import type {Instant} from '../../src/core/time.ts';
import {SIG, signalName} from '../../src/core/signal-numbers.ts';
import {narrate, narrateStage, narrateTrial} from '../../src/core/narrate.ts';
import {entries, find, type Settings, type State} from '../../src/core/state.ts';
import {create, nextDeadline} from '../../src/core/whole.ts';
import {step} from '../../src/core/supervisor.ts';
import type {SocketsAct} from '../../src/features/sockets/core/act.ts';

export type Traits = Partial<Omit<Service, 'needs' | 'name'>> & {
	readonly needs?: readonly (string | (Partial<Need> & {readonly name: string}))[];
	/** Ends by SIGKILL only. */
	readonly deaf?: boolean;
	/** Others that it made outlive it, until they are signalled. */
	readonly leavesSurvivors?: boolean;
	/** Is not made before the story says so. */
	readonly slow?: boolean;
	/** Cannot be executed: the errno. */
	readonly refused?: number;
};

export const exit = (code: number): Outcome => ({kind: 'code', code});
export const killedBy = (signal: number): Outcome => ({kind: 'signal', signal, core: false});

export const SETTINGS: Settings = {
	shutdownGrace: 9000, sweepGrace: 2000, startRate: {perSecond: 1000, burst: 1000}, whenIdle: 'never', seed: 1,
};

const ALWAYS: Service['restart'] = {...RESTART, jitter: 0, attempts: 3};

/** A need is written `db`, `migrate!` where it must have completed, or `db+` where it must be healthy. */
export function service(name: string, {needs = [], deaf, leavesSurvivors, slow, refused, ...given}: Traits = {}): Service {
	const type = given.type ?? 'daemon';
	return {
		...plain(name, [name]), type,
		restart: type === 'oneshot' || given.essential ? {...ALWAYS, policy: 'no'} : ALWAYS,
		needs: needs.map((need): Need => (typeof need === 'string' ? readNeed(need) : {...NEED, ...need})),
		...given,
	};
}

function readNeed(text: string): Need {
	const name = text.replace(/[!+]$/, '');
	if (text.endsWith('!')) return {...NEED, name, condition: 'service_completed_successfully'};
	return {...NEED, name, condition: text.endsWith('+') ? 'service_healthy' : 'service_started'};
}

/** What the clock on the wall says when a story begins, in ms since 1970. */
export const EPOCH = Date.UTC(2026, 0, 1);

export interface Story {
	readonly state: () => State;
	readonly now: () => Instant;
	/** What was asked of the machine and said on the log since the last look, one line each. */
	lines(): string;
	hear(event: Event): Story;
	ask(kind: 'start' | 'stop' | 'restart' | 'auto', ...names: readonly string[]): Story;
	/** The process of a service ends by itself. */
	dies(name: string, outcome: Outcome): Story;
	/** Any other news of the run that a service is in. */
	tells(name: string, news: News): Story;
	/** Time passes, and the clock is heard whenever something is due. */
	wait(millis: number): Story;
	/** archon does not run for so long, nor does anybody else. */
	stall(millis: number): Story;
}

/** A story from boot on; the container stays whatever becomes of its services, unless they say otherwise. */
export const tell = (...cast: Cast): Story => tellWith({}, ...cast);

type Cast = readonly (readonly [name: string, traits?: Traits])[];

export function tellWith(settings: Partial<Settings>, ...cast: Cast): Story {
	const traits = new Map(cast.map(([name, given = {}]) => [name, given]));
	let state = create(cast.map(([name, given]) => service(name, given)), {...SETTINGS, ...settings});
	let now: Instant = 0;
	let pids = 100;
	let trace: string[] = [];
	const runs = new Map<Run, string>();
	const inbox: Event[] = [];

	const note = (text: string): void => void trace.push(`${(now / 1000).toFixed(2).padStart(6)}  ${text}`);
	const news = (name: string, run: Run, what: News): void => {
		inbox.push({kind: 'news', id: find(state, name)?.id ?? -1, run, news: what});
	};

	function perform(effect: Effect): void {
		switch (effect.kind) {
			case 'spawn': {
				const {service: {name}, run} = effect;
				const refused = traits.get(name)?.refused;
				runs.set(run, name);
				note(`spawn ${name}`);
				if (traits.get(name)?.slow) return;
				if (refused === undefined) return news(name, run, {kind: 'spawned', pid: ++pids});
				const refusal = {stage: `executing ${name}`, errno: refused, reason: 'no such file or directory', temporary: refused === 11};
				return news(name, run, {kind: 'refused', refusal});
			}
			case 'examine': return note(`examine only_if of ${effect.service.name}`);
			case 'withdraw': return note(`withdraw ${runs.get(effect.run)}`);
			case 'signal': return signal(effect);
			case 'sweep': {
				note(`sweep ${signalName(effect.signal)}`);
				if (effect.signal === SIG.TERM) inbox.push({kind: 'alone'});
				return;
			}
			case 'exit': return note(`exit ${effect.status}`);
			case 'changed': {
				const line = narrate(effect.before, effect.after);
				if (line) trace.push(`        ${line.text}`);
				return;
			}
			case 'run': return note(`run ${('command' in effect.command ? effect.command.command : effect.command).join(' ')} (${effect.by})`);
			case 'alert': return note(`alert: ${effect.text ?? effect.why}`);
			case 'run-test': return note(`ask whether ${effect.service.name} is to run`);
			case 'arrived':
			case 'tested':
			case 'triggered': return;
			case 'tried': return void trace.push(`        ${narrateTrial(effect.failure?.why ?? null, effect.rollsBack).text}`);
			case 'stage': {
				const line = narrateStage(effect.stage);
				if (line) trace.push(`        ${line.text}`);
				return;
			}
			case 'watch-clock': {
				if (effect.isOn) inbox.push({kind: 'clock', epoch: EPOCH});
				return;
			}
			case 'logging': return note(`lines of ${effect.service.name} go elsewhere`);
			case 'forgotten': return note(`forget ${effect.entry.service.name}`);
			case 'probe': return note(`look at ${effect.service.name} (${effect.purpose})`);
			case 'hook': return note(`${effect.hook} of ${effect.service.name}: ${effect.commands.map(step => ('command' in step ? step.command : step).join(' ')).join('; ')}`);
			case 'follow': return note(`follow ${runs.get(effect.run)} from ${effect.from} to ${effect.to}`);
			case 'reread': return note('read the manifest');
			case 'reconciled': return note(`reconciled: ${effect.passes} passes, ${effect.started} started, ${effect.missing} missing`);
			case 'sockets': return note(wordsOf(effect.what));
			case 'say': return void trace.push(`        ${effect.text}`);
		}
	}

	function signal({run, signal: number, to}: Extract<Effect, {kind: 'signal'}>): void {
		const name = runs.get(run) ?? '?';
		if (number === SIG.CONT) return;
		note(`${signalName(number)} to ${name}${{main: '', group: ' (its group)', tree: ' and its group', strays: ' (what left its group)'}[to]}`);
		const {deaf, leavesSurvivors} = traits.get(name) ?? {};
		const entry = find(state, name);
		if (number === SIG.USR1 || (deaf && number !== SIG.KILL)) return;
		if (entry?.phase.kind === 'stopping' && entry.phase.outcome) return news(name, run, {kind: 'emptied'});
		news(name, run, {kind: 'exited', outcome: killedBy(number), survivors: Boolean(leavesSurvivors) && to !== 'tree'});
	}

	const story: Story = {
		state: () => state,
		now: () => now,
		lines() {
			const text = trace.join('\n');
			trace = [];
			return text;
		},
		hear(first) {
			inbox.push(first);
			for (let event = inbox.shift(); event; event = inbox.shift()) {
				const [after, effects] = step(state, event, now);
				state = after;
				effects.forEach(perform);
			}
			return story;
		},
		ask: (kind, ...names) => story.hear({kind, ids: names.map(name => find(state, name)?.id ?? -1)}),
		dies(name, outcome) {
			const entry = find(state, name);
			if (!entry || !('run' in entry.phase)) throw new Error(`${name} has no process`);
			const survivors = Boolean(traits.get(name)?.leavesSurvivors);
			return story.hear({kind: 'news', id: entry.id, run: entry.phase.run, news: {kind: 'exited', outcome, survivors}});
		},
		tells(name, what) {
			const entry = find(state, name);
			if (!entry || !('run' in entry.phase)) throw new Error(`${name} has no process`);
			return story.hear({kind: 'news', id: entry.id, run: entry.phase.run, news: what});
		},
		stall(millis) {
			now += millis;
			return story.hear({kind: 'stalled', millis});
		},
		wait(millis) {
			const end = now + millis;
			for (let due = nextDeadline(state); due <= end; due = nextDeadline(state)) {
				// After a stall something may be overdue.
				now = Math.max(now, due);
				story.hear({kind: 'tick'});
			}
			now = end;
			return story;
		},
	};
	return story.hear({kind: 'boot'});
}

/** What is done about sockets. */
function wordsOf(what: SocketsAct): string {
	if (what.kind === 'hold') return `hold the sockets of ${what.holders.map(({service}) => service.name).join(' and ') || 'none'}`;
	return 'service' in what ? `${what.kind} ${what.service.name}` : `${what.kind} of service ${what.id}`;
}

/** Every service and its phase, for stories about where all end. */
export const phases = (story: Story): Readonly<Record<string, string>> => Object.fromEntries(
	[...entries(story.state())].map(({service: {name}, phase}) =>
		[name, phase.kind === 'down' ? phase.cause : phase.kind]),
);
