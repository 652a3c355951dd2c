/** What is made for a container engine: plain values, with remarks where a person has to decide, printed as YAML. */
import type {Value} from '../values.ts';
import {printYaml} from '../yaml/print.ts';

/** What is undefined is left out. */
export type Made = string | number | boolean | readonly Made[] | Block;

export interface Block {readonly [key: string]: Made | undefined}

/** Remarks by the map or list before whose content they stand. */
export type Remarks = Map<object, string[]>;

/** Several documents of one stream, each after the remarks of its own. */
export function printDocuments(documents: readonly Block[], remarks: Remarks): string {
	const comments = new Map<Value, readonly string[]>();
	const values = documents.map(each => valueOf(each, remarks, comments));
	return values.map(value => printYaml(value, comments)).join('---\n');
}

function valueOf(made: Made, remarks: Remarks, comments: Map<Value, readonly string[]>): Value {
	if (typeof made !== 'object') return {...NOWHERE, kind: 'scalar', text: String(made), plain: typeof made !== 'string'};
	const value: Value = Array.isArray(made)
		? {...NOWHERE, kind: 'list', items: made.map(item => valueOf(item as Made, remarks, comments))}
		: {...NOWHERE, kind: 'map', entries: new Map(Object.entries(made as Block).flatMap(([key, each]) =>
			(each === undefined ? [] : [[key, {key: NOWHERE, value: valueOf(each, remarks, comments)}] as const])))};
	const said = remarks.get(made);
	if (said) comments.set(value, said);
	return value;
}

const NOWHERE = {source: {file: '', text: ''}, offset: 0};
