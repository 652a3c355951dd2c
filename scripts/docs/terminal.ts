/**
 * The picture of a terminal in the README, docs/images/terminal.svg: a session in a real container of the image `archon-web`
 * (`packaging/build-images web` makes it), as it was printed. `npm run picture` makes it again.
 */
import {execFileSync} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

interface Shown {
	readonly command: string;
	/** Done in the container before it, by a shell. */
	readonly before?: string;
	readonly isAtTerminal?: boolean;
	/** The part that is shown. */
	readonly pick?: (said: string) => string;
}

/** `docker logs` shows archon's own lines of the end, and not those before. */
const SESSION: readonly Shown[] = [
	{command: 'docker exec box archonctl tree', before: 'archonctl wait nginx && sleep 4', isAtTerminal: true},
	{command: 'docker exec box archonctl signal KILL redis'},
	{command: 'docker exec box archonctl status', before: 'archonctl wait redis && sleep 2', isAtTerminal: true},
	{command: 'docker stop box'},
	{command: 'docker logs box', pick: said => said.slice(Math.max(0, said.search(/^archon +\| shutting down/m)))},
];

const run = (command: string): string => {
	const [program = '', ...args] = command.split(' ');
	return execFileSync(program, args, {encoding: 'utf8', timeout: 60_000});
};

/** The session in a container that begins and ends with it: what the terminal showed, with its escape sequences. */
export function record(options: readonly string[] = []): string {
	const box = `archon-picture-${process.pid}`;
	run(['docker', 'run', '--detach', ...options, '--name', box, 'archon-web'].join(' '));
	try {
		return SESSION.map(({command, before, isAtTerminal = false, pick = (said: string) => said}) => {
			const real = command.replace(/\bbox\b/, box).replace('exec ', isAtTerminal ? 'exec -t ' : 'exec ');
			if (before !== undefined) execFileSync('docker', ['exec', box, 'sh', '-c', before], {timeout: 60_000});
			const said = command.startsWith('docker logs')
				? execFileSync('sh', ['-c', `${real} 2>&1 | grep '^archon '`], {encoding: 'utf8'})
				: run(real).replaceAll('\r\n', '\n').replaceAll(box, 'box');
			return `$ ${command}\n${pick(said)}`;
		}).join('');
	} finally {
		run(`docker rm --force ${box}`);
	}
}

/** A piece of a line in one style, and the column that it begins in. */
interface Piece {
	readonly column: number;
	readonly text: string;
	readonly style: string;
}

/** What archon and archonctl use of ECMA-48's SGR. */
const STYLES: Readonly<Record<string, string>> = {1: 'bold', 2: 'dim', 31: 'red', 32: 'green', 33: 'yellow'};

/** Blanks part pieces, so that columns stand below each other whatever the width of the viewer's font is. */
function piecesOf(line: string): readonly Piece[] {
	const pieces: Piece[] = [];
	let style = line.startsWith('$ ') ? 'prompt' : '';
	let column = 0;
	for (const [i, part] of line.split(/\u001B\[([\d;]*)m/).entries()) {
		if (i % 2 === 1) style = STYLES[part] ?? '';
		else {
			for (const {0: text, index} of part.matchAll(/\S+(?: \S+)*/g)) pieces.push({column: column + index, text, style});
			column += part.length;
		}
	}
	return pieces;
}

const SIZE = 14;
const ADVANCE = 8.43;
const HEIGHT = 20;
const MARGIN = 20;

/** The picture of what a terminal showed. It has its own background, light and dark. */
export function picture(shown: string): string {
	const lines = shown.trimEnd().split('\n');
	const columns = Math.max(...lines.map(line => line.replaceAll(/\u001B\[[\d;]*m/g, '').length));
	const [width, height] = [Math.ceil(columns * ADVANCE) + 2 * MARGIN, lines.length * HEIGHT + 2 * MARGIN];
	const texts = lines.flatMap((line, row) => piecesOf(line).map(({column, text, style}) => {
		const attribute = style === '' ? '' : ` class="${style}"`;
		return `<text x="${(MARGIN + column * ADVANCE).toFixed(1)}" y="${MARGIN + row * HEIGHT + SIZE}"${attribute}>${escaped(text)}</text>`;
	}));
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>archonctl shows four services, redis is killed and comes back, and docker stop ends all in order</title>
<style>
text { font: ${SIZE}px ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", Consolas, monospace; fill: #1f2328; white-space: pre }
rect { fill: #f6f8fa; stroke: #d0d7de }
.prompt { fill: #0550ae; font-weight: 600 } .bold { font-weight: 700 }
.dim { fill: #59636e } .green { fill: #1a7f37 } .yellow { fill: #9a6700 } .red { fill: #cf222e }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } rect { fill: #0d1117; stroke: #3d444d }
.prompt { fill: #79c0ff } .dim { fill: #9198a1 } .green { fill: #3fb950 } .yellow { fill: #d29922 } .red { fill: #ff7b72 }
}
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>
${texts.join('\n')}
</svg>
`;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The lines of a picture, each with single blanks. */
export function linesOf(svg: string): readonly string[] {
	const rows = new Map<string, string[]>();
	for (const [, y = '', text = ''] of svg.matchAll(/<text x="[^"]*" y="([^"]*)"[^>]*>([^<]*)<\/text>/g)) {
		rows.set(y, [...rows.get(y) ?? [], text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')]);
	}
	return [...rows.values()].map(pieces => pieces.join(' ').replaceAll(/\s+/g, ' '));
}

if (import.meta.main) {
	const file = join(dirname(dirname(import.meta.dirname)), 'docs', 'images', 'terminal.svg');
	mkdirSync(dirname(file), {recursive: true});
	writeFileSync(file, picture(record()));
}
