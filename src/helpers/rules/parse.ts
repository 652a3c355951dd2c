/** Reads a text as Lua without running it, for `archon check`: in the world that rules have, with its bounds. */
import {basename} from '../../core/path.ts';
import {bytesOf} from '../../os/bytes.ts';
import {sys} from '../../os/sys.ts';
import {PRELUDE} from './prelude.ts';

const [MEMORY, DEADLINE] = [32 << 20, 2000];

/** Why it is no Lua, and in which line; null: it is. */
export function parseLua(path: string, text: string): {readonly line: number; readonly why: string} | null {
	if (sys.luaOpen(MEMORY, DEADLINE, PRELUDE) < 0) return null;
	const outcome = sys.luaRun(`@${basename(path)}`, bytesOf(text), true);
	if (outcome.startsWith('+')) return null;
	const [words = ''] = outcome.slice(1).split('\n');
	const found = /:(\d+): (.*)$/.exec(words);
	return found ? {line: Number(found[1]), why: found[2] ?? ''} : {line: 1, why: words || 'it is too large for Lua'};
}
