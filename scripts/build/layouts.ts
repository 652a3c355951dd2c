/** Makes src/native/layouts.h of src/os/layouts.ts: what TypeScript and C both know of each other's numbers and layouts. */
import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {ORIGINS} from '../../src/core/signals.ts';
import * as layouts from '../../src/os/layouts.ts';
import type {FieldType, Layout} from '../../src/os/layouts.ts';

/** Where the header is, from the root. */
export const HEADER_FILE = 'src/native/layouts.h';

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
const upper = (name: string): string => snake(name).toUpperCase();

/** Named numbers; `count`: the name of how many there are, after the highest. */
function numbers(tag: string, prefix: string, values: Readonly<Record<string, number>>, count?: string): string {
	const rows = Object.entries(values).map(([name, value]) => `\t${prefix}_${upper(name)} = ${value},\n`);
	return `enum${tag && ` ${tag}`} {\n${rows.join('')}${count === undefined ? '' : `\t${count},\n`}};\n`;
}

const inOrder = (names: readonly string[]): Record<string, number> => Object.fromEntries(names.map((name, i) => [name, i]));

const constant = (name: string, value: number): string => `#define ${name} ${value}\n`;

function struct({struct, fields, at, size}: Layout): string {
	const entries: readonly (readonly [string, FieldType])[] = Object.entries(fields);
	const rows = entries.map(([name, {name: type, count}]) => `\t${type} ${snake(name)}${count === undefined ? '' : `[${count}]`};\n`);
	const asserts = entries.map(([name, {size}]) =>
		`_Static_assert(offsetof(struct ${struct}, ${snake(name)}) == ${at[name]} && `
		+ `sizeof((struct ${struct} *)0)->${snake(name)} == ${size}, "${struct}.${snake(name)}");\n`);
	return `struct ${struct} {\n${rows.join('')}};\n${asserts.join('')}_Static_assert(sizeof(struct ${struct}) == ${size}, "${struct}");\n`;
}

/** The text of the header. */
export function headerText(): string {
	const parts = [
		`/* Numbers and layouts that TypeScript and C both know. Made from src/os/layouts.ts, which explains them, by scripts/build/layouts.ts. */
#ifndef LAYOUTS_H
#define LAYOUTS_H
#include <stddef.h>
#include <stdint.h>
`,
		numbers('stage', 'STAGE', inOrder(Object.keys(layouts.STAGES))),
		numbers('flag', 'FLAG', layouts.REQUEST_FLAG),
		numbers('oom', 'OOM', layouts.OOM),
		constant('NICE_AS_IS', layouts.NICE_AS_IS) + constant('REQUEST_FDS_MAX', layouts.REQUEST_FDS_MAX),
		struct(layouts.REQUEST), struct(layouts.LIMIT), struct(layouts.SPAWN_REPORT),
		numbers('cause_kind', 'CAUSE', inOrder(layouts.CAUSE_KINDS)),
		struct(layouts.CAUSE),
		constant('CAUSES_MAX', layouts.CAUSES_MAX) + constant('CAUSE_WORDS_MAX', layouts.CAUSE_WORDS_MAX)
			+ constant('HEADER_ROOM', layouts.HEADER_ROOM),
		struct(layouts.HEADER),
		numbers('origin', 'ORIGIN', inOrder(ORIGINS)),
		numbers('', 'STAT', layouts.STAT, 'STAT_FIELDS'),
		constant('ANCILLARY_FDS_MAX', layouts.ANCILLARY_FDS_MAX),
		numbers('', 'ANCILLARY', layouts.ANCILLARY, 'ANCILLARY_FIELDS = ANCILLARY_FDS + ANCILLARY_FDS_MAX'),
		numbers('', 'SIGNAL', layouts.SIGNAL_REPORT, 'SIGNAL_FIELDS'),
		numbers('', 'CHILD', layouts.CHILD_REPORT, 'CHILD_FIELDS'),
		numbers('', 'PEER', layouts.PEER_REPORT, 'PEER_FIELDS'),
		numbers('', 'FOUND', layouts.PLACE_REPORT, 'FOUND_FIELDS'),
		numbers('', 'DONE', layouts.JOB_REPORT, 'DONE_FIELDS'),
		numbers('job_kind', 'JOB', inOrder(layouts.JOBS)),
		numbers('', 'PLACE', layouts.PLACE),
		numbers('', 'OPEN', layouts.OPEN),
		numbers('refusal', 'REFUSED', inOrder(layouts.REFUSALS)),
		numbers('writer', 'WRITER', inOrder(layouts.WRITERS)),
		numbers('', 'SCAN', layouts.SCAN),
		'#endif\n',
	];
	return parts.join('\n');
}

/** Writes it where it is another one than there is. */
export async function writeHeader(root: string): Promise<void> {
	const path = join(root, HEADER_FILE);
	const text = headerText();
	if (await readFile(path, 'utf8').catch(() => '') !== text) await writeFile(path, text);
}
