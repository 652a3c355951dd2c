/**
 * Follows a master: looks at its list, puts a new release together, switches to it, and goes back where the services that run
 * from it are not ready. Each step leaves one whole release in force, and what a kill interrupts the next run finishes or clears away.
 */
import type {Answer, Sync} from '../../core/sync.ts';
import {listed} from '../../core/listed.ts';
import {err, ok, type Result} from '../../core/result.ts';
import {LISTS, parseManifest, parseSums} from '../../features/sync/core/list.ts';
import {readComment, readSignature} from '../../features/sync/core/minisign.ts';
import {compareVersions, isVersion} from '../../features/sync/core/version.ts';
import {concat, textOf} from '../../os/bytes.ts';
import {sys} from '../../os/sys.ts';
import {download, type Release} from './download.ts';
import type {Fetcher} from './fetcher.ts';
import {isFull, makeFolder, type Memory, type Place, removeTree} from './place.ts';
import {verify} from './trust.ts';

/** What a run has just done: the last before a kill is what the next run finds. */
export type Step =
	| 'list' | 'verified' | 'file' | 'files' | 'complete' | 'intent' | 'link' | 'current' | 'restarted' | 'confirmed' | 'pruned'
	| 'back-intent' | 'back-link' | 'back-current' | 'back-restarted' | 'back-confirmed';

export interface Hands {
	readonly fetcher: Fetcher;
	/** Milliseconds since 1970. */
	wallClock(): number;
	/** Has what runs from the release in force started again. Null: it is ready; else why not. */
	restart(): Promise<string | null>;
	step(name: Step): void;
}

export interface Follower {
	/**
	 * Settles what an earlier run has left undone before all else. `isAsked`: by an operator, for whom also a release is taken that was
	 * held back.
	 */
	look(isAsked: boolean): Promise<Answer>;
	/** Goes back to the release before. */
	goBack(): Promise<Answer>;
	memory(): Memory;
	/** When the list of the release in force is good for nothing any more; null: it does not say. */
	expires(): number | null;
}

/** Of a list, and of its signature, in bytes. */
const [LIST_MAX, SIGNATURE_MAX] = [4 * 1024 * 1024, 4096];

const yes = (text: string): Answer => ({ok: true, text});
const no = (text: string): Answer => ({ok: false, text});

export function createFollower(sync: Sync, place: Place, {fetcher, wallClock, restart, step}: Hands): Follower {
	let memory = place.memory();
	/** What is remembered is not on the disk. */
	let isUnsaved = false;

	function remember(change: Partial<Memory>): string | null {
		memory = {...memory, ...change};
		const why = place.remember(memory);
		isUnsaved = why !== null;
		return why;
	}

	const pathOf = (version: string, name: string): string => `${place.release(version)}/${name}`;

	function fileOf(version: string, name: string, most: number): Uint8Array | null {
		const bytes = sys.readBytes(pathOf(version, name), most);
		return typeof bytes === 'number' ? null : bytes;
	}

	/** The newest that was ever in force. */
	function highest(): string | null {
		const [current, known] = [place.current(), memory.highest];
		return current === null || (known !== null && compareVersions(known, current) > 0) ? known : current;
	}

	// ── The list ──

	async function fetchSmall(name: string, most: number): Promise<Result<Uint8Array, string>> {
		const parts: Uint8Array[] = [];
		const why = await fetcher.fetch(name, {from: 0, most, take: bytes => {
			parts.push(bytes.slice());
			return null;
		}});
		return why === null ? ok(concat(parts)) : err(`${name} ${why.replace(' (max_size)', '')}`);
	}

	async function fetchSigned(): Promise<Result<Release, string>> {
		const list = await fetchSmall(LISTS.signed, LIST_MAX);
		if (!list.ok) return list;
		const signature = await fetchSmall(LISTS.signature, SIGNATURE_MAX);
		if (!signature.ok) return signature;
		step('list');
		const trusted = verify(list.value, signature.value, sync.keys);
		if (!trusted.ok) return err(`${LISTS.signature} ${trusted.error}`);
		const {version, expires} = trusted.value;
		if (expires !== null && expires < wallClock()) {
			const day = new Date(expires).toISOString().slice(0, 10);
			return err(`the list of release ${version} has expired on ${day}: the master is to sign a new one`);
		}
		const newest = highest();
		if (newest !== null && version !== place.current() && compareVersions(version, newest) < 0) {
			return err(`release ${version} is older than ${newest}, and is not taken`);
		}
		if (!sys.isUtf8(list.value, 0, list.value.length)) return err(`${LISTS.signed} is not UTF-8`);
		const files = parseSums(textOf(list.value), sync.maxFiles);
		if (!files.ok) return files;
		const inForce = version === place.current() ? fileOf(version, LISTS.signed, LIST_MAX) : null;
		if (inForce !== null && textOf(inForce) !== textOf(list.value)) {
			return err(`release ${version} holds something else than before: another release takes another version`);
		}
		step('verified');
		return ok({
			version, files: files.value, keepsOld: false, lists: [[LISTS.signed, list.value], [LISTS.signature, signature.value]],
		});
	}

	async function fetchManifest(): Promise<Result<Release, string>> {
		const list = await fetchSmall(LISTS.quesofiesta, LIST_MAX);
		if (!list.ok) return list;
		step('list');
		if (!sys.isUtf8(list.value, 0, list.value.length)) return err(`${LISTS.quesofiesta} is not UTF-8`);
		const read = parseManifest(textOf(list.value), sync.maxFiles);
		if (!read.ok) return read;
		const {version, files} = read.value;
		if (!isVersion(version)) {
			return err(`${LISTS.quesofiesta} has the version ${JSON.stringify(version.slice(0, 80))}, which cannot be the name of a folder`);
		}
		step('verified');
		return ok({version, files, keepsOld: true, lists: [[LISTS.quesofiesta, list.value]]});
	}

	// ── Switching ──

	/** What runs from `to`, which is in force, is started again; and where it is not ready, `from` comes back. */
	async function judge(from: string | null, to: string): Promise<Answer> {
		const why = await restart();
		step('restarted');
		if (why !== null && from !== null && place.versions().includes(from)) return back(from, to, to, why);
		const newest = memory.highest === null || compareVersions(to, memory.highest) > 0 ? to : memory.highest;
		const history = [...memory.history.filter(each => each !== to), to];
		const unsaved = remember({history, highest: newest, held: null, pending: null});
		step('confirmed');
		prune();
		step('pruned');
		if (unsaved !== null) return no(`release ${to} is in force; ${unsaved}`);
		return why === null ? yes(`release ${to} is in force`) : no(`release ${to} is in force, and no other is there to go back to: ${why}`);
	}

	/** `held`: what is not taken again by itself, which the master still has. Also on a full disk there is a way back. */
	async function back(from: string, to: string, held: string, why: string): Promise<Answer> {
		remember({held, pending: {from, to, isBack: true}});
		step('back-intent');
		const stuck = place.point(from, name => step(`back-${name}`));
		if (stuck !== null) return no(`release ${to} is to be left: ${why}; ${stuck}`);
		const again = await restart();
		step('back-restarted');
		const history = memory.history.includes(from) ? memory.history : [...memory.history, from];
		remember({history, pending: null});
		step('back-confirmed');
		const words = `release ${from} is in force again instead of ${to}: ${why}`;
		return no(again === null ? words : `${words}; and then ${again}`);
	}

	/** `keep` releases stay: the one in force, and those that were before it. */
	function prune(): void {
		const current = place.current();
		const old = memory.history.filter(each => each !== current);
		const kept = new Set([current, ...old.slice(old.length - sync.keep + 1)]);
		for (const version of place.versions()) if (!kept.has(version)) place.discard(version);
	}

	async function take(release: Release): Promise<Answer> {
		const {version} = release;
		// It was left, and is made whole once more: of what is in it only that counts which is as the list says.
		if (place.versions().includes(version)) {
			removeTree(place.undone(version));
			const moved = sys.rename(place.release(version), place.undone(version));
			if (moved < 0) return no(`release ${version} cannot be put together again`);
		}
		place.tidy(version);
		const {why, fetched, kept} = await download(release, sync, place, fetcher, step);
		if (why !== null) {
			// What is left of it would be in the way of everything else on the disk.
			if (isFull(why)) removeTree(place.undone(version));
			return no(`release ${version} is not taken: ${why}`);
		}
		const unfinished = place.complete(version);
		if (unfinished !== null) return no(`release ${version} is not taken: ${unfinished}`);
		step('complete');
		const from = place.current();
		const unsaved = remember({pending: {from, to: version, isBack: false}});
		if (unsaved !== null) {
			memory = {...memory, pending: null};
			return no(`release ${version} is not taken: ${unsaved}`);
		}
		step('intent');
		const stuck = place.point(version, step);
		if (stuck !== null) {
			remember({pending: null});
			return no(`release ${version} is not taken: ${stuck}`);
		}
		const answer = await judge(from, version);
		const more = [
			` (${fetched} of ${release.files.length} ${release.files.length === 1 ? 'file' : 'files'} fetched)`,
			kept.length > 0 ? `; ${listed(kept, 3)} came with another sum and stayed as before` : '',
		].join('');
		return {...answer, ok: answer.ok && kept.length === 0, text: answer.text + more};
	}

	/** What an earlier run has left undone. Null: nothing, or it is done. */
	async function settle(): Promise<Answer | null> {
		const why = makeFolder(`${place.dest}/releases`);
		if (why !== null) return no(why);
		const {pending} = memory;
		if (!pending) return null;
		const {from, to, isBack} = pending;
		if (isBack && from !== null && place.versions().includes(from)) {
			return back(from, to, memory.held ?? to, 'it was being left when archon.sync ended');
		}
		if (!isBack && place.current() === to) return judge(from, to);
		remember({pending: null});
		return null;
	}

	return {
		memory: () => memory,
		expires() {
			const current = place.current();
			const bytes = current === null ? null : fileOf(current, LISTS.signature, SIGNATURE_MAX);
			const signature = bytes ? readSignature(textOf(bytes)) : null;
			const comment = signature?.ok ? readComment(signature.value.comment) : null;
			return comment?.ok ? comment.value.expires : null;
		},
		async look(isAsked) {
			if (isUnsaved) {
				const why = remember({});
				if (why !== null) return no(why);
			}
			const settled = await settle();
			if (settled?.ok === false) return settled;
			const release = await (sync.form === 'signed' ? fetchSigned() : fetchManifest());
			if (!release.ok) return no(release.error);
			const {version} = release.value;
			if (version === place.current()) {
				place.tidy(null);
				// The master has another one than what was held back.
				if (memory.held !== null) remember({held: null});
				return yes(`release ${version} is in force`);
			}
			if (version === memory.held && !isAsked) return yes(`release ${version} is held back: archonctl sync now takes it all the same`);
			return take(release.value);
		},
		async goBack() {
			const current = place.current();
			const {history, held} = memory;
			const at = current === null ? history.length : history.lastIndexOf(current);
			const versions = place.versions();
			const before = history.slice(0, Math.max(0, at)).findLast(each => each !== held && each !== current && versions.includes(each));
			if (current === null) return no('there is no release to go back to');
			if (before === undefined) return no(`there is no release before ${current} to go back to`);
			// Of several in a row the first was left for what the master has.
			const {text} = await back(before, current, held ?? current, 'an operator asked for it');
			return {ok: !text.includes('; and then ') && place.current() === before, text};
		},
	};
}
