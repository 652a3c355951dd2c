/** `archon zeus restart`: the pool reads its config again and boots all of its nodes again, and goes on listening. */
import {SIG} from '../../core/signal-numbers.ts';
import {dirname} from '../../core/path.ts';
import type {Environment} from '../../os/environment.ts';
import {errnoText} from '../../os/errno.ts';
import {sys} from '../../os/sys.ts';
import {refuse, say} from '../streams.ts';
import {PID_FILE} from './project.ts';
import {reach} from './reach.ts';

const FAILED = 1;
const PID_MAX = 32;

/** The pid that the pool has written down must be the one that listens: another process may have it by now. */
export function restart(env: Environment): number {
	const reached = reach(env);
	if (!reached.ok) return refuse(`zeus: ${reached.error}`, FAILED);
	const {path, pid} = reached.value;
	const file = `${dirname(path)}/${PID_FILE}`;
	const text = sys.readText(file, PID_MAX);
	if (typeof text === 'number') return refuse(`zeus: ${file}, where the pool has its pid, cannot be read: ${errnoText(-text)}`, FAILED);
	const written = text.trim();
	if (written !== String(pid)) return refuse(`zeus: ${file} has the pid ${written}, but ${pid} listens at ${path}; nothing is done`, FAILED);
	const result = sys.kill(pid, SIG.USR1);
	if (result < 0) return refuse(`zeus: process ${pid} cannot be told to restart: ${errnoText(-result)}`, FAILED);
	return say(`the pool restarts all of its nodes (pid ${pid})\n`);
}
