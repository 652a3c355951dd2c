/**
 * What is changed in the engine before it is compiled: its bytecode says the line of each instruction and no column. A trace of
 * archon names lines only, and the columns were a tenth of all bytecode, which each start reads.
 */

/** What stands once in a file, and what stands there then. What writes bytecode and what reads it are changed together or not at all. */
export interface Change {
	readonly from: string;
	readonly to: string;
}

export const ENGINE_CHANGES: Readonly<Record<string, readonly Change[]>> = {
	'quickjs.c': [
		// add_pc2line_info: an entry for each line, not for each column.
		{
			from: '    if (line_num == s->line_number_last)\n        if (col_num == s->col_number_last)\n            return;\n',
			to: '    if (line_num == s->line_number_last)\n            return;\n\n',
		},
		// compute_pc2line_info, which writes the entries.
		{from: '            if (diff_line == 0 && diff_col == 0)\n', to: '            if (diff_line == 0)\n'},
		{from: '            dbuf_put_sleb128(&s->pc2line, diff_col);\n', to: '\n'},
		// find_line_num, which reads them.
		{
			from: '        ret = get_sleb128(&v, p, p_end);\n        if (ret < 0)\n            goto fail;\n        p += ret;\n'
				+ '        new_col_num = col_num + v;\n',
			to: '        new_col_num = col_num;\n\n\n\n\n',
		},
		// JS_WriteFunctionTag: where a function begins.
		{from: '    bc_put_leb128(s, b->col_num);\n', to: '    bc_put_leb128(s, 1);\n'},
	],
};

/** The text of a file with its changes; null where it is another version, in which one of them has no place or more than one. */
export function changed(text: string, changes: readonly Change[]): string | null {
	let result = text;
	for (const {from, to} of changes) {
		const [before, after, ...more] = result.split(from);
		if (before === undefined || after === undefined || more.length > 0) return null;
		result = before + to + after;
	}
	return result;
}
