/**
 * What services say by sd_notify(3): each run has a datagram socket of its own in the abstract namespace, by
 * which even the words of a sender that is dead already are known to be that run's. Read-only roots and other
 * users are no hindrance to it.
 */
import {statSync} from 'node:fs';
import type {Id, News, Run, Service, Word} from '../core/model.ts';
import type {Keeper} from './guard.ts';
import type {Ledger} from './ledger.ts';
import {close, type Credentials, EPOLLIN, listenForDatagrams, receiveDatagram} from './native.ts';
import type {Poller} from './poller.ts';
import {statOf, variableOf} from './procfs.ts';
import type {Reaper} from './reaper.ts';

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
const bytes = Buffer.alloc(DATAGRAM_MAX);

export function createNotify({reaper, poller, ledger, guard, warn, tell}: NotifyParts): Notify {
	const sockets = new Map<Run, number>();

	/** One of its own processes, as far as anybody can say: the dead are believed if their user may speak for it. */
	function isTrusted({pid, uid}: Credentials, run: Run): boolean {
		if (pid <= 0) return false;
		const owner = ownerOf(pid, reaper);
		return owner === null ? uid === 0 || uid === process.getuid?.() || uid === uidOf(reaper.mainOf(run)) : owner === run;
	}

	function isOwn(pid: number, run: Run): boolean {
		return pid > 1 && pid !== process.pid && ownerOf(pid, reaper) === run;
	}

	function hear(id: Id, run: Run, {name, ready}: Service, fd: number): void {
		sockets.set(run, fd);
		guard.keep(fd, true);
		ledger.put(keyOf(run), String(fd));
		const complaints = new Set<string>();
		const complain = (text: string): void => {
			if (complaints.has(text)) return;
			complaints.add(text);
			if (complaints.size <= 3) warn(text);
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
				// Descriptors are closed once all that came before was heard: whoever sent BARRIER=1 waits for that.
				const passed: number[] = [];
				const {count, isCut, sender} = receiveDatagram(fd, bytes, received => void passed.push(received));
				if (count < 0) return;
				if (sender && isTrusted(sender, run)) {
					if (isCut) complain(`${name} sent a notification of more than ${DATAGRAM_MAX} bytes: ignored`);
					else for (const said of parseNotification(bytes.toString('utf8', 0, count))) take(said);
				} else {
					complain(`a process that is not of ${name} (pid ${sender?.pid ?? 0}) spoke for it: ignored`);
				}
				passed.forEach(close);
			}
		});
	}

	return {
		open(id, run, service) {
			// Another archon may share the namespace. The name is no secret: who speaks is known by other means.
			const address = `archon/notify/${run}-${Math.random().toString(36).slice(2)}`;
			const fd = listenForDatagrams(address);
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
	const said = text.split('\n').flatMap(line => {
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
	for (let i = 0; i < GENERATIONS && ancestor > 1 && ancestor !== process.pid; i++) {
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
	try {
		return pid === null ? -1 : statSync(`/proc/${pid}`).uid;
	} catch {
		return -1;
	}
}
