/**
 * What services say by sd_notify(3): each run has a datagram socket of its own in the abstract namespace, by
 * which even the words of a sender that is dead already are known to be that run's. Read-only roots and other
 * users are no hindrance to it.
 */
import type {Id, News, Run, Service, Word} from '../core/model.ts';
import {newBytes, textOf} from './bytes.ts';
import {close} from './descriptors.ts';
import type {Keeper} from './guard.ts';
import {pid as ownPid, uid as ownUid} from './identity.ts';
import type {Ledger} from './ledger.ts';
import type {Poller} from './poller.ts';
import {statOf, variableOf} from './procfs.ts';
import type {Reaper} from './reaper.ts';
import {ANCILLARY, EPOLLIN, newAncillary, newStat, STAT, sys} from './sys.ts';

export interface Notify {
	/** What `$NOTIFY_SOCKET` is for the run; an errno where no socket could be made. */
	open(id: Id, run: Run, service: Service): string | number;
	/** The socket that the last life had for the run, if it had one, is heard again. */
	restore(id: Id, run: Run, service: Service): void;
	/** The run is over. */
	close(run: Run): void;
}

export interface NotifyParts {
	readonly ledger: Ledger;
	readonly guard: Keeper;
	readonly reaper: Reaper;
	readonly poller: Poller;
	readonly warn: (text: string) => void;
	readonly tell: (id: Id, run: Run, news: News) => void;
}

/** A longer datagram is ignored. systemd takes no more than 4096 bytes. */
const DATAGRAM_MAX = 16 * 1024;
/** Of STATUS=. */
const STATUS_MAX = 200;
/** Read at a stretch; the rest is told of again. */
const BATCH = 32;
/** Lines of one datagram that are looked at. */
const LINES_MAX = 64;
/** Complaints about one run: those that are said, and those that are known again. */
const SAID_MAX = 3;
const COMPLAINTS_MAX = 8;
const bytes = newBytes(DATAGRAM_MAX);
const beside = newAncillary();

export function createNotify({reaper, poller, ledger, guard, warn, tell}: NotifyParts): Notify {
	const sockets = new Map<Run, number>();

	/** One of its own processes, as far as anybody can say: the dead are believed if their user may speak for it. */
	function isTrusted(pid: number, uid: number, run: Run): boolean {
		if (pid <= 0) return false;
		const owner = ownerOf(pid, reaper);
		return owner === null ? uid === 0 || uid === ownUid || uid === uidOf(reaper.mainOf(run)) : owner === run;
	}

	function isOwn(pid: number, run: Run): boolean {
		return pid > 1 && pid !== ownPid && ownerOf(pid, reaper) === run;
	}

	function hear(id: Id, run: Run, {name, ready}: Service, fd: number): void {
		sockets.set(run, fd);
		guard.keep(fd, true);
		ledger.put(keyOf(run), String(fd));
		const complaints = new Set<string>();
		const complain = (text: string): void => {
			if (complaints.size >= COMPLAINTS_MAX || complaints.has(text)) return;
			complaints.add(text);
			if (complaints.size <= SAID_MAX) warn(text);
		};
		const take = (said: Said): void => {
			// Who says otherwise that it is ready is not asked here.
			const isReadiness = said.kind === 'ready' || said.kind === 'reloading';
			if (isReadiness && ready?.kind !== 'notify') return;
			if (said.kind === 'main-pid' && said.pid === reaper.mainOf(run)) return;
			if (said.kind === 'main-pid' && !isOwn(said.pid, run)) {
				return complain(`${name} says that its main process is ${said.pid}, which is not one of its own: ignored`);
			}
			tell(id, run, said.kind === 'ready' ? said : {kind: 'notify', word: said});
		};
		poller.watch(fd, EPOLLIN, () => {
			for (let i = 0; i < BATCH && sockets.get(run) === fd; i++) {
				const count = sys.receive(fd, bytes, beside);
				if (count < 0) return;
				const [fds = 0, isCut = 0, pid = -1, uid = -1] = beside;
				const passed = fds > 0 ? [...beside.subarray(ANCILLARY.fds, ANCILLARY.fds + fds)] : [];
				if (pid < 0 || !isTrusted(pid, uid, run)) {
					complain(`a process that is not of ${name} (pid ${Math.max(0, pid)}) spoke for it: ignored`);
				} else if (isCut) {
					complain(`${name} sent a notification of more than ${DATAGRAM_MAX} bytes: ignored`);
				} else {
					for (const said of parseNotification(textOf(bytes, 0, count))) take(said);
				}
				// Not before all that came before was heard: whoever sent BARRIER=1 waits for that.
				passed.forEach(close);
			}
		});
	}

	return {
		open(id, run, service) {
			// Another archon may share the namespace. The name is no secret: who speaks is known by other means.
			const address = `archon/notify/${run}-${Math.random().toString(36).slice(2)}`;
			const fd = sys.bindDatagrams(address);
			if (fd < 0) return -fd;
			hear(id, run, service, fd);
			return `@${address}`;
		},
		restore(id, run, service) {
			const fd = ledger.past.get(keyOf(run));
			if (fd !== undefined) hear(id, run, service, Number(fd));
		},
		close(run) {
			const fd = sockets.get(run);
			if (fd === undefined) return;
			sockets.delete(run);
			poller.forget(fd);
			guard.keep(fd, false);
			close(fd);
			ledger.delete(keyOf(run));
		},
	};
}

const keyOf = (run: Run): string => `notify ${run}`;

export type Said = Word | {readonly kind: 'ready'};

/** What the lines of a datagram say, the main process first; those that archon does not know say nothing. */
export function parseNotification(text: string): readonly Said[] {
	const said = text.split('\n', LINES_MAX).flatMap(line => {
		const at = line.indexOf('=');
		const word = at < 0 ? null : wordOf(line.slice(0, at), line.slice(at + 1));
		return word ? [word] : [];
	});
	const isMain = ({kind}: Said): boolean => kind === 'main-pid';
	return [...said.filter(isMain), ...said.filter(word => !isMain(word))];
}

function wordOf(key: string, value: string): Said | null {
	const number = /^\d{1,15}$/.test(value) ? Number(value) : null;
	switch (key) {
		case 'READY': return value === '1' ? {kind: 'ready'} : null;
		case 'RELOADING': return value === '1' ? {kind: 'reloading'} : null;
		case 'STOPPING': return value === '1' ? {kind: 'stopping'} : null;
		case 'STATUS': return {kind: 'status', text: value.replaceAll(/\p{Cc}/gu, ' ').trim().slice(0, STATUS_MAX)};
		case 'WATCHDOG': return value === '1' ? {kind: 'alive'} : value === 'trigger' ? {kind: 'trigger'} : null;
		case 'WATCHDOG_USEC': return number === null ? null : {kind: 'watchdog', millis: number / 1000};
		case 'EXTEND_TIMEOUT_USEC': return number === null ? null : {kind: 'extend', millis: number / 1000};
		case 'MAINPID': return number === null ? null : {kind: 'main-pid', pid: number};
		case 'ERRNO': return number === null ? null : {kind: 'errno', errno: number};
		default: return null;
	}
}

/** How many generations between a main process and who speaks for it. */
const GENERATIONS = 64;

/** The run that a living process belongs to: by its ancestors, its session, or the mark in its environment. Else null. */
function ownerOf(pid: number, reaper: Reaper): Run | null {
	let ancestor = pid;
	for (let i = 0; i < GENERATIONS && ancestor > 1 && ancestor !== ownPid; i++) {
		const run = reaper.runOf(ancestor);
		if (run !== null) return run;
		const stat = statOf(ancestor);
		if (!stat) break;
		const session = reaper.runOf(stat.session);
		if (session !== null) return session;
		ancestor = stat.parent;
	}
	const mark = variableOf(pid, 'ARCHON_RUN');
	return mark !== null && /^\d+$/.test(mark) ? Number(mark) : null;
}

function uidOf(pid: number | null): number {
	const about = newStat();
	return pid !== null && sys.stat(`/proc/${pid}`, about) === 0 ? about[STAT.uid] ?? -1 : -1;
}
