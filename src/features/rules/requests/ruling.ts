/** What requests about rules in Lua need of archon. */
import type {RuleReport, Tried} from '../../../core/lua-rules.ts';
import type {Result} from '../../../core/result.ts';

export interface Ruling {
	/** Each calls back once, unless the result is called before; the error says why there is no answer. */
	list(told: (rules: Result<readonly RuleReport[], string>) => void): () => void;
	/** The files are read again, and rules begin again. */
	reload(told: (rules: Result<readonly RuleReport[], string>) => void): () => void;
	/** What a rule, or (null) each, would do at an event; none of it is done. */
	attempt(
		rule: string | null, fields: Readonly<Record<string, string | number | boolean>>, told: (tried: Result<readonly Tried[], string>) => void,
	): () => void;
}

export const NO_RULES = 'the config has no rules';
