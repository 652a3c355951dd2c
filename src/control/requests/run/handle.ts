/** Handles `Run`. */
import type {Seats} from '../../../features/attach/requests/seats.ts';
import type {Entry} from '../../../core/entry.ts';
import {entryOf} from '../../../core/state.ts';
import {describeRefusal} from '../../../core/status.ts';
import {type Call, refuse, refuseForBug} from '../../call.ts';
import type {Context, Make} from '../../context.ts';
import {add, admit, freeName, transient} from '../../launching.ts';
import type {Launch} from '../../launch.ts';
import type {Verdict} from '../../reaching.ts';
import type {Waiter} from '../../waiters.ts';
import {REFUSED, type RunRequest} from './wire.ts';

export const run: Make<RunRequest> = context => {
	const {daemon, seats} = context;
	const next = counter();
	const begin = (launch: Launch, call: Call, seats: Seats | null): (() => void) | void => {
		const name = launch.name ?? freeName(daemon.state(), next);
		if (!admit(daemon, name, call)) return undefined;
		if (launch.terminal) seats?.prepare(name, launch.terminal);
		const streams = launch.stdio === 'passed' ? call.takeStreams() : null;
		const entry = add(daemon, transient(daemon, launch, name, 'run', streams), call);
		if (!entry) return undefined;
		const leave = launch.terminal ? seats?.openFor(entry, launch.terminal, call) : undefined;
		const end = awaitEnd(context, entry, call);
		return () => {
			leave?.();
			end();
		};
	};
	return ({launch}, call) => {
		if (!launch.terminal) return begin(launch, call, null);
		let end: (() => void) | void = undefined;
		let isGone = false;
		// Before there is a process, so that its terminal has the right size from the first.
		seats(each => {
			if (!isGone) end = begin(launch, call, each);
		}, refuseForBug(call));
		return () => {
			isGone = true;
			end?.();
		};
	};
};

/** Replies with its exit status, and ends it if the client leaves before. */
export function awaitEnd({daemon, waiters}: Context, {id, service}: Entry, call: Call): () => void {
	const end = (verdict: Verdict): void => {
		const refusal = entryOf(daemon.state(), id)?.refusal;
		// A client that handed over its streams serves a person, who wants to know why the command did not start.
		if (refusal && (service.exec.output.kind === 'passed' || service.exec.tty)) call.row([REFUSED, describeRefusal(refusal)]);
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
