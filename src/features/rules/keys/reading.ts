/** What `rules` may say: the files of rules in Lua, and the bounds of what they may do. */
import {HOW_TO_HEAR, NO_ONE} from '../../../config/alert-advice.ts';
import {duration as durations, either, listOf, textLike} from '../../../config/accepts.ts';
import {key, optional, value} from '../../../config/key.ts';
import type {Lookups} from '../../../config/planning.ts';
import {directoryOf, type Report} from '../../../config/problems.ts';
import {readBy, readListOf, refuse, refuseKind} from '../../../config/readers.ts';
import {duration, fault, parser, user} from '../../../config/scalars.ts';
import {type Context, reader, readShape, REQUIRED, shape, within} from '../../../config/shape.ts';
import {isNothing, type Value} from '../../../config/values.ts';
import {type LuaRules, RULE_FILE_MAX, RULE_FILES_MAX} from '../../../core/lua-rules.ts';
import {isAbsolute, join} from '../../../core/path.ts';
import {ok} from '../../../core/result.ts';
import type {Millis} from '../../../core/time.ts';
import {size} from '../../logging/keys/scalars.ts';
import {rulePaths} from '../core/paths.ts';

const PATH = String.raw`^([^*]*/)?([^*/]+\*?[^*/]*|\*[^*/]*)$`;
const [LEAST, MOST]: readonly [Millis, Millis] = [10, 10_000];

const path = parser<string>(() => textLike(PATH, '/etc/archon/rules/*.lua'), text => {
	if (new RegExp(PATH).test(text)) return ok(text);
	return fault('is not the path of a file, with at most one * in its name', 'write /etc/archon/rules/*.lua');
});

export const RULES = shape({
	lua: key<readonly string[]>(
		reader(() => either(path.accepts(), listOf(path.accepts(), {minItems: 1, maxItems: RULE_FILES_MAX})), readListOf(readBy(path))),
		'path | list of paths', REQUIRED, [], 'files of rules in Lua; the name of one may have a * in it', '/etc/archon/rules/*.lua',
	),
	deadline: value(parser(() => durations(LEAST, MOST), text => {
		const millis = duration(text);
		if (!millis.ok) return millis;
		return millis.value >= LEAST && millis.value <= MOST ? millis : fault('is not between 10ms and 10s');
	}), 'duration', '250ms', 'the processor\'s time that a rule may take for an event; from 10ms to 10s'),
	memory: value(size('1m', '256m'), 'size', '16m', 'of all rules together; from 1m to 256m', '32m'),
	run_as: optional(
		user, 'user', 'the service\'s, but not root',
		'who all commands of rules run as, root included; else the service\'s user, and 65523 in place of root', 'app',
	),
}, {words: () => ({names: {
	lua: 'files file scripts script path', deadline: 'timeout limit', memory: 'max_memory memory_limit', run_as: 'user as',
}})});

export function readRules(from: Value, context: Context): LuaRules | null | undefined {
	if (isNothing(from)) return null;
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with lua');
	const {lua, deadline, memory, run_as: runAs} = readShape(RULES, from, context);
	const written = from.entries.get('lua')?.value;
	const isEmpty = !written || isNothing(written) || (written.kind === 'list' && written.items.length === 0);
	if (isEmpty) refuse(from, context, 'does not say which files', 'write lua: /etc/archon/rules/*.lua');
	// What was written was refused.
	if (lua.length === 0) return undefined;
	const at = written ?? from;
	if (lua.length > RULE_FILES_MAX) refuse(at, within(context, 'lua'), `names more than ${RULE_FILES_MAX} files`);
	return {files: lua.map(each => (isAbsolute(each) ? each : join(directoryOf(at), each))), deadline, memory, runAs};
}

/** What is wrong with the files themselves. `at`: where `rules` stands; `isHeard`: there are receivers of alerts. */
export function judgeRules(
	{files}: LuaRules, at: Value, {listFolder, readFile, parseLua}: Lookups, isHeard: boolean, report: Report, note: Report,
): void {
	const place = (at.kind === 'map' ? at.entries.get('lua')?.value : null) ?? at;
	for (const pattern of files) {
		const paths = rulePaths(pattern, listFolder);
		if (!paths.ok) report(place, `rules.lua: ${paths.error.problem.message}`);
		else if (paths.value.length === 0) note(place, `rules.lua: ${pattern} means no file now`);
		for (const path of paths.ok ? paths.value.slice(0, RULE_FILES_MAX) : []) {
			const source = readFile(path);
			if (!source.ok) {
				report(place, `rules.lua: ${source.error.problem.message}`);
			} else if (source.value.isOfOthers) {
				report(place, `rules.lua: others than root may write ${path}, and archon does what it says`, `chmod go-w ${path}`);
			} else if (source.value.text.length > RULE_FILE_MAX) {
				report(place, `rules.lua: ${path} is larger than ${RULE_FILE_MAX >> 10} KiB`);
			} else {
				const {file, text} = source.value;
				const flaw = parseLua?.(path, text) ?? null;
				if (flaw) report({source: {file, text}, offset: offsetOf(text, flaw.line)}, flaw.why);
				const line = isHeard ? -1 : text.split('\n').findIndex(each => ALERTS.test(each));
				if (line >= 0) note({source: {file, text}, offset: offsetOf(text, line + 1)}, `archon.alert ${NO_ONE}`, HOW_TO_HEAR);
			}
		}
	}
}

/** A line that tells people, as far as that is seen without running it. */
const ALERTS = /^(?:(?!--).)*\barchon\.alert\b/;

/** Of the first character in the line that is no space. */
function offsetOf(text: string, line: number): number {
	const before = text.split('\n').slice(0, Math.max(0, line - 1)).reduce((sum, {length}) => sum + length + 1, 0);
	return before + (/^\s*/.exec(text.slice(before).split('\n', 1)[0] ?? '')?.[0].length ?? 0);
}
