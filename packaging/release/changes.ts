/** What CHANGELOG.md says of a version. */
export interface Changes {
	/** YYYY-MM-DD. */
	readonly date: string;
	/** What was added, changed and fixed: one text each, in the words of the page. */
	readonly entries: readonly string[];
}

/** The section `## [VERSION] - YYYY-MM-DD`; null: there is none. */
export function changesOf(page: string, version: string): Changes | null {
	for (const section of page.split(/^## /m)) {
		const [head = '', ...lines] = section.split('\n');
		const [, name, date] = /^\[([^\]]+)\] - (\d{4}-\d{2}-\d{2})$/.exec(head) ?? [];
		if (name !== version || date === undefined) continue;
		const entries: string[] = [];
		for (const line of lines) {
			if (line.startsWith('- ')) entries.push(line.slice(2));
			else if (line.startsWith('  ') && entries.length > 0) entries.push(`${entries.pop()} ${line.trim()}`);
		}
		return {date, entries};
	}
	return null;
}
