/** `archonctl status --watch`: the table again whenever something has changed, on a screen or one below the other. */
import type {StatusRow} from '../control/requests/status/wire.ts';
import {BrokenPipe} from '../os/errno.ts';
import {createPoller} from '../os/poller.ts';
import {after, forget, run, watch} from '../os/reactor.ts';
import {isPersonThere} from '../os/person.ts';
import {openTerminal, type Size} from '../os/terminal.ts';
import {EXIT, type Io, type ReachLive} from './command.ts';
import {complain} from './reply.ts';
import {createDecoder, ESCAPE_PAUSE} from './terminal/keys.ts';
import {createScreen, ENTER, LEAVE} from './terminal/screen.ts';
import {stepOf} from './terminal/steps.ts';
import {DIM, type Span, spansOf} from './terminal/spans.ts';
import {watchServices} from './watch-services.ts';

/** Where the tables are shown. */
interface Place {
	services(rows: readonly StatusRow[]): void;
	/** What is told beside them. */
	say(text: string): void;
	/** Nothing more is shown. */
	close(): void;
}

/** Makes the text of a table. */
export type Show = (rows: readonly StatusRow[]) => string;

/** As a shell tells of a program that a signal has ended. */
const SIGNALLED = 128;
const INTERRUPTED = 130;

/** Until ctrl-c, or the end of archon. `isScreen`: where the terminal can, one table takes the place of the one before. */
export async function watchStatus(io: Io, reachLive: ReachLive, names: readonly string[], show: Show, isScreen: boolean): Promise<number> {
	const {promise, resolve, reject} = Promise.withResolvers<number>();
	let place: Place | null = null;
	const finish = (status: number, problem: string | null = null): void => {
		place?.close();
		if (problem !== null) complain(io, problem);
		resolve(status);
	};
	const live = await reachLive(state => {
		if (state.kind === 'lost') finish(EXIT.unreachable, `archon is gone: ${state.why}`);
		else if (state.kind === 'connected') place?.say('archon was re-executed');
	});
	if (!live.ok) {
		complain(io, live.error);
		return EXIT.unreachable;
	}
	place = isScreen && isPersonThere() && io.env['TERM'] !== 'dumb' ? onScreen(io, show, finish) : below(io, show, reject);
	watchServices(live.value, after, names, {
		services: place.services,
		refused: reason => finish(EXIT.refused, reason),
	});
	run();
	return promise;
}

const STDOUT = 1;

/** Each table below the one before, where it differs from that. */
function below(io: Io, show: Show, failed: (error: unknown) => void): Place {
	let before = '';
	// Where the reader goes away it ends, and not only when something changes.
	watch(STDOUT, 0, () => {
		forget(STDOUT);
		failed(new BrokenPipe('stdout has no reader'));
	});
	return {
		services(rows) {
			const now = JSON.stringify(rows);
			if (now === before) return;
			const text = show(rows);
			// Tables are parted by an empty line, objects by their lines.
			const isFirst = before === '' || text.startsWith('[');
			before = now;
			try {
				io.stdout(isFirst ? text : `\n${text}`);
			} catch (error) {
				failed(error);
			}
		},
		say: text => complain(io, text),
		close() {},
	};
}

const SECOND = 1000;

/** The alternate screen, which is scrolled where the table is longer. In the end the last table stays on the usual one. */
function onScreen(io: Io, show: Show, finish: (status: number, problem?: string | null) => void): Place {
	const screen = createScreen({isColoured: true});
	const decoder = createDecoder();
	let services: readonly StatusRow[] | null = null;
	let [offset, notice, isOpen] = [0, '', true];
	let lines: readonly string[] = [];
	let cancel = (): void => {};

	const key = (name: string, height: number): void => {
		notice = '';
		if (name === 'q' || name === 'ctrl-c') return finish(name === 'q' ? EXIT.ok : INTERRUPTED);
		if (name === 'ctrl-z') return terminal.suspend();
		if (name === 'ctrl-l') screen.forget();
		offset += stepOf(name === ' ' ? 'page-down' : name, height) ?? 0;
	};
	const keys = (inputs: ReturnType<typeof decoder.read>): void => {
		for (const input of inputs) if (isOpen && input.kind === 'key') key(input.key, terminal.size().rows - 1);
		draw(terminal.size());
	};
	const opened = openTerminal(createPoller(), {enter: ENTER, leave: LEAVE}, {
		typed(bytes) {
			cancel();
			keys(decoder.read(bytes));
			if (decoder.isPending()) cancel = after(ESCAPE_PAUSE, () => keys(decoder.flush()));
		},
		resized: draw,
		continued(size) {
			screen.forget();
			draw(size);
		},
		ended: signal => finish(signal === null ? EXIT.unreachable : SIGNALLED + signal),
	});
	if (!opened.ok) throw new Error(opened.error);
	const terminal = opened.value;

	function draw(size: Size): void {
		if (!isOpen || !services) return;
		lines = show(services).trimEnd().split('\n');
		const [titles = '', ...rest] = lines;
		const height = size.rows - 1;
		offset = Math.max(0, Math.min(offset, rest.length - height));
		const rows: (readonly Span[])[] = [titles, ...rest.slice(offset, offset + height)].map(line => spansOf(line));
		const below = rest.length - height - offset;
		const foot = notice || (below > 0 ? `${below + 1} more below` : '');
		if (foot !== '') rows[size.rows - 1] = [{text: foot, style: DIM}];
		const text = screen.draw({size, rows, cursor: null});
		if (text !== '') terminal.write(text);
	}
	/** Uptimes go on by the second. */
	const tick = (): void => void after(SECOND - Date.now() % SECOND, () => {
		draw(terminal.size());
		if (isOpen) tick();
	});
	tick();
	return {
		services(rows) {
			services = rows;
			draw(terminal.size());
		},
		say(text) {
			notice = text;
			draw(terminal.size());
		},
		close() {
			if (!isOpen) return;
			isOpen = false;
			terminal.close();
			if (lines.length > 0) io.stdout(`${lines.join('\n')}\n`);
		},
	};
}
