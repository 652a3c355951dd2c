/** Looks at services from outside: a command, a connection, a page, a file. What counts as well is the core's to say. */
import type {Effect} from '../../../core/effect.ts';
import type {News, Purpose} from '../../../core/event.ts';
import type {Id, Run} from '../../../core/ids.ts';
import type {Probe} from '../../../core/service.ts';
import type {Millis} from '../../../core/time.ts';
import {duration} from '../../../core/duration.ts';
import {isAbsolute, resolve} from '../../../core/path.ts';
import {compilePattern, type Pattern} from '../../../core/pattern/pattern.ts';
import {parseUrl} from '../../../core/url.ts';
import {bytesOfLatin1, latin1Of, newBytes, textOf} from '../../../os/bytes.ts';
import {after, now} from '../../../os/clock.ts';
import {close} from '../../../os/descriptors.ts';
import {dial} from './dial.ts';
import {openCapture} from '../../../os/spawn/capture.ts';
import {runHelperCommand} from '../../../os/spawn/helper-command.ts';
import {errnoText} from '../../../os/errno.ts';
import {type Answer, answerOf, createAnswerReader, type Progress, requestFor} from './http.ts';
import {start} from '../../../os/jobs.ts';
import type {Output} from '../../logging/os/output.ts';
import type {Checked} from '../../metrics/core/measures.ts';
import type {Pace} from '../../../os/pace.ts';
import type {Poller} from '../../../os/poller.ts';
import type {Reaper} from '../../../os/reap/reaper.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, MSG_DONTWAIT, sys} from '../../../os/sys.ts';

export type ProbeEffect = Extract<Effect, {kind: 'probe'}>;

export interface Probes {
	/** One look at a time for each run. */
	look(effect: ProbeEffect): void;
	/** The run is over: its probe is given up, and its result is not told. */
	abandon(run: Run): void;
	/** How they went, of each purpose. */
	checks(id: Id): readonly Checked[];
	forget(id: Id): void;
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
/** Read at a stretch. */
const BLOCK = 16 * 1024;
/** What people are shown of either. */
const FOUND_MAX = 200;

export function createProbes(parts: ProbeParts): Probes {
	const underWay = new Map<Run, () => void>();
	const checked = new Map<Id, ReadonlyMap<Purpose, Checked>>();

	function keep(id: Id, purpose: Purpose, passed: boolean, took: Millis): void {
		const all = checked.get(id);
		const {passes, failures} = all?.get(purpose) ?? {passes: 0, failures: 0};
		const sum = {purpose, passed, took, passes: passes + (passed ? 1 : 0), failures: failures + (passed ? 0 : 1)};
		checked.set(id, new Map(all).set(purpose, sum));
	}

	function begin(effect: ProbeEffect): void {
		const {id, run, purpose, timeout} = effect;
		const began = now();
		let presumed: readonly [good: boolean, found: string] = [false, `no answer within ${duration(timeout)}`];
		let stop = (): void => {};
		const giveUp = (): void => {
			forgetTime();
			underWay.delete(run);
			stop();
		};
		const settle = (passed: boolean, found: string): void => {
			if (underWay.get(run) !== giveUp) return;
			giveUp();
			keep(id, purpose, passed, now() - began);
			parts.tell(id, run, {kind: 'probe', purpose, passed, detail: found.slice(0, FOUND_MAX)});
		};
		const forgetTime = after(timeout, () => settle(...presumed));
		underWay.set(run, giveUp);
		stop = look(effect, parts, {settle, presume: (...found) => void (presumed = found)});
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
		checks: id => [...checked.get(id)?.values() ?? []],
		forget: id => void checked.delete(id),
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
	let text = '';
	const opened = openCapture(poller, more => void (text = (text + more).slice(-OUTPUT_MAX)));
	if (!opened.ok) {
		settle(false, `making a pipe: ${errnoText(opened.error)}`);
		return () => {};
	}
	const capture = opened.value;
	const streams = [output.nothing(), capture.writer, capture.writer] as const;
	const {stop} = runHelperCommand({run, service, command, streams, isTidy: true}, reaper, failure => {
		capture.drain();
		settle(failure === null, lastLine(text) ?? failure ?? 'exit status 0');
	});
	close(capture.writer);
	return () => {
		stop();
		capture.close();
	};
};

const connect: Look<'tcp'> = ({host, port}, _, {poller}, {settle}) => {
	return dial(host, port, poller, fd => {
		sys.close(fd);
		settle(true, `connected to ${host}:${port}`);
	}, why => settle(false, `cannot connect to ${host}:${port}: ${why}`));
};

/** A redirection is an answer like others: what it points to is another page. */
const fetchPage: Look<'http'> = (probe, effect, parts, verdict) => {
	const {settle} = verdict;
	const url = parseUrl(probe.url);
	const request = url && requestFor(url, probe.headers);
	const pattern = probe.body === null ? null : compilePattern(probe.body);
	const problem = !request ? 'it is no URL' : !request.ok ? request.error : pattern && !pattern.ok ? pattern.error.message : null;
	if (!url || !request?.ok || (pattern && !pattern.ok)) {
		settle(false, `cannot get ${probe.url}: ${problem}`);
		return () => {};
	}
	const judge = judgeFor(probe, pattern?.value ?? null, verdict);
	if (url.scheme === 'https') return fetchByTool(TOOLS, probe, judge, effect, parts, settle);

	const {poller} = parts;
	const bytes = newBytes(BLOCK);
	let endConnection = (): void => {};
	const stop = dial(url.host, url.port, poller, fd => {
		let rest: Uint8Array = request.value;
		const reader = createAnswerReader(PAGE_MAX);
		endConnection = () => {
			endConnection = () => {};
			poller.forget(fd);
			sys.close(fd);
		};
		const lost = (errno: number): void => judge({kind: 'broken', answer: reader.answer(), why: errnoText(errno)});
		poller.watch(fd, EPOLLIN | EPOLLOUT, events => {
			if (events & EPOLLOUT && rest.length > 0) {
				const sent = sys.send(fd, rest, [], MSG_DONTWAIT);
				if (sent < 0 && !isPassing(-sent)) return lost(-sent);
				rest = rest.subarray(Math.max(0, sent));
				if (rest.length === 0) poller.change(fd, EPOLLIN);
			}
			// An error and a hang-up show when it is read.
			if ((events & ~EPOLLOUT) === 0) return;
			const count = sys.read(fd, bytes);
			if (count > 0) judge(reader.read(latin1Of(bytes, 0, count)));
			else if (count === 0) judge(reader.end());
			else if (!isPassing(-count)) lost(-count);
		});
	}, why => settle(false, `cannot get ${probe.url}: ${why}`));
	return () => {
		stop();
		endConnection();
	};
};

const isPassing = (errno: number): boolean => errno === ERRNO.EAGAIN || errno === ERRNO.EINTR;

/** Hears how far the answer has come, until it can say what that means. */
type Judge = (progress: Progress) => void;

function judgeFor({url, statuses, body}: Page, pattern: Pattern | null, {settle, presume}: Verdict): Judge {
	const isGood = ({status}: Answer): boolean => (statuses.length > 0 ? statuses.includes(status) : status >= 200 && status < 400);
	return progress => {
		if (progress.kind === 'head') return;
		const {answer} = progress;
		if (!answer) return settle(false, `cannot get ${url}: ${progress.kind === 'broken' ? progress.why : ''}`);
		const good = isGood(answer);
		const found = `HTTP ${answer.status} ${answer.reason}`.trim();
		if (progress.kind === 'broken') return settle(false, `${found}, and then: ${progress.why}`);
		// The page is read to its end even where it is not looked at: servers complain of those who hang up on them.
		if (progress.kind === 'page') return pattern ? undefined : presume(good, found);
		if (!good || !pattern || pattern.test(textOf(bytesOfLatin1(progress.page)))) settle(good, found);
		else settle(false, `${found}, but the page does not match /${body}/`);
	};
}

type Page = Extract<Probe, {kind: 'http'}>;

/** A program of the image that can speak TLS, which archon cannot. */
interface Tool {
	command(page: Page, seconds: number): readonly [string, ...string[]];
	/** Where the lines before the page are: with it, or among what the program says on stderr. */
	readonly head: 'stdout' | 'stderr';
}

/** A service's certificate is for its name in the world, which is not used from in here. */
const TOOLS: readonly Tool[] = [
	{
		head: 'stdout',
		command: ({url, headers}, seconds) => [
			'curl', '-q', '-sS', '-k', '-i', '-g', '--raw', '--http1.1', '--noproxy', '*', '--max-time', String(seconds),
			...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]), '--url', url,
		],
	},
	{
		// What the small one of BusyBox and the GNU one have in common.
		head: 'stderr',
		command: ({url, headers}, seconds) => [
			'wget', '-q', '-S', '-O', '-', '-T', String(seconds), '--no-check-certificate',
			...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]), url,
		],
	},
];

/** No proxy is asked for a page of this container. */
const NO_PROXY = {https_proxy: '', HTTPS_PROXY: '', all_proxy: '', ALL_PROXY: ''};

function fetchByTool(
	[tool, ...others]: readonly Tool[], page: Page, judge: Judge, effect: ProbeEffect, parts: ProbeParts, settle: Verdict['settle'],
): () => void {
	const {poller, reaper, output} = parts;
	const refuse = (why: string): (() => void) => {
		settle(false, `cannot get ${page.url}: ${why}`);
		return () => {};
	};
	if (!tool) return refuse('https needs curl or wget in the image');
	const reader = createAnswerReader(PAGE_MAX);
	let [text, words] = ['', ''];
	const fromStdout = openCapture(poller, more => {
		if (tool.head === 'stdout') judge(reader.read(more));
		else if (text.length < PAGE_MAX) text += more;
	});
	if (!fromStdout.ok) return refuse(`making a pipe: ${errnoText(fromStdout.error)}`);
	const fromStderr = openCapture(poller, more => {
		words = (words + more).slice(0, PAGE_MAX);
	});
	if (!fromStderr.ok) {
		close(fromStdout.value.writer);
		fromStdout.value.close();
		return refuse(`making a pipe: ${errnoText(fromStderr.error)}`);
	}
	const ears = [fromStdout.value, fromStderr.value];
	const [seconds, {run, service}] = [Math.ceil(effect.timeout / 1000) + 1, effect];
	const {exec} = service;
	const helped = {...service, exec: {...exec, environment: {...exec.environment, ...NO_PROXY}}};
	const streams = [output.nothing(), fromStdout.value.writer, fromStderr.value.writer] as const;
	let unstarted: string | null = null;
	let isStarted = false;
	const helper = runHelperCommand({run, service: helped, command: tool.command(page, seconds), streams, isTidy: true}, reaper, failure => {
		if (!isStarted) return void (unstarted = failure);
		for (const capture of ears) capture.drain();
		if (tool.head === 'stderr') {
			// The first answer is the page's own; where it points to is another.
			const answer = words.split('\n').map(line => answerOf(line.trim())).find(found => found !== null);
			if (answer) return judge({kind: 'whole', answer, page: text});
		}
		if (failure === null) return judge(reader.end());
		judge({kind: 'broken', answer: reader.answer(), why: lastLine(words) ?? failure});
	});
	isStarted = true;
	for (const capture of ears) close(capture.writer);
	const stop = (): void => {
		helper.stop();
		for (const capture of ears) capture.close();
	};
	if (helper.pid > 0) return stop;
	stop();
	// What else keeps it from being made keeps the next from it as well.
	const why: string = unstarted ?? '';
	return why.startsWith('executing ') ? fetchByTool(others, page, judge, effect, parts, settle) : refuse(why);
}

const find: Look<'file'> = ({path}, {service: {exec: {cwd}}}, _, {settle}) => {
	const full = resolve(isAbsolute(path) ? '/' : folderOf(cwd), path);
	start('access', {text: full, numbers: [F_OK]}, ({result}) =>
		settle(result >= 0, result < 0 ? `${full}: ${errnoText(-result)}` : `${full} is there`));
	return () => {};
};

const F_OK = 0;

/** archon's own where the service has none. */
function folderOf(cwd: string | null): string {
	if (cwd !== null && isAbsolute(cwd)) return cwd;
	const own = sys.realPath('.');
	return resolve(typeof own === 'number' ? '/' : own, cwd ?? '.');
}

/** The last line that is not blank, without what a terminal would not show; null: all are blank. */
function lastLine(text: string): string | null {
	const lines = textOf(bytesOfLatin1(text)).split('\n');
	return lines.map(line => line.replaceAll(/\p{Cc}/gu, ' ').trim()).findLast(line => line !== '') ?? null;
}
