/** `sync` at the top: programs pulled from a master. What few configs have is loaded with the first that has it. */
import type {WholeGroup} from '../../config/group.ts';
import {key} from '../../config/key.ts';
import {reader, type Settings, type Shape} from '../../config/shape.ts';
import {byNeed} from '../../core/by-need.ts';
import type {Sync} from '../../core/sync.ts';

const reading = byNeed(() => import('./keys/reading.ts'));

const KEYS = {
	sync: key<Sync | null>(
		reader(() => ({shape: reading().SYNC}), (from, context) => reading().readSync(from, context)),
		'{source, dest, keys, …}', 'none', null, 'programs pulled from a master into a folder of their own',
		'{source: "https://master/app", dest: /opt/app, keys: RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3}',
	),
};

export const sync = {
	keys: KEYS,
	get maps(): readonly (readonly [title: string, shape: Shape])[] {
		return [['sync', reading().SYNC]];
	},
	words: () => ({names: {sync: 'pull mirror master update quesofiesta'}}),
	plan: ({sync}: Settings<typeof KEYS>) => ({sync}),
} satisfies WholeGroup;
