/** What must be true of schedules after every step: none is overlooked, none comes twice, and what is not to run does not. */
import type {Entry} from '../../src/core/entry.ts';
import type {Event} from '../../src/core/event.ts';
import {entries, entryOf, type State} from '../../src/core/state.ts';
import type {Instant} from '../../src/core/time.ts';

function promise(kept: boolean, sentence: string): void {
	if (!kept) throw new Error(sentence);
}

export function checkSchedules(before: State, event: Event, state: State, now: Instant): void {
	const isRunning = state.stage.kind === 'running';
	for (const entry of entries(state)) {
		const {service: {name, schedule}, timing, id, retired} = entry;
		const was = entryOf(before, id);
		if (!timing || !schedule || retired || was === entry) continue;
		promise(event.kind !== 'tick' || timing.at > now, `${name} is due since ${timing.at}, and time has passed`);
		if (was?.service.name === name && isRunning) checkRun(was, entry, event);
	}
}

function checkRun(was: Entry, {service: {name, schedule}, timing, desired}: Entry, {kind}: Event): void {
	if (!timing || !was.timing || was.timing.of !== timing.of) return;
	const hasRun = timing.ran !== was.timing.ran;
	promise(!hasRun || kind === 'tick' || kind === 'run-now', `${name} has run for its schedule by ${kind}`);
	promise(!hasRun || desired !== 'stop', `${name} has run for its schedule, and was stopped on request`);
	const isSame = timing.due === was.timing.due && schedule?.when.kind === 'cron';
	promise(!hasRun || !isSame || kind === 'run-now', `${name} has run for ${timing.due}, and will again`);
}
