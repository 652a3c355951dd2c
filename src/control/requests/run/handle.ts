/** Handles `Run`. */
import type {Entry} from '../../../core/entry.ts';
import {entryOf} from '../../../core/state.ts';
import {describeRefusal} from '../../../core/status.ts';
import {type Call, refuse} from '../../call.ts';
import type {Context, Make} from '../../context.ts';
import {add, admit, freeName, transient} from '../../launching.ts';
import type {Verdict} from '../../reaching.ts';
import type {Waiter} from '../../waiters.ts';
import {REFUSED, type RunRequest} from './wire.ts';

export const run: Make<RunRequest> = context => {
	const {daemon} = context;
	const next = counter();
	return ({launch}, call) => {
		const name = launch.name ?? freeName(daemon.state(), next);
		if (!admit(daemon, name, call)) return undefined;
		const streams = launch.stdio === 'passed' ? call.takeStreams() : null;
		const entry = add(daemon, transient(daemon, launch, name, 'run', streams), call);
		return entry ? awaitEnd(context, entry, call) : undefined;
	};
};

/** Replies with its exit status, and ends it if the client leaves before. */
export function awaitEnd({daemon, waiters}: Context, {id, service}: Entry, call: Call): () => void {
	const end = (verdict: Verdict): void => {
		const refusal = entryOf(daemon.state(), id)?.refusal;
		// A client that handed over its streams serves a person, who wants to know why the command did not start.
		if (refusal && service.exec.output.kind === 'passed') call.row([REFUSED, describeRefusal(refusal)]);
		if (verdict.kind === 'missed') refuse(call, verdict.reason);
		else call.reply({kind: 'ExitStatus', code: verdict.status});
	};
	const waiter: Waiter = {aim: 'end', id, name: service.name, starts: 0, resolve: end};
	waiters.add([waiter]);
	return () => {
		waiters.drop(waiter);
		if (entryOf(daemon.state(), id)?.service === service) daemon.dispatch({kind: 'stop', ids: [id]});
	};
}

/** `run-1`, `run-2`, …, none twice. */
function counter(): () => string {
	let count = 0;
	return () => `run-${++count}`;
}
