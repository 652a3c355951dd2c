/** The files of rules, read by the helper's own user: only regular ones, which none but root and archon's user may write. */
import {RULE_FILE_MAX, RULE_FILES_MAX} from '../../core/lua-rules.ts';
import {rulePaths} from '../../features/rules/core/paths.ts';
import {bytesOf} from '../../os/bytes.ts';
import {files} from '../../os/files.ts';

/** A file, or why it is not used. */
export interface RuleFile {
	readonly path: string;
	readonly bytes: Uint8Array;
	/** In words; empty: it is used. */
	readonly why: string;
}

const NOTHING = bytesOf('');

/** Waits for a file system no longer than two seconds for each. */
export function readRuleFiles(patterns: readonly string[]): readonly RuleFile[] {
	const found: RuleFile[] = [];
	for (const pattern of patterns) {
		const paths = rulePaths(pattern, files.list);
		if (!paths.ok) found.push({path: pattern, bytes: NOTHING, why: `cannot be read: ${paths.error.reason}`});
		else for (const path of paths.value) if (!found.some(each => each.path === path)) found.push(readRuleFile(path));
		if (found.length <= RULE_FILES_MAX) continue;
		return [...found.slice(0, RULE_FILES_MAX), {path: pattern, bytes: NOTHING, why: `means more than ${RULE_FILES_MAX} files`}];
	}
	return found;
}

function readRuleFile(path: string): RuleFile {
	const unused = (why: string): RuleFile => ({path, bytes: NOTHING, why});
	const read = files.readShared(path, RULE_FILE_MAX);
	if (!read.ok) return unused(read.error.isOfPath ? read.error.reason : `cannot be read by the user of archon.rules: ${read.error.reason}`);
	const {bytes, isOfOthers} = read.value;
	if (bytes.length > RULE_FILE_MAX) return unused(`is larger than ${RULE_FILE_MAX >> 10} KiB`);
	return isOfOthers ? unused('may be written by others than root, and archon does what it says (chmod go-w)') : {path, bytes, why: ''};
}
