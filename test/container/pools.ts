/** A pool as a service of an archon that is PID 1, its clients by `docker exec`, and its nodes by what `ps` shows. */
import {join} from 'node:path';
import {expect} from 'vitest';
import {boot, type Box, type Said} from './harness.ts';
import {ROOT} from './places.ts';

export const LANGUAGES = [['python', 'py'], ['ruby', 'rb']] as const;
export type Language = (typeof LANGUAGES)[number][0];

/** All nodes of the image's plans, each after its parent. */
export const NODES = ['boot', 'shared', 'development', 'testing', 'spare'] as const;
export type NodeName = (typeof NODES)[number];

/** A container with one pool that is called app. */
export interface Pool extends AsyncDisposable {
	readonly box: Box;
	readonly folder: string;
	/** `archon zeus ARGS…` in the pool's folder. */
	zeus(...args: readonly string[]): Promise<Said>;
	/** A shell script in the pool's folder; it must succeed. */
	sh(script: string): Promise<string>;
	/** The pid of the node's process, which must be one. */
	pid(node: NodeName): Promise<number>;
	/** Waits until a node has another process than that, which serves: it forks what is asked for. */
	another(node: NodeName, than: number): Promise<number>;
	pids(): Promise<Record<NodeName, number>>;
}

export async function bootPool(language: Language, keys = ''): Promise<Pool> {
	const folder = `/app/${language}`;
	const box = await boot({
		image: 'pool', config: `pools: {app: {config: zeus.json, dir: ${folder}${keys}}}\n`,
		mounts: {'/scenes': join(ROOT, 'test', 'characters', 'pool')},
	});
	const found = async (node: NodeName): Promise<readonly number[]> => (await box.exec('pgrep', '-x', node)).stdout.split('\n').filter(Boolean).map(Number);
	const pool: Pool = {
		box, folder,
		zeus: (...args) => box.exec('sh', '-c', 'cd "$0" && exec archon zeus "$@"', folder, ...args),
		sh: script => box.sh(`cd ${folder} || exit\n${script}`),
		async pid(node) {
			let pids: readonly number[] = [];
			await expect.poll(async () => (pids = await found(node)).length, {message: `processes of ${node}`}).toBe(1);
			return pids[0] ?? 0;
		},
		async another(node, than) {
			await expect.poll(async () => {
				const pids = await found(node);
				return pids.length === 1 && pids[0] !== than;
			}, {message: `another process of ${node} than ${than}`}).toBe(true);
			return pool.pid(node);
		},
		async pids() {
			const pids = await Promise.all(NODES.map(async node => [node, await pool.pid(node)] as const));
			return Object.fromEntries(pids) as Record<NodeName, number>;
		},
		[Symbol.asyncDispose]: () => box[Symbol.asyncDispose](),
	};
	await box.comesTo('app', 'running');
	return pool;
}
