/**
 * The hands of a manifest: reads its files when the core asks and when they change, tells the core what they say, and has processes
 * ended that archon has not made. What may be long is done in pieces, so that PID 1 is there for others in between.
 */
import type {Effect} from '../../../core/effect.ts';
import type {Event} from '../../../core/event.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Service} from '../../../core/service.ts';
import {RELEASE} from '../../../core/sync.ts';
import {find, type State} from '../../../core/state.ts';
import type {Decider} from '../../../core/wanted.ts';
import type {Instant, Millis} from '../../../core/time.ts';
import type {Logging} from '../../logging/core.ts';
import type {ConfigWatch} from '../../watch-config/os/watch.ts';
import type {Look, Manifests, Move, Passed} from '../core/control.ts';
import {readProgram, unwant, want} from '../core/edit.ts';
import {beginReading, type Item, type Kind, linesOf, type Listing} from '../core/list.ts';
import {
	baseOf, each, ended, type Enlisting, enlisting, entriesOf, hitByPath, type Lists, type Outlook, outlook, type Ruled, rulings,
} from '../core/outlook.ts';
import {isUnread} from '../core/kept.ts';
import {fileFor, type ManifestRules, ROLE_VARIABLE, roleOf} from '../core/rules.ts';
import {type Search, targetsOf} from './search.ts';
import {isExact, readList, writeList} from './list-files.ts';

export interface ReconcilerParts {
	readonly state: () => State;
	readonly dispatch: (event: Event) => void;
	readonly search: Search;
	/** Watches the files, and asks for `reread` when they have changed. */
	readonly watch: ConfigWatch;
	readonly warn: (text: string) => void;
	/** The same, but each is told once. */
	readonly warnOnce: (text: string) => void;
	readonly whole: <T>(act: () => T) => T;
	readonly now: () => Instant;
	readonly soon: (callback: () => void) => void;
	/** For services that are made. */
	readonly logging: () => Logging;
	readonly variable: (name: string) => string | undefined;
	readonly hostname: string;
	/** The folder into which archon.sync pulls programs; null: none are pulled. */
	readonly pulled: () => string | null;
}

export interface Reconciler extends Manifests {
	/** The manifest of the config in force; null: it has none any more. */
	set(rules: ManifestRules | null): void;
	/** The files have changed, or what leads to them: links there may lead into other folders. */
	changed(): void;
	/** Reads the files and sees to it that what they say is so; soon, if that is under way. */
	reread(): void;
	onEffects(effects: readonly Extract<Effect, {kind: 'reconciled' | 'forgotten' | 'stage'}>[]): void;
}

/** How many lines, services and rulings are looked at in one turn of the loop. */
const PIECE = 500;
/** How long files must be left alone before they are read: who writes them may not be done. */
const PAUSE: Millis = 200;
/** How many requests may wait, and how many lines about wrong lines one reading brings to the log. */
const [WAITING_MAX, COMPLAINTS_MAX] = [100, 20];

interface Ask {
	readonly isDry: boolean;
	readonly told: (look: Result<Look, string>) => void;
	readonly passed: (passed: Passed | null) => void;
}

/** One file as it was read last. */
interface Read {
	readonly path: string;
	readonly text: string;
	readonly listing: Listing;
}

type Problems = {file: string; line: number; why: string}[];

const NOBODY: Ask = {isDry: false, told() {}, passed() {}};
const EMPTY: Listing = {items: [], problems: []};

export function createReconciler(parts: ReconcilerParts): Reconciler {
	const {state, search, watch, warn, warnOnce, whole, now, soon, logging, variable, hostname, pulled} = parts;
	let rules: ManifestRules | null = null;
	let known: Partial<Record<Kind, Read>> = {};
	const waiting: Ask[] = [];
	/** Those whose passes are under way. */
	let open: Ask[] = [];
	let isBusy = false;
	/** Whether the core was told something that it did not know. */
	let isNew = false;
	/** What was complained of, until it is another complaint. */
	let complaint = '';
	let listed: ReadonlySet<string> = new Set();

	const dispatch = (event: Event): void => whole(() => parts.dispatch(event));
	const turn = (): Promise<void> => new Promise(resolve => soon(resolve));
	const read = (path: string): Promise<Result<string | null, string>> => new Promise(resolve => readList(path, pulled(), resolve));
	const write = (path: string, text: string): Promise<string | null> => new Promise(resolve => writeList(path, text, resolve));

	const manifestFile = (of: ManifestRules, role: string | null = null): string =>
		fileFor(of.file, role ?? roleOf(of, variable(ROLE_VARIABLE), hostname));

	function ask(one: Ask): void {
		// Who does not wait for an answer is content with the next reading.
		if (one === NOBODY && waiting.some(({isDry}) => !isDry)) return;
		if (waiting.length >= WAITING_MAX) return one.told(err('too many requests are waiting for the manifest'));
		waiting.push(one);
		if (!isBusy) void next();
	}

	async function next(): Promise<void> {
		isBusy = true;
		for (let one = waiting.shift(); one; one = waiting.shift()) await look(one);
		isBusy = false;
	}

	async function look(one: Ask): Promise<void> {
		if (!rules) return withdraw(one);
		const of = rules;
		const problems: Problems = [];
		const found = await readLists(of, problems);
		if (!found.ok) {
			complain([found.error]);
			one.told(found);
			// What is known goes on: a file that is gone for a moment ends nothing.
			if (!one.isDry && !awaitsList(of)) dispatch({kind: 'reconcile', every: of.every, maxPasses: of.maxPasses, since: null});
			return;
		}
		const lists = found.value;
		const targets = await targetsOf(lists, of.paths, warnOnce);
		const {services, stop, start} = await outlookOf(lists, problems);
		complain(problems.map(({file, line, why}) => `${file}:${line}: ${why}; the line is left out`));
		const since = now();
		isNew = false;
		if (!one.isDry) await apply(lists, services);
		const foreign = await new Promise<Look['foreign']>(resolve => search.begin(targets, one.isDry, resolve));
		const {manifest, hitlist} = lists.files;
		whole(() => one.told(ok({
			manifest, hitlist: of.hitlist === null ? null : hitlist, listed: lists.manifest, hit: lists.hitlist, problems, start, stop, foreign,
		})));
		if (one.isDry) return;
		open.push(one);
		listed = new Set(lists.manifest.flatMap(({name}) => name ?? []));
		dispatch({kind: 'reconcile', every: of.every, maxPasses: of.maxPasses, since: isNew ? since : null});
		if (state().stage.kind !== 'running') passed(null);
	}

	/** Whether the list comes with the first release, after which the files are read again. */
	function awaitsList(of: ManifestRules): boolean {
		const dest = pulled();
		if (dest === null || !manifestFile(of).startsWith(`${dest}/`) || !isUnread(state())) return false;
		const phase = find(state(), RELEASE.name)?.phase.kind;
		return phase === 'spawning' || phase === 'starting';
	}

	/** There is no manifest any more: what it has said is forgotten, and what it has made ends. */
	async function withdraw(one: Ask): Promise<void> {
		one.told(err('the config has no manifest'));
		if (one.isDry) return;
		for (const decider of ['manifest', 'hitlist'] as const) {
			await rule(decider, each(state), ({id, rulings}) => (rulings[decider] ? {id, ruling: null} : undefined));
		}
		known = {};
		dispatch({kind: 'reconcile', every: Infinity, maxPasses: 1, since: now()});
	}

	async function readLists(of: ManifestRules, problems: Problems): Promise<Result<Lists, string>> {
		const files = {manifest: manifestFile(of), hitlist: of.hitlist ?? ''};
		const manifest = await readOne('manifest', files.manifest, problems);
		if (!manifest.ok) return manifest;
		const hitlist = of.hitlist === null ? ok(EMPTY) : await readOne('hitlist', of.hitlist, problems);
		// What was on it is still unwanted.
		const hit = hitlist.ok ? hitlist.value : known.hitlist?.listing ?? EMPTY;
		if (!hitlist.ok) problems.push({file: files.hitlist, line: 0, why: hitlist.error});
		return ok({files, manifest: manifest.value.items, hitlist: hit.items});
	}

	async function readOne(kind: Kind, path: string, problems: Problems): Promise<Result<Listing, string>> {
		const text = await read(path);
		if (!text.ok) return text;
		// No hitlist is an empty one; but no manifest is a mistake, or one that is about to come.
		if (text.value === null && kind === 'manifest') return err(`${path}: there is no such file`);
		const before = known[kind];
		const after = text.value ?? '';
		const listing = before?.path === path && before.text === after ? before.listing : await parseInPieces(after, kind);
		known = {...known, [kind]: {path, text: after, listing}};
		for (const {line, why} of listing.problems) problems.push({file: path, line, why});
		return ok(listing);
	}

	async function parseInPieces(text: string, kind: Kind): Promise<Listing> {
		const reading = beginReading(kind);
		let count = 0;
		for (const line of linesOf(text)) {
			reading.take(line);
			if (++count % PIECE === 0) await turn();
		}
		return reading.listing();
	}

	async function outlookOf(lists: Lists, problems: Problems): Promise<Outlook & Pick<Enlisting, 'services'>> {
		const services: Service[] = [];
		for (const piece of piecesOf(lists.manifest)) {
			const found = enlisting(state(), piece, logging(), pulled());
			services.push(...found.services);
			for (const {line, why} of found.problems) problems.push({file: lists.files.manifest, line, why});
			await turn();
		}
		return {services, ...outlook(state(), lists, each(state))};
	}

	/** Tells the core what the lists say. */
	async function apply(lists: Lists, services: readonly Service[]): Promise<void> {
		for (const piece of piecesOf(services)) {
			dispatch({kind: 'enlist', services: piece});
			await turn();
		}
		// The first line about a name is the one that is told.
		const byName = Map.groupBy([...lists.hitlist, ...hitByPath(lists)], ({name}) => name);
		const hit = [...byName].flatMap(([name, [first]]) => (name === null || !first ? [] : [first]));
		// What must not run first: it is not to start for a moment.
		await say('hitlist', hit, lists.files.hitlist);
		await say('manifest', lists.manifest, lists.files.manifest);
	}

	async function say(decider: Decider & Kind, items: readonly Item[], file: string): Promise<void> {
		for (const piece of piecesOf(items)) {
			speak(decider, rulings(state(), piece, decider, file));
			await turn();
		}
		const names = new Set(items.flatMap(({name}) => name ?? []));
		await rule(decider, each(state), entry => ended(entry, decider, names, file));
	}

	function speak(decider: Decider, rulings: readonly Ruled[]): void {
		if (rulings.length === 0) return;
		isNew = true;
		dispatch({kind: 'rule', rule: decider, rulings, revive: false});
	}

	/** Goes through all services, some at a time, with what is to be said of each. */
	async function rule<T>(decider: Decider, all: Iterable<T>, judge: (one: T) => Ruled | undefined): Promise<void> {
		let [count, found] = [0, [] as Ruled[]];
		for (const one of all) {
			const ruled = judge(one);
			if (ruled) found.push(ruled);
			if (++count % PIECE !== 0) continue;
			speak(decider, found);
			found = [];
			await turn();
		}
		speak(decider, found);
	}

	function complain(lines: readonly string[]): void {
		const all = lines.slice(0, COMPLAINTS_MAX);
		const text = all.join('\n');
		if (text === complaint) return;
		complaint = text;
		for (const line of all) warn(`manifest: ${line}`);
		if (lines.length > all.length) warn(`manifest: and ${lines.length - all.length} more; see archonctl reconcile --dry-run`);
	}

	function passed(what: Passed | null): void {
		const asked = open;
		open = [];
		for (const {passed} of asked) passed(what);
	}

	async function move({to, program, path, role}: Move): Promise<Result<string, string>> {
		if (!rules) return err('the config has no manifest');
		const read = readProgram(program, path);
		if (!read.ok) return err(`the program ${read.error}`);
		const files: Record<Kind, string | null> = {manifest: manifestFile(rules, role), hitlist: rules.hitlist};
		const manifest = await textOf(files.manifest);
		if (!manifest.ok) return manifest;
		const hitlist = await textOf(files.hitlist);
		if (!hitlist.ok) return hitlist;
		const texts = {manifest: manifest.value ?? '', hitlist: files.hitlist === null ? null : hitlist.value ?? ''};
		const isService = (name: string): boolean => entriesOf(state(), name).some(({service}) => service.origin === 'config');
		const edited = to === 'manifest' ? want(texts, read.value, isService) : unwant(texts, read.value);
		if (!edited.ok) return edited;
		// Cut short in between, the program is on both lists, and the hitlist counts; it is on none at no time.
		for (const kind of to === 'manifest' ? ['manifest', 'hitlist'] as const : ['hitlist', 'manifest'] as const) {
			const [file, text] = [files[kind], edited.value[kind]];
			const why = file === null || text === null || text === texts[kind] ? null : await write(file, text);
			if (why !== null) return err(`cannot write ${why}`);
		}
		ask(NOBODY);
		return ok(edited.value.told);
	}

	async function textOf(path: string | null): Promise<Result<string | null, string>> {
		if (path === null) return ok(null);
		const text = await read(path);
		if (!text.ok) return err(`cannot change ${text.error}`);
		return text.value === null || isExact(text.value) ? text : err(`cannot change ${path}: it has bytes that are not UTF-8`);
	}

	/** Moves come one after the other, as each reads what the one before has written. */
	let moving: Promise<unknown> = Promise.resolve();

	return {
		set(next) {
			const had = rules !== null;
			rules = next;
			watchFiles();
			if (next || had) ask(NOBODY);
		},
		changed() {
			watchFiles();
			ask(NOBODY);
		},
		reread: () => ask(NOBODY),
		reconcile: (isDry, told, passed) => ask({isDry, told, passed}),
		move(what, told) {
			moving = moving.then(async () => {
				const done = await move(what);
				whole(() => told(done));
			});
		},
		onEffects(effects) {
			for (const effect of effects) {
				if (effect.kind === 'reconciled') passed(effect);
				else if (effect.kind === 'stage' && effect.stage.kind !== 'running') passed(null);
				// What was in the way of a program of the manifest has gone.
				else if (effect.kind === 'forgotten') lookAgain(effect.entry.service.name);
			}
		},
	};

	function watchFiles(): void {
		const files = rules ? [manifestFile(rules), ...rules.hitlist === null ? [] : [rules.hitlist]] : [];
		watch.set({files, folders: []}, rules && PAUSE);
	}

	function lookAgain(name: string): void {
		if (rules && listed.has(baseOf(name)) && !find(state(), name)) ask(NOBODY);
	}
}

function* piecesOf<T>(list: readonly T[]): Generator<readonly T[]> {
	for (let at = 0; at < list.length; at += PIECE) yield list.slice(at, at + PIECE);
}
