/** Looks at services from outside: a command, a connection, a page, a file. What counts as well is the core's to say. */
import {access} from 'node:fs';
import {resolve} from 'node:path';
import type {Effect, Id, News, Probe, Run} from '../core/model.ts';
import {duration} from '../core/duration.ts';
import {after} from './clock.ts';
import {errnoText} from './diagnose.ts';
import {runErrand} from './errand.ts';
import {close, EPOLLIN, pipe, read} from './native.ts';
import type {Output} from './output.ts';
import type {Pace} from './pace.ts';
import type {Poller} from './poller.ts';
import type {Reaper} from './reaper.ts';

export type ProbeEffect = Extract<Effect, {kind: 'probe'}>;

export interface Probes {
	/** One look at a time for each run. */
	look(effect: ProbeEffect): void;
	/** The run is over: its look is given up, and nobody hears of it. */
	abandon(run: Run): void;
}

export interface ProbeParts {
	readonly reaper: Reaper;
	readonly poller: Poller;
	readonly pace: Pace;
	readonly output: Output;
	readonly tell: (id: Id, run: Run, news: News) => void;
}

/** Where a look says what it found. */
interface Verdict {
	settle(good: boolean, found: string): void;
	/** What it shall be if nothing more comes in time. */
	presume(good: boolean, found: string): void;
}

/** Begins the look; the result gives it up. */
type Look<K extends Probe['kind']> = (
	probe: Extract<Probe, {kind: K}>, effect: ProbeEffect, parts: ProbeParts, verdict: Verdict,
) => () => void;

/** Of the output of a command, and of a page. */
const OUTPUT_MAX = 4 * 1024;
const PAGE_MAX = 64 * 1024;
/** What people are shown of either. */
const FOUND_MAX = 200;

export function createProbes(parts: ProbeParts): Probes {
	const underWay = new Map<Run, () => void>();

	function begin(effect: ProbeEffect): void {
		const {id, run, purpose, timeout} = effect;
		let presumed: readonly [good: boolean, found: string] = [false, `no answer within ${duration(timeout)}`];
		let stop = (): void => {};
		const giveUp = (): void => {
			forgetTime();
			underWay.delete(run);
			stop();
		};
		const settle = (good: boolean, found: string): void => {
			if (underWay.get(run) !== giveUp) return;
			giveUp();
			parts.tell(id, run, {kind: 'probe', purpose, good, found: found.slice(0, FOUND_MAX)});
		};
		const forgetTime = after(timeout, () => settle(...presumed));
		underWay.set(run, giveUp);
		try {
			stop = look(effect, parts, {settle, presume: (...found) => void (presumed = found)});
		} catch (error) {
			// A header or an address that Node does not take.
			settle(false, error instanceof Error ? error.message : String(error));
		}
		if (underWay.get(run) !== giveUp) stop();
	}

	return {
		look(effect) {
			const waits = (): void => void underWay.delete(effect.run);
			underWay.set(effect.run, waits);
			parts.pace(() => {
				if (underWay.get(effect.run) === waits) begin(effect);
			});
		},
		abandon: run => underWay.get(run)?.(),
	};
}

function look(effect: ProbeEffect, parts: ProbeParts, verdict: Verdict): () => void {
	const {probe} = effect;
	switch (probe.kind) {
		case 'exec': return execute(probe, effect, parts, verdict);
		case 'tcp': return connect(probe, effect, parts, verdict);
		case 'http': return fetchPage(probe, effect, parts, verdict);
		case 'file': return find(probe, effect, parts, verdict);
	}
}

const execute: Look<'exec'> = ({command}, {run, service}, {reaper, poller, output}, {settle}) => {
	const ends = pipe();
	if (typeof ends === 'number') {
		settle(false, `making a pipe: ${errnoText(-ends)}`);
		return () => {};
	}
	const [reader, writer] = ends;
	const bytes = Buffer.alloc(OUTPUT_MAX);
	let text = '';
	const pump = (): boolean => {
		const count = read(reader, bytes);
		if (count > 0) text = (text + bytes.toString('latin1', 0, count)).slice(-OUTPUT_MAX);
		// At the end there is nothing more to be told of, only the process to wait for.
		else if (count === 0) poller.forget(reader);
		return count > 0;
	};
	poller.watch(reader, EPOLLIN, pump);
	const streams = [output.nothing(), writer, writer] as const;
	const {stop} = runErrand({run, service, command, streams, isTidy: true}, reaper, failure => {
		for (let i = 0; i < 64 && pump(); i++);
		settle(failure === null, lastLine(text) ?? failure ?? 'exit 0');
	});
	close(writer);
	return () => {
		stop();
		poller.forget(reader);
		close(reader);
	};
};

const connect: Look<'tcp'> = ({host, port}, _, __, {settle}) => {
	const socket = process.getBuiltinModule('node:net').connect({host, port});
	socket.once('connect', () => settle(true, `connected to ${host}:${port}`));
	socket.on('error', error => settle(false, `cannot connect to ${host}:${port}: ${reasonOf(error)}`));
	return () => socket.destroy();
};

/** A redirection is an answer like others: what it points to is another page. */
const fetchPage: Look<'http'> = ({url, statuses, headers, body}, _, __, {settle, presume}) => {
	const isSecure = url.startsWith('https:');
	const {request} = process.getBuiltinModule(isSecure ? 'node:https' : 'node:http');
	// A service's certificate is for its name in the world, by which nobody asks for it from in here.
	const asked = request(url, {headers, agent: false, ...isSecure && {rejectUnauthorized: false}}, answer => {
		const status = answer.statusCode ?? 0;
		const good = statuses.length > 0 ? statuses.includes(status) : status >= 200 && status < 400;
		const found = `HTTP ${status} ${answer.statusMessage ?? ''}`.trim();
		let page = '';
		const judge = (): void => {
			if (!good || body === null || new RegExp(body).test(Buffer.from(page, 'latin1').toString())) settle(good, found);
			else settle(false, `${found}, but the page does not match /${body}/`);
		};
		// The page is read to its end even where nobody looks at it: servers complain of those who hang up on them.
		if (body === null) presume(good, found);
		answer.setEncoding('latin1');
		answer.on('data', (data: string) => {
			page += data;
			if (page.length >= PAGE_MAX) judge();
		});
		answer.on('end', judge);
		answer.on('error', error => settle(false, `${found}, and then: ${reasonOf(error)}`));
	});
	asked.on('error', error => settle(false, `cannot get ${url}: ${reasonOf(error)}`));
	asked.end();
	return () => asked.destroy();
};

const find: Look<'file'> = ({path}, {service: {exec: {cwd}}}, _, {settle}) => {
	const full = resolve(cwd ?? '.', path);
	access(full, error => settle(!error, error ? `${full}: ${reasonOf(error)}` : `${full} is there`));
	return () => {};
};

/** The last line that is not blank, without what a terminal would not show; null if there is none. */
function lastLine(text: string): string | null {
	const lines = Buffer.from(text, 'latin1').toString().split('\n');
	return lines.map(line => line.replaceAll(/\p{Cc}/gu, ' ').trim()).findLast(line => line !== '') ?? null;
}

/** A name that has several addresses fails once for each of them: the first speaks for all. */
function reasonOf(error: Error): string {
	const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
	const errno = (first as NodeJS.ErrnoException).errno;
	return errno === undefined ? String((first as Error).message) : errnoText(-errno);
}
