/** `pools` at the top: processes that fork on request. What few configs have is loaded with the first that has it. */
import {mapOf, NAME} from '../../config/accepts.ts';
import type {Group} from '../../config/group.ts';
import {key} from '../../config/key.ts';
import {eachBy, overlayService} from '../../config/merge.ts';
import {reader, type Shape} from '../../config/shape.ts';
import {byNeed} from '../../core/by-need.ts';
import type {DeclaredPool} from './keys/declared.ts';

const reading = byNeed(() => import('./keys/reading.ts'));

const KEYS = {
	pools: key<ReadonlyMap<string, DeclaredPool>>(
		reader(() => mapOf({shape: reading().OWN}, NAME), (from, context) => reading().readPools(from, context)),
		'map by name', 'empty', new Map(), 'programs that stay loaded in trees of processes, which fork a new one for each command',
		'{app: {command: python3 /usr/share/archon/workers/archon_worker.py plan.py, dir: /app, plan: {boot: {console: [c]}}}}',
	),
};

export const pools = {
	keys: KEYS,
	merge: {pools: eachBy(overlayService)},
	get maps(): readonly (readonly [title: string, shape: Shape])[] {
		return [['pools.<name>', reading().OWN]];
	},
	words: () => ({names: {pools: 'zeus pool spring preloader preload'}}),
} satisfies Group;
