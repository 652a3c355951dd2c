/** `-H a,b,c`: several archons are asked, each by a copy of this process with one connection, eight at a time. */
import {parseHost} from '../core/host.ts';
import {exitStatus} from '../core/outcome.ts';
import type {Millis} from '../core/time.ts';
import {type Branch, branch} from '../os/branch.ts';
import {BrokenPipe, errnoText} from '../os/errno.ts';
import {after, forget, run, watch} from '../os/reactor.ts';
import {asOneList, createTeller, type Manner} from './by-host.ts';
import {type Arguments, type Command, EXIT, type Io} from './command.ts';
import {durationOf} from './duration.ts';
import {lookOf} from './look.ts';
import {usageError} from './reply.ts';

/** Hosts that are asked at the same time. */
const AT_ONCE = 8;
/** How long a host may take until it has answered at all, and until it has done what was asked and nothing is followed. */
const [ANSWER, ALL]: readonly [Millis, Millis] = [15_000, 300_000];
const STDOUT = 1;

export interface Round {
	readonly hosts: readonly string[];
	readonly command: Command;
	readonly args: Arguments;
	readonly io: Io;
	/** `--host-timeout`; null: as usual. */
	readonly limit: Millis | null;
	/** Carries the command out on one host, in this process; `differs`: from the command line's own `Io`. */
	readonly askOne: (host: string, args: Arguments, differs: Partial<Io>, patience: Millis) => Promise<number>;
}

/** The exit status: 0 if every host's was. */
export async function askMany({hosts, command, args, io, limit, askOne}: Round): Promise<number> {
	for (const host of hosts) {
		const parsed = parseHost(host);
		if (!parsed.ok) return usageError(io, `the host ${host} ${parsed.error}`);
	}
	const {onHosts} = command;
	const refusal = onHosts?.refuses?.(args);
	if (refusal) return usageError(io, `several hosts: ${refusal}`);
	const isFollowed = args.has('--follow');
	const manner = mannerOf(command, args, io, isFollowed);
	const asked = manner.kind === 'lines' ? args : asJson(args);
	const teller = createTeller(hosts, manner, io, lookOf(io).isColoured);
	// A command that was given a time of its own has that as well.
	const all = limit ?? (isFollowed ? Infinity : ALL + (durationOf(args.values('--timeout').at(-1) ?? '') ?? 0));
	const {promise, resolve, reject} = Promise.withResolvers<number>();
	const waiting = [...hosts];
	const underWay = new Set<Branch>();
	let status: number = EXIT.ok;

	/** The reader of what is printed may go away: then no host is asked any more. */
	const guarded = (act: () => void): void => {
		try {
			act();
		} catch (error) {
			waiting.length = 0;
			for (const each of underWay) each.drop();
			underWay.clear();
			reject(error);
		}
	};
	/** False in a copy. */
	const begin = (host: string): boolean => {
		let problem: string | null = null;
		let cancel = (): void => {};
		let own: Branch | null = null;
		const fail = (why: string): void => {
			problem ??= why;
			own?.kill();
		};
		const ended = (code: number): void => {
			cancel();
			if (own) underWay.delete(own);
			if (code !== EXIT.ok || problem !== null) status = EXIT.refused;
			teller.ended(host, code, problem);
		};
		const begun = branch(
			tell => askOne(host, asked, {isTty: false, mayPage: false, stderr: tell, ...asked === args ? {} : {isJson: true}}, limit ?? ANSWER),
			error => `archonctl: ${error instanceof Error ? error.message : String(error)}\n`,
			{
				line: (voice, text) => guarded(() => {
					if (problem !== null) return;
					if (voice === 'told') return teller.complained(host, text);
					if (voice === 'noise') return teller.noted(host, text);
					const why = teller.printed(host, text);
					if (why !== null) fail(why);
				}),
				ended: how => guarded(() => {
					if (how.kind === 'signal') problem ??= `archonctl for it was ended by signal ${how.signal}`;
					ended(exitStatus(how));
					next();
				}),
			},
		);
		if (begun === 0) return false;
		if (typeof begun === 'number') {
			problem = `cannot ask it: ${errnoText(-begun)}`;
			ended(EXIT.unreachable);
			return true;
		}
		own = begun;
		underWay.add(begun);
		cancel = after(all, () => fail(`not done within ${all / 1000} s; --host-timeout sets another limit`));
		return true;
	};
	const next = (): void => {
		while (underWay.size < AT_ONCE) {
			const host = waiting.shift();
			if (host === undefined) break;
			if (!begin(host)) return;
		}
		if (underWay.size > 0) return;
		teller.finish();
		resolve(status);
	};
	// Where the reader goes away it ends, and not only when there is something to print.
	if (isFollowed) {
		watch(STDOUT, 0, () => {
			forget(STDOUT);
			guarded(() => {
				throw new BrokenPipe('stdout has no reader');
			});
		});
	}
	guarded(next);
	run();
	return promise;
}

function mannerOf({onHosts}: Command, args: Arguments, io: Io, isFollowed: boolean): Manner {
	const together = onHosts?.together?.(args);
	if (args.has('--json')) return onHosts?.printsLines ? {kind: 'objects'} : {kind: 'together', show: asOneList};
	if (together) return {kind: 'together', show: answers => (answers.length === 0 ? '' : together(answers, io))};
	return {kind: 'lines', isFollowed, acknowledges: onHosts?.acknowledges ?? null};
}

const asJson = (args: Arguments): Arguments => ({...args, has: name => name === '--json' || args.has(name)});
