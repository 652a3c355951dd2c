/**
 * All of YAML → values with their places. Anchors, aliases and merge keys end here; what the text means is not
 * asked yet. It is loaded only for a text that needs it.
 */
import {
	Composer, isAlias, isMap, isSeq, Lexer, Parser,
	type Alias, type Document, type ParsedNode, type YAMLMap, type YAMLError,
} from 'yaml';
import {quote, type Place, type Report, type Source} from './problems.ts';
import {kindOf, type Entry, type Mapping, type Value} from './values.ts';

/**
 * The value of a text; an empty text is an empty scalar. Null if it is not YAML: then what a repaired
 * reading of it would say is not worth judging, and only the syntax is reported.
 */
export function readYaml(source: Source, report: Report): Value | null {
	const document = readDocument(source, report);
	if (document === null) return null;
	const reading: Reading = {source, report, anchors: new Map(), size: 0, excess: null};
	const value = convert(document.contents, 0, reading);
	if (reading.size <= SIZE_MAX) return value;
	report(reading.excess ?? value, `more than ${SIZE_MAX} values, with all that aliases repeat`);
	return null;
}

/** yaml composes by recursion, and the stack is short. */
const DEPTH_MAX = 100;

/** In values, each counted as often as aliases repeat it: a small text must not become a huge config. */
const SIZE_MAX = 1_000_000;

interface Reading {
	readonly source: Source;
	readonly report: Report;
	/** The values with an anchor so far; null while a value is being read. */
	readonly anchors: Map<string, {readonly value: Value; readonly size: number} | null>;
	size: number;
	/** The alias that was too much. */
	excess: Place | null;
}

function readDocument(source: Source, report: Report): Document.Parsed | null {
	const parser = new Parser();
	// Scalars stay text; keys are compared here, in linear time.
	const composer = new Composer({schema: 'failsafe', resolveKnownTags: false, uniqueKeys: false});
	const documents: Document.Parsed[] = [];
	for (const lexeme of new Lexer().lex(source.text)) {
		for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
		if (parser.stack.length > DEPTH_MAX) {
			report({source, offset: parser.offset}, `nested more than ${DEPTH_MAX} levels deep`);
			return null;
		}
	}
	for (const token of parser.end()) documents.push(...composer.next(token));
	documents.push(...composer.end(true, source.text.length));
	const [document, second] = documents;
	const errors = documents.flatMap(each => each.errors);
	if (errors.length > 0) {
		reportSyntax(errors, source, report);
		return null;
	}
	if (second) {
		report({source, offset: second.range[0]}, 'a second document begins', 'a config is one document');
		return null;
	}
	return document ?? null;
}

/** The first error of each line: the others on it mostly follow from that one. */
function reportSyntax(errors: readonly YAMLError[], source: Source, report: Report): void {
	let lineEnd = -1;
	for (const {pos: [start], code, message} of errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
		if (start <= lineEnd) continue;
		const end = source.text.indexOf('\n', start);
		lineEnd = end < 0 ? source.text.length : end;
		// An error of indentation points at the line, and not at what stands there.
		const offset = start + (/^ *(?=[^ \n])/.exec(source.text.slice(start, lineEnd))?.[0].length ?? 0);
		const text = `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
		report({source, offset}, text, SYNTAX_HINTS[code] ?? null);
	}
}

const SYNTAX_HINTS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
	BLOCK_AS_IMPLICIT_KEY: 'put text that holds ": " in quotes',
	BAD_SCALAR_START: 'put the text in quotes',
	TAB_AS_INDENT: 'indent with spaces',
};

function convert(node: ParsedNode | null, offset: number, reading: Reading): Value {
	reading.size += 1;
	if (node === null) return {kind: 'scalar', source: reading.source, offset, text: '', plain: true};
	const place = {source: reading.source, offset: node.range[0]};
	if (isAlias(node)) return resolve(node.source, place, reading);
	if (node.tag !== undefined && !TAGS.has(node.tag)) {
		reading.report(place, `the tag ${quote(node.tag)} is not supported`);
	}
	if (!node.anchor) return convertContent(node, place, reading);
	const before = reading.size;
	reading.anchors.set(node.anchor, null);
	const value = convertContent(node, place, reading);
	reading.anchors.set(node.anchor, {value, size: reading.size - before});
	return value;
}

/** Tags that say no more than a reader of the text finds out by itself (YAML 1.2, 10.1 to 10.3). */
const TAGS: ReadonlySet<string> = new Set(
	['str', 'map', 'seq', 'int', 'float', 'bool', 'null'].map(name => `tag:yaml.org,2002:${name}`),
);

function resolve(name: string, place: Place, reading: Reading): Value {
	const nothing: Value = {...place, kind: 'scalar', text: '', plain: true};
	const anchored = reading.anchors.get(name);
	if (anchored === undefined) {
		reading.report(place, `unknown alias *${name}`, `write &${name} before the value that it names`);
		return nothing;
	}
	if (anchored === null) {
		reading.report(place, `the alias *${name} stands within what it names`);
		return nothing;
	}
	reading.size += anchored.size;
	if (reading.size <= SIZE_MAX) return anchored.value;
	reading.excess ??= place;
	return nothing;
}

function convertContent(node: Exclude<ParsedNode, Alias>, place: Place, reading: Reading): Value {
	if (isMap(node)) return convertMap(node, place, reading);
	if (isSeq(node)) {
		return {...place, kind: 'list', items: node.items.map(item => convert(item, place.offset, reading))};
	}
	const plain = node.type === 'PLAIN' && node.tag !== 'tag:yaml.org,2002:str';
	return {...place, kind: 'scalar', text: node.source, plain};
}

function convertMap(node: YAMLMap.Parsed, place: Place, reading: Reading): Mapping {
	const entries = new Map<string, Entry>();
	const merged: Value[] = [];
	for (const pair of node.items) {
		const key = convert(pair.key, place.offset, reading);
		const value = convert(pair.value, key.offset, reading);
		if (key.kind !== 'scalar') {
			reading.report(key, 'a key must be text');
		} else if (key.plain && key.text === '<<') {
			merged.push(value);
		} else if (entries.has(key.text)) {
			reading.report(key, `duplicate key ${quote(key.text)}`);
		} else {
			entries.set(key.text, {key, value});
		}
	}
	const bases = merged.flatMap(each => each.kind === 'list' ? each.items : each);
	for (const base of bases) merge(base, entries, reading);
	return {...place, kind: 'map', entries};
}

/** A merge key (YAML 1.1, "<<"): what is there already wins, the map's own keys and earlier bases. */
function merge(base: Value, entries: Map<string, Entry>, reading: Reading): void {
	if (base.kind !== 'map') {
		reading.report(base, `"<<" needs a map or a list of maps, and this is ${kindOf(base)}`);
		return;
	}
	for (const [name, entry] of base.entries) {
		if (!entries.has(name)) entries.set(name, entry);
	}
}
