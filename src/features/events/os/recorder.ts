/**
 * Keeps the last events: as lines in two blocks of memory that outlives this instance of archon. When one is full, the older
 * one is emptied and written next. So an event costs a line, whatever there was before, and is read only if somebody asks.
 */
import type {Entry} from '../../../core/entry.ts';
import type {EventKind, OwnKind, PoolKind, ServiceKind} from '../../../core/event-kinds.ts';
import {exitStatus} from '../../../core/outcome.ts';
import {type Bytes, newBytes, textOf} from '../../../os/bytes.ts';
import {after, now, wallClock} from '../../../os/clock.ts';
import type {Owner} from '../../../os/owners.ts';
import {type Block, BLOCK_SIZE, type Blocks, HEAD, TAIL} from '../../../os/reexec/handoff.ts';
import {sys} from '../../../os/sys.ts';
import {countOf} from '../../manifest/core/kept.ts';
import {
	type EntryOf, type Events, eventOfRemoval, eventOfStage, eventsOfChange, type Happening, type KeptEvent, ofArchon, ofPool, ofService,
} from '../core.ts';

export interface Recorder extends Owner<'changed' | 'forgotten' | 'stage' | 'arrived' | 'reconciled' | 'tested' | 'monitored'> {
	readonly events: Events;
	say(kind: OwnKind, reason: string): void;
	/** The same of a service. */
	tell(kind: ServiceKind, service: string, reason: string): void;
	/** The same of what is in a pool: `exit` is that of a command. */
	tellOfPool(kind: PoolKind, pool: string, reason: string, pid: number | null, exit: number | null): void;
	/** `count`: orphans reaped since archon began. Some seconds later one event tells of all that are new. */
	reaped(count: number): void;
}

/** How long orphans are gathered, in milliseconds. */
const GATHER = 2000;
/** Characters of a reason that are kept. */
const REASON_MAX = 500;
const OWNER = 'events';

/** A block, the number of its first event, and where in it each begins. */
interface Half {
	readonly block: Block;
	first: number;
	starts: number[];
}

/** `isFirst`: archon was not re-executed, and numbers begin at 1. */
export function createRecorder(blocks: Blocks, isFirst: boolean, entryOf: EntryOf): Recorder {
	const halves = blocks.inherit(OWNER).flatMap(block => resume(block));
	let last = halves.reduce((most, {first, starts}) => Math.max(most, first + starts.length - 1), 0);
	// Where nothing is left of the numbers before, no more than these can have been given.
	if (!isFirst && last === 0) last = Math.floor(now());
	const followers = new Set<() => void>();
	let [told, seen] = [0, 0];
	let isGathering = false;

	function add(happening: Happening): void {
		const {kind, service, from, to, pid, run, exit, count, next, reason} = happening;
		// Of a start, as of most events, no more is to be said.
		const more = exit === null && count === null && reason === ''
			? '' : `\t${exit ?? ''}\t${count ?? ''}\t${next === null ? '' : wallClock(next)}\t${lineOf(reason)}`;
		const line = `${++last}\t${wallClock(now())}\t${kind}\t${service}\t${from}\t${to}\t${pid ?? ''}\t${run ?? ''}${more}\n`;
		const {block: {bytes, bounds}, starts} = halfFor(line.length * 3);
		const at = bounds[TAIL] ?? 0;
		starts.push(at);
		bounds[TAIL] = at + sys.writeUtf8(line, bytes, at);
		for (const tell of followers) tell();
	}

	/** The half that is written, with room for `most` bytes. */
	function halfFor(most: number): Half {
		const current = halves.at(-1);
		if (current && (current.block.bounds[TAIL] ?? 0) + most <= BLOCK_SIZE) return current;
		const oldest = halves.length > 1 ? halves.shift() : undefined;
		if (oldest) {
			oldest.block.bounds[TAIL] = 0;
			blocks.renew(oldest.block);
		}
		const block = oldest?.block ?? blocks.claim(OWNER) ?? {bytes: newBytes(BLOCK_SIZE), bounds: [0, 0]};
		const half: Half = {block, first: last, starts: []};
		halves.push(half);
		return half;
	}

	function read(from: number, most: number): readonly KeptEvent[] {
		const found: KeptEvent[] = [];
		for (const {block: {bytes, bounds}, first, starts} of halves) {
			for (let index = Math.max(0, from - first); index < starts.length && found.length < most; index++) {
				found.push(eventFrom(bytes, starts[index] ?? 0, starts[index + 1] ?? bounds[TAIL] ?? 0));
			}
		}
		return found;
	}

	function gathered(): void {
		isGathering = false;
		const count = seen - told;
		told = seen;
		add(ofArchon('orphans', `${count} ${count === 1 ? 'orphan' : 'orphans'} reaped`, count));
	}

	return {
		events: {
			first: () => halves[0]?.first ?? last + 1,
			last: () => last,
			read,
			follow(callback) {
				followers.add(callback);
				return () => void followers.delete(callback);
			},
		},
		say: (kind, reason) => add(ofArchon(kind, reason)),
		tell: (kind, service, reason) => add(ofService(kind, service, reason)),
		tellOfPool: (kind, pool, reason, pid, exit) => add(ofPool(kind, pool, reason, pid, exit)),
		reaped(count) {
			seen = count;
			if (isGathering || seen === told) return;
			isGathering = true;
			after(GATHER, gathered);
		},
		arms: {
			changed: ({before, after}) => eventsOfChange(before, after, entryOf, add),
			forgotten: ({entry}: {readonly entry: Entry}) => add(eventOfRemoval(entry)),
			stage({stage}) {
				const event = eventOfStage(stage);
				if (event) add(event);
			},
			reconciled: ({passes, started, missing}) =>
				add(ofArchon('reconciled', `started ${started}, missing ${missing} after ${countOf(passes)}`)),
			monitored: ({pid, outcome, hasEnded, name, why}) => add({
				...ofArchon(hasEnded ? 'monitored-exited' : 'monitored', `${name}: ${why}`), pid, exit: outcome ? exitStatus(outcome) : null,
			}),
			tested: ({name, reason}) => add(ofService('tested', name, reason)),
			arrived: () => add(ofArchon('all-ready', '')),
		},
	};
}

/** One line, and no more of it than is of use. */
const lineOf = (reason: string): string => (CONTROL.test(reason) ? reason.replaceAll(/[\0-\x1f\x7f]+/g, ' ') : reason).slice(0, REASON_MAX);

const CONTROL = /[\0-\x1f\x7f]/;

const NEWLINE = 10;

/** What the previous instance has left in a block; nothing: it cannot be read. */
function resume(block: Block): readonly Half[] {
	const {bytes, bounds} = block;
	const tail = bounds[TAIL] ?? 0;
	const starts: number[] = [];
	for (let at = bounds[HEAD] ?? 0; at < tail; at = bytes.indexOf(NEWLINE, at) + 1) {
		starts.push(at);
		if (bytes.indexOf(NEWLINE, at) < 0) return [];
	}
	const [start] = starts;
	const {number} = eventFrom(bytes, start ?? 0, starts[1] ?? tail);
	return start === undefined || !Number.isSafeInteger(number) ? [] : [{block, first: number, starts}];
}

function eventFrom(bytes: Bytes, from: number, to: number): KeptEvent {
	const [number, at, kind, service = '', before, after, pid, run, exit, count, next, reason = ''] = textOf(bytes, from, to - 1).split('\t');
	return {
		number: Number(number), at: Number(at), kind: kind as EventKind, service, from: before as KeptEvent['from'], to: after as KeptEvent['to'],
		pid: numberOr(pid), run: numberOr(run), exit: numberOr(exit), count: numberOr(count), next: numberOr(next), reason,
	};
}

const numberOr = (text = ''): number | null => (text === '' ? null : Number(text));
