/** `bind` at the top: services that know nothing of archon are given sockets of its own where they bind an address. */
import type {WholeGroup} from '../../../config/group.ts';
import {key} from '../../../config/key.ts';
import {reader, type Settings} from '../../../config/shape.ts';
import {type BindRules, NO_BIND} from '../core/rules.ts';
import {BIND, readBind, RULE} from './reading.ts';

const KEYS = {
	bind: key<BindRules>(
		reader(() => ({shape: BIND}), readBind), '{rules, library}', 'none', NO_BIND,
		'what services bind that know nothing of archon: it holds the socket, and they are given it in place of their own',
		'{rules: [{service: web, port: 80}]}',
	),
};

export const bind = {
	keys: KEYS,
	maps: [['bind', BIND], ['bind.rules[]', RULE]],
	words: () => ({names: {bind: 'bind_rules socket_rules'}}),
	plan: ({bind}: Settings<typeof KEYS>) => ({bind}),
} satisfies WholeGroup;
