/**
 * The helper `archon.alerts`: hears of events as a client of the control protocol that may only look, groups them, and delivers what
 * is to be told. What is not done it keeps in memory that outlives it.
 */
import {
	ALERT, FLUSH, FLUSHED, MEMORY, RECEIVER, type ReceiverReport, REPORT, type Report, RULES, type Told, TRIED, type Tried, TRY,
	type Wanted, WHOLE,
} from '../core/alerts.ts';
import {isObject, parseObject} from '../core/foreign-json.ts';
import type {Millis} from '../core/time.ts';
import {WHY, WHY_ROW, type WhyRow} from '../control/requests/why/wire.ts';
import type {EventRow} from '../features/events/requests/subscribe/rows.ts';
import {createGroups, type Groups, HEARD} from '../features/alerts/core/groups.ts';
import {asked, type Context, LINES_MAX, messageOf, type Sender, trialOf} from '../features/alerts/core/message.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {after, now} from '../os/clock.ts';
import {close} from '../os/descriptors.ts';
import {type Message as Heard, RESET} from '../os/helper-wire.ts';
import type {Poller} from '../os/poller.ts';
import {sys} from '../os/sys.ts';
import {deliver} from './alerts/deliver.ts';
import {createMemory, type Memory} from './alerts/memory.ts';
import {createOutbox, type Outbox} from './alerts/outbox.ts';
import {type Connection, createConnection} from './connection.ts';
import {createHelperControl} from './control.ts';

/** How long a change waits for others before it is kept and reported, and how long archon may take to say why (ms). */
const [SOON, PATIENCE]: readonly [Millis, Millis] = [100, 2000];
/** What happened longer ago than this before the first config with alerts is no news. */
const OLD: Millis = 60_000;

interface Rules {
	readonly groupWait: Millis;
	readonly repeat: Millis;
}

/** Serves until `ended` is called. The result asks it to end: at a shutdown as soon as what is to be told is. */
export function serveAlerts(fd: number, poller: Poller, ended: () => void): () => void {
	const connection: Connection = createConnection(fd, poller, heard, ended);
	const control = createHelperControl(connection, poller, why => tell({why: why ?? ''}));
	let memory: Memory | null = null;
	/** What another one of this has kept. */
	let saved: Readonly<Record<string, unknown>> = {};
	let rules: Rules = {groupWait: Infinity, repeat: Infinity};
	let coming: Told[] = [];
	let receivers: readonly Told[] = [];
	let groups: Groups = createGroups({...rules, receivers: []});
	const outboxes = new Map<string, Outbox>();
	/** The number of the event that was heard last; null: none. */
	let since: number | null = null;
	let kinds = '';
	let unfollow = (): void => {};
	let unfollowed = '';
	let isEnding = false;
	let serial = 0;
	let disarm = (): void => {};
	let cancelSoon: (() => void) | null = null;
	const fresh = Date.now() - OLD;

	const sender = (): Sender => {
		const at = Date.now();
		return {id: `${at.toString(36)}-${sys.getpid().toString(36)}-${(serial++).toString(36)}`, host: sys.hostname(), at};
	};
	const say = (text: string): void => void sys.write(2, bytesOf(`${text}\n`));

	// ── What PID 1 says ──

	function heard(message: Heard, fds: readonly number[]): void {
		if (control.heard(message, fds)) return;
		const {kind, id, payload} = message;
		if (kind === MEMORY && memory === null && fds[0] !== undefined) {
			memory = createMemory(fds[0]);
			saved = parseObject(memory.load() ?? '') ?? {};
			since = typeof saved['since'] === 'number' ? saved['since'] : null;
			return;
		}
		fds.forEach(close);
		if (kind === RESET) {
			connection.send(RESET);
			control.reset();
			changed();
		} else if (kind === RULES) {
			rules = JSON.parse(textOf(payload)) as Rules;
			coming = [];
		} else if (kind === RECEIVER) coming[id] = JSON.parse(textOf(payload)) as Told;
		else if (kind === WHOLE) adopt();
		else if (kind === ALERT) want(JSON.parse(textOf(payload)) as Wanted);
		else if (kind === FLUSH) void flush();
		else if (kind === TRY) void attempt(id, textOf(payload));
	}

	/** Other rules are in force; what is known and waits goes on with them. */
	function adopt(): void {
		const isFirst = receivers.length === 0;
		receivers = coming;
		groups = createGroups({...rules, receivers}, isFirst ? saved['groups'] : groups.save());
		const boxes = isObject(saved['outboxes']) ? saved['outboxes'] : {};
		for (const [name, box] of outboxes) {
			if (receivers.some(each => each.name === name)) continue;
			box.close();
			outboxes.delete(name);
		}
		for (const {name} of receivers) {
			if (outboxes.has(name)) continue;
			outboxes.set(name, createOutbox({
				// The receiver as it is when its turn comes.
				async deliver(message) {
					const told = receivers.find(each => each.name === name);
					return told ? deliver(told, message, poller) : null;
				},
				wallClock: Date.now, after, changed, say: text => say(`alerts: ${name} ${text}`),
			}, isFirst ? boxes[name] : null));
		}
		follow();
		changed();
		arm();
	}

	function follow(): void {
		const wanted = [...new Set([...HEARD, ...receivers.flatMap(({on}) => on)])].sort();
		if (wanted.join() === kinds) return;
		kinds = wanted.join();
		unfollow();
		const isNew = since === null;
		unfollow = control.follow({names: [], kinds: wanted, since: since ?? 0}, {
			events(events) {
				for (const event of events) if (!isNew || event.at >= fresh) hear(event);
				since = Math.max(since ?? 0, events.at(-1)?.number ?? 0);
				changed();
				arm();
			},
			missed: count => isNew || say(`alerts: ${count} events were not heard`),
			failed: why => tell({why}),
		});
	}

	function hear({event: kind, service, reason, at}: EventRow): void {
		groups.hear({kind, service, reason, at}, now());
	}

	function want({service, text, at}: Wanted): void {
		groups.want(service, text, at, now());
		changed();
		arm();
	}

	// ── Messages ──

	function arm(): void {
		disarm();
		const next = groups.nextDeadline();
		if (next !== Infinity) disarm = after(Math.max(0, next - now()), () => void send(now()));
	}

	/** What is due by then. */
	async function send(until: number): Promise<void> {
		const batches = groups.due(until);
		arm();
		for (const batch of batches) {
			const contexts = new Map(await Promise.all(asked(batch).map(async name => [name, await contextOf(name)] as const)));
			outboxes.get(batch.receiver)?.put(messageOf(batch, contexts, sender()));
		}
		changed();
	}

	/** Why a service is as it is, as far as archon says so in time. */
	function contextOf(name: string): Promise<Context> {
		return new Promise(resolve => {
			const rows: WhyRow[] = [];
			const end = (): void => {
				cancel();
				giveUp();
				resolve(contextIn(rows));
			};
			const cancel = after(PATIENCE, end);
			const giveUp = control.ask(WHY, [name], {
				rows: more => void rows.push(...more.slice(0, ROWS_MAX - rows.length).map(WHY_ROW.decode)),
				done: end,
			});
		});
	}

	/** Archon is about to end, and does so when it is told that all is done, or is tired of waiting. */
	async function flush(): Promise<void> {
		// What has happened last comes by another connection.
		await new Promise<void>(resolve => after(SOON, resolve));
		await send(now() + rules.groupWait);
		const all = [...outboxes.values()];
		for (const box of all) box.hurry();
		const look = (): void => {
			if (all.every(box => box.isEmpty())) connection.send(FLUSHED);
			else after(SOON / 10, look);
		};
		look();
	}

	async function attempt(id: number, name: string): Promise<void> {
		const message = trialOf(sender());
		const meant = receivers.filter(each => name === '' || each.name === name);
		const tried: Tried = await Promise.all(meant.map(async told => {
			const outcome = await deliver(told, message, poller).catch((error: unknown) => ({why: `a bug in archon: ${String(error)}`}));
			return {name: told.name, why: outcome?.why ?? null};
		}));
		connection.send(TRIED, id, bytesOf(JSON.stringify(tried)));
	}

	// ── What is kept and reported ──

	function tell({why}: {readonly why: string}): void {
		unfollowed = why;
		changed();
	}

	function changed(): void {
		cancelSoon ??= after(SOON, () => {
			cancelSoon = null;
			keep();
			connection.send(REPORT, 0, bytesOf(JSON.stringify(report())));
		});
	}

	function keep(): void {
		if (!memory || receivers.length === 0) return;
		const all = {since, groups: groups.save(), outboxes: Object.fromEntries([...outboxes].map(([name, box]) => [name, box.save()]))};
		// What waits is worth more than what was told.
		if (!memory.save(JSON.stringify(all))) memory.save(JSON.stringify({...all, groups: {}}));
	}

	const report = (): Report => ({
		why: unfollowed,
		receivers: receivers.flatMap(({name, target: {kind}}): readonly ReceiverReport[] => {
			const box = outboxes.get(name);
			return box ? [{name, kind, firing: groups.firing(name), ...box.report()}] : [];
		}),
	});

	return () => {
		if (isEnding) return;
		isEnding = true;
		keep();
		ended();
	};
}

/** Rows of an answer that are read. */
const ROWS_MAX = 200;

function contextIn(rows: readonly WhyRow[]): Context {
	const links = rows.filter(row => row.kind === 'link');
	const end = rows.find(row => row.kind === 'end');
	const cause = links.map(({name, why}, index) => (index === 0 ? why : `${name}: ${why}`)).join('; ');
	const lines = rows.flatMap(row => (row.kind === 'line' ? [row.text] : [])).slice(-LINES_MAX);
	return {cause, outcome: end?.how ?? '', exit: end?.exit ?? null, lines};
}
