/**
 * All of YAML → values with their places. Anchors, aliases and merge keys end here; what the text means is not
 * asked yet. It is loaded only for a text that needs it.
 */
import {
	Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser,
	type Alias, type Document, type ParsedNode, type YAMLError, type YAMLMap, type YAMLSeq,
} from 'yaml';
import {inQuotes, quote, type Place, type Report, type Source} from '../problems.ts';
import {mistakesIn, type Reader} from './mistakes.ts';
import {kindOf, type Entry, type Mapping, type Scalar, type Value} from '../values.ts';

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
const SIZE_MAX = 250_000;

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
	const documents = documentsOf(source.text);
	if (typeof documents === 'number') {
		report({source, offset: documents}, `nested more than ${DEPTH_MAX} levels deep`);
		return null;
	}
	const errors = errorsIn(documents);
	for (const {offset, message, hint} of mistakesIn(source.text, errors, READER)) {
		report({source, offset}, message, hint);
	}
	if (errors.length > 0) return null;
	const [document, ...others] = documents;
	// A last "---" with nothing after it begins no document.
	const second = others.find(({contents}) => contents !== null && !(isScalar(contents) && contents.source === '' && !contents.anchor));
	if (second) {
		const offset = source.text.lastIndexOf('---', second.range[0]);
		report({source, offset: Math.max(offset, 0)}, 'a second document begins', 'a config is one document');
		return null;
	}
	return document ?? null;
}

const errorsIn = (documents: readonly Document.Parsed[] | number): readonly YAMLError[] =>
	(typeof documents === 'number' ? [] : documents.flatMap(each => each.errors));

const READER: Reader = {errorsIn: text => errorsIn(documentsOf(text)), lex: text => new Lexer().lex(text)};

/** The documents of a text; where they are nested too deeply, the offset of that. */
function documentsOf(text: string): readonly Document.Parsed[] | number {
	const parser = new Parser();
	// Scalars stay text; keys are compared here, in linear time.
	const composer = new Composer({schema: 'failsafe', resolveKnownTags: false, uniqueKeys: false});
	const documents: Document.Parsed[] = [];
	for (const lexeme of new Lexer().lex(text)) {
		for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
		if (parser.stack.length > DEPTH_MAX) return parser.offset;
	}
	for (const token of parser.end()) documents.push(...composer.next(token));
	documents.push(...composer.end(true, text.length));
	return documents;
}

function convert(node: ParsedNode | null, offset: number, reading: Reading): Value {
	reading.size += 1;
	if (node === null) return {kind: 'scalar', source: reading.source, offset, text: '', plain: true};
	const place = {source: reading.source, offset: node.range[0]};
	if (isAlias(node)) return resolve(node.source, place, reading);
	if (node.tag === '!reset') return {...place, kind: 'scalar', text: '', plain: true, tag: 'reset'};
	if (node.tag !== undefined && node.tag !== '!override' && !TAGS.has(node.tag)) {
		reading.report(place, `the tag ${quote(node.tag)} is not supported`, node.tag.startsWith('!') ? 'quote text that begins with !' : null);
	}
	if (!node.anchor) return convertTagged(node, place, reading);
	if (isMisreadAnchor(node.anchor, node, reading.source.text)) {
		const at = {...place, offset: reading.source.text.lastIndexOf(`&${node.anchor}`, place.offset)};
		const what = WORD.test(node.anchor) ? 'an empty value' : 'a value';
		reading.report(at, `&${node.anchor} names ${what}`, () => `quote it: ${inQuotes(writtenAt(at))}`);
		return spoilt(place);
	}
	const before = reading.size;
	reading.anchors.set(node.anchor, null);
	const value = convertTagged(node, place, reading);
	reading.anchors.set(node.anchor, {value, size: reading.size - before});
	return value;
}

/** Tags that say no more than a reader of the text finds out by itself (YAML 1.2, 10.1 to 10.3). */
const TAGS: ReadonlySet<string> = new Set(
	['str', 'map', 'seq', 'int', 'float', 'bool', 'null'].map(name => `tag:yaml.org,2002:${name}`),
);

/** What stands for a value that cannot be read, which has been reported. */
const spoilt = (place: Place): Scalar => ({...place, kind: 'scalar', text: '', plain: true, isSpoilt: true});

/** Text that begins with &: an unlikely name, or the name of an empty value that no alias repeats. */
function isMisreadAnchor(name: string, node: Exclude<ParsedNode, Alias>, text: string): boolean {
	return !WORD.test(name) || (isScalar(node) && node.type === 'PLAIN' && node.source === '' && !text.includes(`*${name}`));
}

/** What is likely to be meant as a name. */
const WORD = /^[\w-]+$/;

/** Plain text from a place on, to the end of its line or a comment. */
function writtenAt({source: {text}, offset}: Place): string {
	const end = text.indexOf('\n', offset);
	return text.slice(offset, end < 0 ? text.length : end).replace(/\s+#.*$/, '').trimEnd();
}

function resolve(name: string, place: Place, reading: Reading): Value {
	const nothing = spoilt(place);
	const anchored = reading.anchors.get(name);
	if (anchored === undefined) {
		const define = WORD.test(name) ? `write &${name} before the value that it names, or ` : '';
		reading.report(place, `*${name} repeats a value, and none is named &${name}`, `${define}quote it: ${inQuotes(`*${name}`)}`);
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

/** compose-spec, "Merge": the value is not merged with what is below it. */
function convertTagged(node: Exclude<ParsedNode, Alias>, place: Place, reading: Reading): Value {
	const value = convertContent(node, place, reading);
	return node.tag === '!override' ? {...value, tag: 'override'} : value;
}

function convertContent(node: Exclude<ParsedNode, Alias>, place: Place, reading: Reading): Value {
	if (isMap(node)) return convertMap(node, place, reading);
	if (isSeq(node)) {
		return {...place, kind: 'list', items: node.items.map(item => convertItem(item, node, place, reading))};
	}
	const plain = node.type === 'PLAIN' && node.tag !== 'tag:yaml.org,2002:str';
	return {...place, kind: 'scalar', text: node.source, plain};
}

/** An item; reported if the next one is indented too far, so that it continues the text of this one. */
function convertItem(item: ParsedNode, list: YAMLSeq.Parsed, place: Place, reading: Reading): Value {
	const {source: {text}} = reading;
	if (!list.flow && isScalar(item) && item.type === 'PLAIN') {
		const [start, end] = item.range;
		const next = /\n *- /.exec(text.slice(start, end));
		if (next) {
			const offset = start + next.index + next[0].length - 2;
			const column = place.offset - text.lastIndexOf('\n', place.offset) - 1;
			const why = 'this item is further in than the one above it, and so goes on with its text';
			reading.report({...place, offset}, why, `indent it by ${column}`);
			return spoilt(place);
		}
	}
	return convert(item, place.offset, reading);
}

function convertMap(node: YAMLMap.Parsed, place: Place, reading: Reading): Mapping | Scalar {
	const entries = new Map<string, Entry>();
	const merged: Value[] = [];
	for (const pair of node.items) {
		const key = convert(pair.key, place.offset, reading);
		const value = convert(pair.value, key.offset, reading);
		if (key.kind !== 'scalar') {
			const isTemplate = node.flow === true && key.kind === 'map' && key.offset === place.offset + 1;
			if (!isTemplate) reading.report(key, 'a key must be text');
			else reading.report(place, '{{ begins a map within a map', () => `quote it: ${inQuotes(writtenAt(place))}`);
			if (isTemplate) return spoilt(place);
		} else if (key.plain && key.text === '<<') {
			merged.push(value);
		} else if (entries.has(key.text)) {
			const first = entries.get(key.text)!.key.offset;
			const hint = () => `the first one is in line ${reading.source.text.slice(0, first).split('\n').length}; keep one`;
			reading.report(key, `duplicate key ${quote(key.text)}`, hint);
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
		if (!('isSpoilt' in base)) reading.report(base, `"<<" needs a map or a list of maps, and this is ${kindOf(base)}`);
		return;
	}
	for (const [name, entry] of base.entries) {
		if (!entries.has(name)) entries.set(name, entry);
	}
}
