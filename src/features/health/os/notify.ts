/**
 * What services say by sd_notify(3): each run has a datagram socket of its own in the abstract namespace, by
 * which even the words of a sender that is dead already are known to be that run's. Read-only roots and other
 * users are no hindrance to it.
 */
import type {News, NotifyMessage} from '../../../core/event.ts';
import type {Id, Run} from '../../../core/ids.ts';
import type {Service} from '../../../core/service.ts';
import {newBytes, textOf} from '../../../os/bytes.ts';
import {after, now} from '../../../os/clock.ts';
import {pid as ownPid, uid as ownUid} from '../../../os/identity.ts';
import type {KeptFds} from '../../../os/reexec/kept-fds.ts';
import type {Poller} from '../../../os/poller.ts';
import {environOf, uidOf, variableIn} from '../../../os/reap/procfs.ts';
import type {Reaper} from '../../../os/reap/reaper.ts';
import {ANCILLARY} from '../../../os/layouts.ts';
import {EPOLLIN, newAncillary, sys} from '../../../os/sys.ts';

export interface Notify {
	/** What `$NOTIFY_SOCKET` is for the run; an errno where no socket could be made. */
	open(id: Id, run: Run, service: Service): string | number;
	/** The socket that the previous instance had for the run, if it had one, is heard again. */
	restore(id: Id, run: Run, service: Service): void;
	/** The socket that an archon which has ended had for the run is made again, under the name that the process was given. */
	salvage(id: Id, run: Run, service: Service, pid: number): void;
	/** The run is over. */
	close(run: Run): void;
}

export interface NotifyParts {
	readonly kept: KeptFds;
	readonly reaper: Reaper;
	readonly poller: Poller;
	readonly warn: (text: string) => void;
	/** Does what a notification says of descriptors that are to be kept; the result are those that are not kept. */
	readonly store: (id: Id, service: Service, text: string, fds: readonly number[]) => readonly number[];
	readonly tell: (id: Id, run: Run, news: News) => void;
}

/** A longer datagram is ignored. systemd takes no more than 4096 bytes. */
const DATAGRAM_MAX = 16 * 1024;
/** Of STATUS=. */
const STATUS_MAX = 200;
/** Lines of one datagram that are looked at. */
const LINES_MAX = 64;
/** Datagrams read at a stretch; then others have their turn, and the rest is told of again. */
const BATCH = 32;
/**
 * How many datagrams and words of one run are heard in how many milliseconds. What comes beyond waits in the
 * kernel, and when that holds its few (unix(7), max_dgram_qlen), so does who sends it.
 */
const PERIOD = 100;
const HEARD_MAX = 256;

/** What is wrong with what was said. It is counted by kind, for there is no end of what a process can say. */
type Wrong = 'stranger' | 'cut' | 'main';

/** Complaints of each kind that are said for a run; the rest are counted. */
const SAID_MAX = 3;

const bytes = newBytes(DATAGRAM_MAX);
const beside = newAncillary();

export function createNotify({reaper, poller, kept, warn, store, tell}: NotifyParts): Notify {
	const sockets = new Map<Run, Inbox>();

	/** One of its own processes, as far as can be said: the dead are believed if their user may speak for it. */
	function isTrusted(pid: number, uid: number, run: Run): boolean {
		if (pid <= 0) return false;
		const main = reaper.mainOf(run);
		if (pid === main) return true;
		const owner = reaper.ownerOf(pid);
		return owner === null ? uid === 0 || uid === ownUid || (main !== null && uid === uidOf(main)) : owner === run;
	}

	const isOwn = (pid: number, run: Run): boolean => pid > 1 && pid !== ownPid && reaper.ownerOf(pid) === run;

	function listen(id: Id, run: Run, service: Service, fd: number): void {
		const {name, ready, fdStoreMax} = service;
		const wrongs: Record<Wrong, number> = {stranger: 0, cut: 0, main: 0};
		const complain = (kind: Wrong, text: string): void => {
			if (++wrongs[kind] <= SAID_MAX) warn(`${text}: ignored`);
		};
		const take = (said: Said): void => {
			// A service that reports its readiness in another way is not ready by this message.
			const isReadiness = said.kind === 'ready' || said.kind === 'reloading';
			if (isReadiness && ready?.kind !== 'notify') return;
			if (said.kind === 'main-pid' && said.pid === reaper.mainOf(run)) return;
			if (said.kind === 'main-pid' && !isOwn(said.pid, run)) {
				return complain('main', `${name} says that its main process is ${said.pid}, which is not one of its own`);
			}
			tell(id, run, said.kind === 'ready' ? said : {kind: 'notify', message: said});
		};
		const allowance = createAllowance(fd, poller);
		sockets.set(run, {
			fd,
			close() {
				allowance.end();
				const more = Object.values(wrongs).reduce((sum, count) => sum + Math.max(0, count - SAID_MAX), 0);
				if (more > 0) warn(`${name}: ${more} more of its notifications were ignored`);
			},
		});
		poller.watch(fd, EPOLLIN, () => {
			for (let i = 0; i < BATCH && sockets.get(run)?.fd === fd && allowance.isLeft(); i++) {
				const count = sys.receive(fd, bytes, beside);
				if (count < 0) return;
				const [fds = 0, isCut = 0, pid = -1, uid = -1] = beside;
				let passed: readonly number[] = fds > 0 ? [...beside.subarray(ANCILLARY.fds, ANCILLARY.fds + fds)] : [];
				let words = 0;
				if (pid < 0 || !isTrusted(pid, uid >>> 0, run)) {
					complain('stranger', `a process that is not of ${name} (pid ${Math.max(0, pid)}) spoke for it`);
				} else if (isCut) {
					complain('cut', `${name} sent a notification of more than ${DATAGRAM_MAX} bytes`);
				} else {
					const text = textOf(bytes, 0, count);
					if (fdStoreMax > 0 && text.includes('FDSTORE')) passed = store(id, service, text, passed);
					for (const said of parseNotification(text)) {
						words++;
						take(said);
					}
				}
				allowance.use(1 + words);
				// Not before all that came before was heard: the sender of BARRIER=1 waits for that.
				passed.forEach(sys.closeForeign);
			}
		});
	}

	return {
		open(id, run, service) {
			// Another archon may share the namespace. The name is no secret: who speaks is known by other means.
			const address = `${prefixOf(run)}${Math.random().toString(36).slice(2)}`;
			const fd = sys.bindDatagrams(address);
			if (fd < 0) return -fd;
			kept.keep(keyOf(run), [fd]);
			listen(id, run, service, fd);
			return `@${address}`;
		},
		restore(id, run, service) {
			const [fd] = kept.inherited(keyOf(run));
			if (fd !== undefined) listen(id, run, service, fd);
		},
		salvage(id, run, service, pid) {
			const address = variableIn(environOf(pid), 'NOTIFY_SOCKET') ?? '';
			const fd = address.startsWith(`@${prefixOf(run)}`) ? sys.bindDatagrams(address.slice(1)) : -1;
			if (fd < 0) return warn(`${service.name} is not heard any more by sd_notify until it is started again`);
			kept.keep(keyOf(run), [fd]);
			listen(id, run, service, fd);
		},
		close(run) {
			const inbox = sockets.get(run);
			if (!inbox) return;
			const {fd} = inbox;
			sockets.delete(run);
			inbox.close();
			poller.forget(fd);
			kept.release(keyOf(run));
			sys.closeInbox(fd);
		},
	};
}

const prefixOf = (run: Run): string => `archon/notify/${run}-`;

interface Inbox {
	readonly fd: number;
	close(): void;
}

/** How much of a run is still heard in this period; when all is used, its socket is left alone until the next. */
interface Allowance {
	isLeft(): boolean;
	use(amount: number): void;
	/** The socket is about to be closed. */
	end(): void;
}

function createAllowance(fd: number, poller: Poller): Allowance {
	let began = -Infinity;
	let left = HEARD_MAX;
	let isEnded = false;
	let cancel: (() => void) | null = null;
	return {
		isLeft: () => cancel === null,
		use(amount) {
			// What was heard may have ended the run.
			if (isEnded) return;
			const at = now();
			if (at - began >= PERIOD) {
				began = at;
				left = HEARD_MAX;
			}
			left -= amount;
			if (left > 0) return;
			poller.change(fd, 0);
			cancel = after(began + PERIOD - at, () => {
				cancel = null;
				poller.change(fd, EPOLLIN);
			});
		},
		end() {
			isEnded = true;
			cancel?.();
		},
	};
}

const keyOf = (run: Run): string => `notify ${run}`;

export type Said = NotifyMessage | {readonly kind: 'ready'};

/** What the lines of a datagram say, the main process first, the last word of each kind; what archon does not know says nothing. */
export function parseNotification(text: string): readonly Said[] {
	const said = new Map<string, Said>();
	let left = LINES_MAX;
	for (let from = 0; from < text.length && left > 0; left--) {
		const newline = text.indexOf('\n', from);
		const end = newline < 0 ? text.length : newline;
		const equals = text.indexOf('=', from);
		const word = equals < 0 || equals > end ? null : wordOf(text.slice(from, equals), text.slice(equals + 1, end));
		if (word) {
			said.delete(word.kind);
			said.set(word.kind, word);
		}
		from = end + 1;
	}
	const main = said.get('main-pid');
	said.delete('main-pid');
	return main ? [main, ...said.values()] : [...said.values()];
}

function wordOf(key: string, value: string): Said | null {
	const number = /^\d{1,15}$/.test(value) ? Number(value) : null;
	switch (key) {
		case 'READY': return value === '1' ? {kind: 'ready'} : null;
		case 'RELOADING': return value === '1' ? {kind: 'reloading'} : null;
		case 'STOPPING': return value === '1' ? {kind: 'stopping'} : null;
		case 'STATUS': return {kind: 'status', text: value.slice(0, STATUS_MAX).replaceAll(/\p{Cc}/gu, ' ').trim()};
		case 'WATCHDOG': return value === '1' ? {kind: 'alive'} : value === 'trigger' ? {kind: 'trigger'} : null;
		case 'WATCHDOG_USEC': return number === null ? null : {kind: 'watchdog', millis: number / 1000};
		case 'EXTEND_TIMEOUT_USEC': return number === null ? null : {kind: 'extend', millis: number / 1000};
		case 'MAINPID': return number === null ? null : {kind: 'main-pid', pid: number};
		case 'ERRNO': return number === null ? null : {kind: 'errno', errno: number};
		default: return null;
	}
}
