/** What a person can do about a service, as commands to type. */
import type {Entry} from '../entry.ts';
import type {DownCause} from '../phase.ts';
import {isToRun} from '../state.ts';
import {decisionOf} from '../wanted.ts';

export interface Advice {
	readonly command: string;
	/** What it does or shows. */
	readonly does: string;
}

/** Commands that help, the most useful first; nothing for what needs no help. */
export function adviceFor(entry: Entry): readonly Advice[] {
	const {phase, outcome, service: {name, reload}} = entry;
	const say = (verb: string, does: string): Advice => ({command: `archonctl ${verb} ${name}`, does});
	// Of a start that failed before there was a process its output says nothing.
	const look = outcome ? say('logs', 'shows all that it said') : say('config', 'shows its config, with the values of variables');
	const logs = say('logs', 'shows all that it said');
	const restart = say('restart', 'stops it and starts it again');
	switch (phase.kind) {
		case 'down': return afterItsEnd(entry, phase.cause, look, say);
		case 'backoff': return [look, start(entry, say, 'starts it now, with all restarts'), say('history', 'shows how its last runs ended')];
		case 'starting': return [logs, restart];
		case 'up':
			if (!phase.isReady) return [logs, restart];
			if (phase.health !== 'unhealthy' && phase.health !== 'starting') return [];
			return [logs, ...reload ? [say('reload', 'has it read its config again')] : [], restart];
		case 'stopping': return phase.killed ? [] : [logs, say('signal KILL', 'ends its main process now')];
		case 'waiting':
		case 'spawning':
		case 'done': return [];
	}
}

type Say = (verb: string, does: string) => Advice;

/** One of archon's own helpers is not started, as it always is. */
const start = ({service: {origin}}: Entry, say: Say, does: string): Advice => say(origin === 'helper' ? 'restart' : 'start', does);

function afterItsEnd(entry: Entry, cause: DownCause, look: Advice, say: Say): readonly Advice[] {
	switch (cause) {
		case 'failed': return [look, start(entry, say, 'tries again, with all restarts')];
		case 'exited': return [look, start(entry, say, 'starts it again')];
		case 'skipped': return [look, start(entry, say, 'examines its start conditions again')];
		case 'new':
		case 'stopped': return isToRun(entry) ? [] : atRest(entry, say);
		case 'completed': return [];
	}
}

/** It is not to run: an operator has stopped it, a decider does not let it, or nothing asks for it. */
function atRest(entry: Entry, say: Say): readonly Advice[] {
	const decision = decisionOf({...entry, desired: 'auto'});
	if (!decision && entry.service.schedule?.action === 'run') return [say('run-now', 'runs it once, beside its schedule')];
	if (!decision) return [start(entry, say, 'starts it and what it needs')];
	if (entry.desired === 'stop') return [say('auto', 'lets a ruling decide again'), start(entry, say, 'starts it whatever the ruling is')];
	return [start(entry, say, 'starts it all the same, until archonctl auto')];
}
