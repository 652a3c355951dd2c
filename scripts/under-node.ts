/**
 * The seam under Node, for tests and debugging: `node --import ./scripts/under-node.ts src/main.ts …` runs archon's
 * sources as they are, with the same C as the executable, built as an addon.
 */
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import type {Sys} from '../src/os/sys.ts';
import {pageText} from './build/page.ts';
import './by-need-hook.ts';

const root = dirname(import.meta.dirname);
const addon = createRequire(import.meta.url)(join(root, 'dist', 'native', 'archon.node')) as Sys;

globalThis.native = {
	...addon,
	// Node's own name is not archon's, and what Node was told stands before it.
	arguments: () => ['archon', ...process.argv.slice(2)],
	run(turn) {
		setImmediate(() => {
			turn();
			native.run(turn);
		});
	},
	onRejection: callback => void process.on('unhandledRejection', callback),
	embedded(name) {
		if (name === 'page') return new TextEncoder().encode(pageText(root));
		const file = {'LICENSE': 'LICENSE', 'openapi.json': 'docs/openapi.json'}[name];
		return file === undefined ? undefined : new Uint8Array(readFileSync(join(root, file)));
	},
	collectGarbage() {},
};
