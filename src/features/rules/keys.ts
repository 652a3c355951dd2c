/** `rules` at the top: rules in Lua. What few configs have is loaded with the first that has it. */
import type {WholeGroup} from '../../config/group.ts';
import {key} from '../../config/key.ts';
import {reader, type Settings, type Shape} from '../../config/shape.ts';
import {byNeed} from '../../core/by-need.ts';
import type {LuaRules} from '../../core/lua-rules.ts';

const reading = byNeed(() => import('./keys/reading.ts'));

const KEYS = {
	rules: key<LuaRules | null>(
		reader(() => ({shape: reading().RULES}), (from, context) => reading().readRules(from, context)),
		'{lua, deadline, memory, run_as}', 'none', null, 'rules in Lua, which say what is done when something has happened',
		'{lua: /etc/archon/rules/*.lua}',
	),
};

export const rules = {
	keys: KEYS,
	get maps(): readonly (readonly [title: string, shape: Shape])[] {
		return [['rules', reading().RULES]];
	},
	words: () => ({names: {rules: 'lua scripts scripting'}}),
	plan: ({rules}: Settings<typeof KEYS>) => ({rules}),
} satisfies WholeGroup;
