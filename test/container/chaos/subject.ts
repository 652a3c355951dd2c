/** A container as its machine sees it: its PID 1, its processes, its control socket, and the lines that come out of it. */
import {readdirSync, readFileSync} from 'node:fs';
import {connect} from 'node:net';
import {getContainerRuntimeClient} from 'testcontainers';
import {CHATTERS} from './scene.ts';

/** A process of the container. */
export interface Process {
	/** As this machine and as the container number it. */
	readonly pid: number;
	readonly inner: number;
	readonly parent: number;
	readonly state: string;
	readonly command: string;
	/** ARCHON_SERVICE and ARCHON_RUN of its environment; empty: it has none, or ends. */
	readonly service: string;
	readonly run: string;
}

/** What came out of the container's streams so far. */
export interface Lines {
	delivered: number;
	/** Numbers that were left out although their process wrote a later one. */
	missing: number;
	/** What archon says that it dropped. */
	dropped: number;
	/** Processes of the besieged service that could not be made. */
	refused: number;
	/** After crashes. */
	revivals: number;
	/** Lines that no service has written, or that came twice. */
	readonly wrong: string[];
}

export interface Subject {
	/** PID 1, as this machine numbers it. */
	readonly pid: number;
	readonly lines: Lines;
	readonly socket: string;
	processes(): readonly Process[];
	/** A path of the container, as this machine reaches it. */
	path(inner: string): string;
	/** Sends a record to archon: its reply's rows, null: no reply came in time. */
	ask(record: string, millis?: number): Promise<readonly string[] | null>;
	/** Every service by its name, or null where archon does not answer. */
	status(): Promise<ReadonlyMap<string, Standing> | null>;
	measure(): Measures;
	/** Whether it is far enough in its life to survive a crash; a signal that comes earlier, PID 1 does not get. */
	isArmed(): boolean;
}

export interface Standing {
	readonly status: string;
	readonly pid: number;
	readonly restarts: number;
}

/** Of PID 1; memory in KiB, `privately` what it has written to. */
export interface Measures {
	readonly rss: number;
	readonly privately: number;
	readonly fds: number;
	readonly threads: number;
}

/** In the sets of signals that /proc shows. Node itself does not handle it. */
const SIGBUS = 1n << 6n;

export async function subjectOf(id: string): Promise<Subject> {
	const {container: {dockerode}} = await getContainerRuntimeClient();
	const container = dockerode.getContainer(id);
	const pid = (await container.inspect()).State.Pid;
	const lines: Lines = {delivered: 0, missing: 0, dropped: 0, refused: 0, revivals: 0, wrong: []};
	const stream = await container.logs({stdout: true, stderr: true, follow: true});
	const streams = new Map<number, (text: string) => void>([[1, byLines(lines)], [2, byLines(lines)]]);
	let bytes = Buffer.alloc(0);
	// Docker's log of both streams: frames of a header of 8 bytes, the length in its last four, and the text.
	stream.on('data', (data: Buffer) => {
		bytes = Buffer.concat([bytes, data]);
		while (bytes.length >= 8 && bytes.length >= 8 + bytes.readUInt32BE(4)) {
			const end = 8 + bytes.readUInt32BE(4);
			streams.get(bytes[0] ?? 0)?.(bytes.toString('latin1', 8, end));
			bytes = bytes.subarray(end);
		}
	});
	const path = (inner: string): string => `/proc/${pid}/root${inner}`;
	const socket = path('/run/archon/archon.sock');
	const ask = (record: string, millis = 20_000): Promise<readonly string[] | null> => call(socket, record, millis);
	return {
		pid, lines, path, socket, ask,
		processes: () => processesOf(pid),
		async status() {
			const rows = await ask('Status', 5000);
			return rows && new Map(rows.flatMap(row => {
				const [, name = '', status = '', pid, , restarts] = row.split(',');
				return row.startsWith('Row,') ? [[name, {status, pid: Number(pid), restarts: Number(restarts)}] as const] : [];
			}));
		},
		measure: () => measure(pid),
		isArmed: () => (BigInt(`0x${/^SigCgt:\t(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]}`) & SIGBUS) !== 0n,
	};
}

/** What to do with each piece of a stream. */
function byLines(lines: Lines): (text: string) => void {
	const chatters = new RegExp(`^(?:\\w+ +\\| )?(${CHATTERS.join('|')}) (\\d+)-(\\d+) (x*)$`);
	const last = new Map<string, {run: number; number: number}>();
	let rest = '';
	return text => {
		const whole = (rest + text).split('\n');
		rest = whole.pop() ?? '';
		for (const line of whole) {
			const [, name = '', run, number, text] = chatters.exec(line) ?? [];
			if (name !== '') take(lines, last, line, name, Number(run), Number(number), text ?? '');
			else if (/^archon +\| .*archon (?:was sent|crashed).* was re-executed: /.test(line)) lines.revivals++;
			else if (/^archon +\| .*lines? (?:was|were) dropped/.test(line)) lines.dropped += Number(/(\d+) lines? (?:was|were) dropped/.exec(line)?.[1]);
			else if (/^archon +\| .*cannot start victim: /.test(line)) lines.refused++;
			// While archon does only what is needed, files are none of that.
			else if (/\d+-\d+ |\bx+$|a bug|cannot use the state/.test(line) && !/^(?:filer|keeper|owner) \d+-\d+ x*$/.test(line)) lines.wrong.push(line);
		}
	};
}

function take(
	lines: Lines, last: Map<string, {run: number; number: number}>, line: string, name: string, run: number, number: number, text: string,
): void {
	const before = last.get(name);
	const expected = before?.run === run ? before.number + 1 : 1;
	if (text.length !== number % 60 || number < expected || (before && run < before.run)) lines.wrong.push(`${line} instead of ${run}-${expected}`);
	else lines.missing += number - expected;
	lines.delivered++;
	last.set(name, {run, number});
}

function call(socket: string, record: string, millis: number): Promise<readonly string[] | null> {
	return new Promise(resolve => {
		const connection = connect(socket);
		let text = '';
		const end = (isWhole: boolean): void => {
			clearTimeout(timer);
			connection.destroy();
			resolve(isWhole ? text.split('\n').slice(0, -1) : null);
		};
		const timer = setTimeout(() => end(false), millis);
		connection.on('error', () => end(false));
		connection.on('close', () => end(false));
		connection.on('data', data => {
			text += data.toString('latin1');
			if (/^(?:Ok|Error|ExitStatus)\b.*\n/m.test(text)) end(true);
		});
		connection.write(`${record}\n`);
	});
}

/** Through the container's own /proc: numbers, parents and environments as they are inside. */
function processesOf(pid: number): readonly Process[] {
	const proc = `/proc/${pid}/root/proc`;
	const space = numbersOf(pid);
	return readdirSync(proc).flatMap(name => {
		if (!/^\d+$/.test(name)) return [];
		try {
			const stat = readFileSync(`${proc}/${name}/stat`, 'latin1');
			const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
			const command = readFileSync(`${proc}/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
			const variables = readFileSync(`${proc}/${name}/environ`, 'latin1').split('\0');
			const variable = (key: string): string => variables.find(text => text.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
			const outer = space.get(Number(name)) ?? 0;
			if (outer === 0) return [];
			return [{
				pid: outer, inner: Number(name), parent: Number(parent), state, command,
				service: variable('ARCHON_SERVICE'), run: variable('ARCHON_RUN'),
			}];
		} catch {
			return []; // It has ended.
		}
	});
}

/** The pids of this machine by those of the container: its PID 1 has all others below it. */
function numbersOf(root: number): ReadonlyMap<number, number> {
	const numbers = new Map<number, number>();
	const visit = (pid: number): void => {
		try {
			const inner = /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
			numbers.set(Number(inner), pid);
			for (const task of readdirSync(`/proc/${pid}/task`)) {
				const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim();
				for (const child of children === '' ? [] : children.split(' ')) visit(Number(child));
			}
		} catch {
			// It has ended, and its children are PID 1's.
		}
	};
	visit(root);
	return numbers;
}

function measure(pid: number): Measures {
	const memory = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
	const sum = (name: RegExp): number => [...memory.matchAll(name)].reduce((sum, [, size]) => sum + Number(size), 0);
	return {
		rss: sum(/^Rss: +(\d+)/gm),
		privately: sum(/^Private_Dirty: +(\d+)/gm),
		fds: readdirSync(`/proc/${pid}/fd`).length,
		threads: readdirSync(`/proc/${pid}/task`).length,
	};
}
