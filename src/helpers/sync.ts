/**
 * The helper `archon.sync`: pulls programs from a master into a folder of its own. Before it listens to anybody it becomes a user
 * that no other process has, and gives up all writing but below that folder.
 */
import {ANSWER, type Answer, NOW, type Report, REPORT, RESTART, ROLLBACK, STARTED, type Sync, SYNC_USER, UNREADY} from '../core/sync.ts';
import type {Millis} from '../core/time.ts';
import {compareVersions} from '../features/sync/core/version.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {after, soon} from '../os/clock.ts';
import {close} from '../os/descriptors.ts';
import {env} from '../os/environment.ts';
import {errnoText} from '../os/errno.ts';
import {type Message, RESET} from '../os/helper-wire.ts';
import {uid} from '../os/identity.ts';
import {STAT} from '../os/layouts.ts';
import {openFolder} from '../os/places.ts';
import type {Poller} from '../os/poller.ts';
import {ERRNO, newStat, O, sys} from '../os/sys.ts';
import {exposureAbove} from '../os/writers.ts';
import {type Connection, createConnection} from './connection.ts';
import {createFollower, type Follower} from './sync/follower.ts';
import {createPlace} from './sync/place.ts';
import {fetcherFor} from './sync/sources.ts';

/** After a failure: the first pause, which doubles up to `every`. */
const AGAIN_FIRST: Millis = 5000;
/** So much of `every` is by chance, so that many followers do not ask a master all at once. */
const SPREAD = 0.1;
/** Releases that are told of. */
const SHOWN_MAX = 20;
/** How much longer than services may take archon may take to say so. */
const GRACE: Millis = 30_000;

/** `words`: what the config says, as JSON. Serves until `ended` is called, which it is as soon as archon asks for it. */
export function serveSync(fd: number, poller: Poller, ended: () => void, [words = '{}']: readonly string[]): () => void {
	const sync = JSON.parse(words) as Sync;
	const place = createPlace(sync.dest);
	let follower: Follower | null = null;
	let report: Report = {
		version: place.current(), others: [], held: null, doing: '', looked: null, outcome: '', failed: false, next: null, expires: null,
	};
	/** What operators wait for, by number. */
	let asked: {readonly id: number; readonly kind: string}[] = [];
	let isBusy = false;
	let cancelNext = (): void => {};
	let failures = 0;
	let said = '';
	/** What waits for services. */
	let restarting: {readonly id: number; readonly told: (why: string | null) => void} | null = null;
	let last = 0;
	const connection: Connection = createConnection(fd, poller, heard, ended);

	function heard({kind, id, payload}: Message, fds: readonly number[]): void {
		fds.forEach(close);
		if (kind === RESET) {
			connection.send(RESET);
			tell({});
			// Another instance of archon knows nothing of what the last one was asked for.
			if (restarting) connection.send(RESTART, restarting.id);
			asked = [];
		} else if (kind === NOW || kind === ROLLBACK) {
			asked.push({id, kind});
			if (!isBusy) void run();
		} else if ((kind === STARTED || kind === UNREADY) && restarting?.id === id) {
			restarting.told(kind === STARTED ? null : textOf(payload));
		}
	}

	function tell(change: Partial<Report>): void {
		report = {...report, ...change};
		connection.send(REPORT, 0, bytesOf(JSON.stringify(report)));
	}

	function say(text: string): void {
		if (text !== said) sys.write(2, bytesOf(`${text}\n`));
		said = text;
	}

	/** Null: what runs from the release in force is ready; else why not. */
	function restart(): Promise<string | null> {
		return new Promise(resolve => {
			const id = ++last;
			const told = (why: string | null): void => {
				cancel();
				restarting = null;
				resolve(why);
			};
			const cancel = after(sync.readyTimeout + GRACE, () => told('archon does not answer'));
			restarting = {id, told};
			connection.send(RESTART, id);
		});
	}

	/** The follower, as soon as the folder is this process's own; or why it is not. */
	function begin(): Follower | string {
		if (follower) return follower;
		const why = own(sync.dest, say);
		if (why !== null) return why;
		follower = createFollower(sync, place, {
			fetcher: fetcherFor(sync.source, poller, env()['PATH']),
			wallClock: Date.now,
			restart,
			step(name) {
				const doing = DOING[name] ?? report.doing;
				if (doing !== report.doing) tell({doing});
			},
		});
		return follower;
	}

	async function run(): Promise<void> {
		cancelNext();
		isBusy = true;
		const {id = 0, kind = ''} = asked.shift() ?? {};
		tell({doing: 'looking at the master', next: null});
		const answer = await act(kind).catch((error: unknown): Answer => ({ok: false, text: `a bug in archon: ${String(error)}`}));
		isBusy = false;
		failures = answer.ok ? 0 : failures + 1;
		// A release that is in force as before is no news.
		if (answer.text !== report.outcome || !answer.ok) say(answer.text);
		const usual = Math.min(sync.every, answer.ok ? Infinity : AGAIN_FIRST * 2 ** Math.min(failures - 1, 20));
		const pause = usual * (1 + SPREAD * Math.random());
		const current = follower ? place.current() : report.version;
		const others = place.versions().filter(each => each !== current).sort((a, b) => compareVersions(b, a)).slice(0, SHOWN_MAX);
		tell({
			version: current, others, held: follower?.memory().held ?? null, doing: '', looked: Date.now(), outcome: answer.text,
			failed: !answer.ok, next: Math.round(Date.now() + pause), expires: follower?.expires() ?? null,
		});
		if (id > 0) connection.send(ANSWER, id, bytesOf(JSON.stringify(answer)));
		cancelNext = after(asked.length > 0 ? 0 : pause, () => void run());
	}

	async function act(kind: string): Promise<Answer> {
		const ready = begin();
		if (typeof ready === 'string') return {ok: false, text: ready};
		return kind === ROLLBACK ? ready.goBack() : ready.look(kind === NOW);
	}

	soon(() => void run());
	return ended;
}

/** What a step is the beginning of, for people. */
const DOING: Readonly<Record<string, string>> = {
	'verified': 'fetching', 'files': 'switching', 'current': 'waiting for services', 'back-current': 'waiting for services',
};

const about = newStat();
let hasBecome = false;

/**
 * Makes the folder this process's own, and lets go of all else; null, or why it cannot. As root it gives the folder to the user that
 * it becomes: an empty one, so that no folder of somebody else's changes hands by a slip in a config.
 */
function own(dest: string, say: (text: string) => void): string | null {
	const folder = openFolder(dest, true);
	if (typeof folder === 'string') return `cannot use ${dest}: ${folder}`;
	if (typeof folder === 'number') return `cannot use ${dest}: ${errnoText(-folder)}`;
	// What root's services execute lies there.
	const exposure = exposureAbove(folder.path);
	const fd = exposure ? -ERRNO.EPERM : sys.openAt(folder.fd, '.', O.RDONLY | O.DIRECTORY, 0);
	sys.close(folder.fd);
	if (exposure) return `cannot use ${dest}: ${exposure.why} (${exposure.hint} mends that)`;
	if (fd < 0) return `cannot use ${dest}: ${errnoText(-fd)}`;
	const why = uid === 0 ? changeHands(fd, dest, say) : null;
	sys.close(fd);
	if (why !== null) return why;
	const confined = sys.confineWrites(dest);
	// An older kernel has no such thing; then the user's rights are all that keeps it in its folder.
	return confined < 0 && confined !== -ERRNO.ENOSYS && confined !== -ERRNO.EOPNOTSUPP
		? `cannot keep archon.sync within ${dest}: ${errnoText(-confined)}` : null;
}

function changeHands(fd: number, dest: string, say: (text: string) => void): string | null {
	if (hasBecome) return null;
	const [user, group] = [Number(SYNC_USER.user), Number(SYNC_USER.group)];
	const names = sys.readFolderAt(fd, 2);
	const owner = sys.fstat(fd, about) < 0 ? -1 : about[STAT.uid];
	const isMine = owner === user;
	if (!isMine && (typeof names === 'number' || names.length > 0)) {
		return `${dest} is not empty and not archon.sync's own: name a folder for it alone, or chown ${user}:${group} all of it`;
	}
	const given = isMine ? 0 : sys.fchown(fd, user, group);
	const became = given < 0 ? given : sys.becomeUser(user, group);
	hasBecome = became >= 0;
	if (hasBecome) return null;
	// As in a user namespace with few numbers, or without the capabilities for it.
	if (!isMine) sys.fchown(fd, 0, 0);
	say(`archon.sync runs as root: it cannot become the user ${user} here (${errnoText(-became)})`);
	return null;
}
