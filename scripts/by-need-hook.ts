/** Under Node, parts of `src/` that are loaded by need are there as soon as the file that names them (`by-need.ts`). */
import {registerHooks} from 'node:module';
import {forNode} from './by-need.ts';

registerHooks({
	load(url, context, next) {
		const loaded = next(url, context);
		if (!url.includes('/src/') || !url.endsWith('.ts') || !loaded.source) return loaded;
		return {...loaded, source: forNode(String(Buffer.from(loaded.source as Uint8Array)))};
	},
});
