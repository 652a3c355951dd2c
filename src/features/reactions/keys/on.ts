/** `on` of a service, and at the top of all: what is done when something happens. */
import {appended, eachBy} from '../../../config/merge.ts';
import type {Group, Part, ServiceGroup, Written} from '../../../config/group.ts';
import {key} from '../../../config/key.ts';
import type {Settings} from '../../../config/shape.ts';
import {accountsOf, ACTION, placesOf, planReactions, readReactions, type WrittenReactions} from './reading.ts';

const on = (help: string, example: string) => key<WrittenReactions | null>(
	readReactions, 'map by event of actions', 'none', null, help, example,
);

const KEYS = {on: on('what is done when something happens to it: run, restart, stop, signal, alert …', '{failed: [{run: /notify}]}')};

export const reactions = {
	keys: KEYS,
	merge: {on: eachBy(appended)},
	maps: [['actions, as in services.<name>.on', ACTION]],
	words: () => ({names: {on: 'events hooks handlers on_exit'}}),
	accounts: ({settings: {on}}: Written<Settings<typeof KEYS>>) => (on ? accountsOf(on) : []),
	actions: ({path, settings: {on}}: Written<Settings<typeof KEYS>>) => (on ? placesOf(on, path) : []),
	plan: ({on}: Settings<typeof KEYS>): Part => ({on: on && planReactions(on)}),
} satisfies ServiceGroup;

/** The same of all services, before what each of them has. */
export const reactionsOfAll = {
	keys: {on: on('what is done when something happens to any service, before what that has itself', '{failed: [alert]}')},
	merge: {on: eachBy(appended)},
} satisfies Group;
