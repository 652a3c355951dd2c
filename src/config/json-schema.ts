/** All that a config may say, as JSON Schema (draft-07): made of the table of keys, for editors and other programs. */
import {SECTIONS} from './describe.ts';
import {taskmaster} from './formats/taskmaster.ts';
import {defaultOf, exampleOf, sentence, toJson} from './key-texts.ts';
import {SERVICE} from './schema/service.ts';
import {TOP} from './schema/top.ts';
import {FOREIGN, REQUIRED, type Key, type Schema, type Shape} from './shape.ts';

/** A JSON Schema as it is written. */
export type Json = {readonly [keyword: string]: unknown};

/** Where SchemaStore has the schemas of its catalogue. */
const ID = 'https://json.schemastore.org/archon.json';

/** Maps of which another file may say what is required. */
const SPLIT: ReadonlySet<Shape> = new Set<Shape>([TOP, SERVICE, ...taskmaster.maps.map(([, shape]) => shape), taskmaster.top]);

/** A text in which at least one variable, or placeholder of an instance, is replaced. */
const VARIABLE: Json = {
	type: 'string', pattern: String.raw`(^|[^$])(\$\$)*\$\{?[A-Za-z_]|\{(instance|index|service|name)\}`,
	description: 'Text with variables of archon\'s own environment: $NAME, ${NAME}, ${NAME:-default}, ${NAME:?error} or ${NAME:+instead}; '
		+ 'or, in a service, with {instance}, {service} or {name}.',
};

const REF = '#/definitions/';

export function jsonSchema(): Json {
	const maker = new Maker();
	const own = maker.map(TOP, 'config', true);
	const programs = maker.map(taskmaster.top, 'programs', false);
	return {
		$schema: 'http://json-schema.org/draft-07/schema#',
		$id: ID,
		title: 'archon',
		description: 'What archon, an init for containers, runs: services in the words of docker compose, or programs in those of taskmaster.',
		type: 'object',
		if: {required: ['programs'], properties: {programs: true, services: false}},
		then: programs,
		else: own,
		definitions: maker.definitions(),
	};
}

/** As `archon schema` prints it. */
export const schemaText = (): string => `${JSON.stringify(jsonSchema(), null, '\t')}\n`;

/** Makes schemas, and collects what they refer to. */
class Maker {
	readonly #definitions = new Map<string, Json>([['variable', VARIABLE]]);
	readonly #owners = new Map<string, unknown>();
	readonly #titles = namesOf(SECTIONS);

	definitions(): Json {
		return Object.fromEntries([...this.#definitions].sort(([one], [other]) => (one < other ? -1 : 1)));
	}

	/** A reference to the map of a table. `withVariables`: whether its texts may hold some. */
	map(shape: Shape, name: string, withVariables: boolean): Json {
		return this.#define(name, shape, () => this.#table(shape, withVariables));
	}

	/** A reference to a definition, which is made if it is new; `of`: what all have that have its name. */
	#define(name: string, of: unknown, make: () => Json): Json {
		const known = this.#owners.get(name);
		if (known !== undefined && known !== of) fail(`two definitions are called ${name}`);
		if (known === undefined) {
			this.#owners.set(name, of);
			this.#definitions.set(name, make());
		}
		return {$ref: `${REF}${name}`};
	}

	#table(shape: Shape, withVariables: boolean): Json {
		const keys = Object.entries(shape.keys);
		const required = SPLIT.has(shape) ? [] : keys.filter(([, {fallback}]) => fallback === REQUIRED).map(([name]) => name);
		const accepted = Object.entries(shape.foreignAccepts());
		const others = [...shape.foreign].filter(name => !accepted.some(([known]) => known === name));
		return {
			type: 'object',
			properties: Object.fromEntries([
				...keys.map(([name, key]) => [name, this.#key(key, withVariables)]),
				...accepted.map(([name, schema]) => [name, this.#open(schema, withVariables)]),
			]),
			patternProperties: {
				'^x-': {description: 'For anchors, and for other programs: archon passes it over.'},
				...others.length > 0 ? {[`^(${others.join('|')})$`]: {description: `Of compose: ${FOREIGN}.`}} : {},
			},
			additionalProperties: false,
			...required.length > 0 ? {required} : {},
		};
	}

	/** Of a key; nothing written means that it is not there. */
	#key(key: Key<unknown>, withVariables: boolean): Json {
		const schema = this.#open(key.read.accepts(), withVariables);
		const written = defaultOf(key);
		const example = key.example === undefined ? undefined : exampleOf(key);
		return {
			description: `${sentence(key.help)}${written === undefined ? defaultInWords(key.fallback) : ''}`,
			...key.fallback === REQUIRED ? schema : orNull(schema),
			...written === undefined ? {} : {default: toJson(written)},
			...example ? {examples: [toJson(example)]} : {},
		};
	}

	/** With what goes without saying: that a variable may stand for a text. */
	#open(schema: Schema, withVariables: boolean): Json {
		const made = this.#plain(schema, withVariables);
		return withVariables && isBound(schema) && !isFree(schema) ? either(made, {$ref: `${REF}variable`}) : made;
	}

	#plain({name, ...schema}: Schema, withVariables: boolean): Json {
		if (name === undefined) return this.#unnamed(schema, withVariables);
		return this.#define(name, 'a part', () => this.#unnamed(schema, withVariables));
	}

	#unnamed({shape, isLiteral, ...schema}: Schema, withVariables: boolean): Json {
		if (shape) return this.map(shape, this.#titles.get(shape) ?? fail('a map has no title'), withVariables);
		const open = (each: Schema): Json => this.#open(each, withVariables);
		const all = (each: Readonly<Record<string, Schema>>): Json =>
			Object.fromEntries(Object.entries(each).map(([key, value]) => [key, open(value)]));
		const {items, additionalItems, properties, patternProperties, additionalProperties, anyOf} = schema;
		return {
			...schema,
			...items && {items: isTuple(items) ? items.map(open) : open(items)},
			...additionalItems && {additionalItems: open(additionalItems)},
			...properties && {properties: all(properties)},
			...patternProperties && {patternProperties: all(patternProperties)},
			...additionalProperties && {additionalProperties: open(additionalProperties)},
			...anyOf && {anyOf: anyOf.map(each => this.#plain(each, withVariables))},
		};
	}
}

function defaultInWords(fallback: string): string {
	if (fallback === REQUIRED) return ' Required.';
	return ['empty', 'none'].includes(fallback) ? '' : ` Default: ${fallback}.`;
}

const isTuple = (items: Schema | readonly Schema[]): items is readonly Schema[] => Array.isArray(items);

const fail = (why: string): never => {
	throw new Error(why);
};

/** Whether some text is taken, but not every one. */
function isBound({isLiteral, type, enum: words, anyOf}: Schema): boolean {
	if (isLiteral) return false;
	const kinds = [type ?? []].flat();
	return words !== undefined || anyOf?.some(isBound) || kinds.some(each => each !== 'array' && each !== 'object' && each !== 'null');
}

/** Whether every text is taken that is not empty. */
function isFree({type, enum: words, pattern, format, anyOf}: Schema): boolean {
	if (anyOf) return anyOf.some(isFree);
	return words === undefined && pattern === undefined && format === undefined && [type ?? []].flat().includes('string');
}

/** As few alternatives as will do. */
const either = (some: Json, ...others: readonly Json[]): Json => {
	const {anyOf, ...rest} = some;
	return Array.isArray(anyOf) && Object.keys(rest).length === 0 ? {anyOf: [...anyOf as Json[], ...others]} : {anyOf: [some, ...others]};
};

function orNull(schema: Json): Json {
	const {type, enum: words} = schema;
	if (Object.keys(schema).length === 0) return schema;
	if (Array.isArray(words) && type === undefined) return {...schema, enum: [...words as unknown[], null]};
	if (type !== undefined) return {...schema, type: [type, 'null'].flat()};
	return either(schema, {type: 'null'});
}

/** A name for each map; where two would have the same, the second is the one at the top. */
function namesOf(sections: typeof SECTIONS): ReadonlyMap<Shape, string> {
	const taken = new Set<string>();
	return new Map(sections.map(([title, shape]) => {
		const name = nameOf(title);
		const own = taken.has(name) ? `top_${name}` : name;
		taken.add(own);
		return [shape, own];
	}));
}

/** `services.<name>.depends_on.<name>` → `depends_on`; `options of the driver file` → `options_file`. */
function nameOf(title: string): string {
	const [first = ''] = title.split(',');
	const options = /^options of the drivers? (\w+)/.exec(first)?.[1];
	if (options !== undefined) return `options_${options}`;
	const name = first.split('.').filter(step => step !== '<name>').at(-1) ?? '';
	return name === 'services' || name === 'programs' ? name.slice(0, -1) : name;
}
