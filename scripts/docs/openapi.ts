/** The description of the HTTP API (OpenAPI 3.1): from the table of routes, the forms of `--json`, and what is said of each path here. */
import {type Route, ROUTES} from '../../src/helpers/web/routes.ts';
import {isList, type Shape, SHAPES} from './json-shapes.ts';

type Json = Readonly<Record<string, unknown>>;

interface Parameter {
	readonly about: string;
	readonly schema: Json;
}

interface About {
	/** A verb first. */
	readonly summary: string;
	readonly details?: string;
	readonly query?: readonly string[];
	/** What is answered with 200, by its name among the schemas; a list of them. */
	readonly gives: string;
	readonly isList?: true;
	/** The body is not empty: its form. */
	readonly takes?: Json;
	/** Statuses of failures beside those that all have. */
	readonly fails?: readonly number[];
}

const text = {type: 'string'};
const QUERY: Readonly<Record<string, Parameter>> = {
	service: {
		about: 'Names of services or groups, or patterns with * and ?; may be repeated. Without it: all that may be seen.',
		schema: {type: 'array', items: text},
	},
	kind: {about: 'Kinds of events; may be repeated.', schema: {type: 'array', items: text}},
	of: {about: 'Whether services can serve, or whether none has failed for good.', schema: {enum: ['ready', 'live'], default: 'ready'}},
	since: {about: 'After which id the client goes on, as the header Last-Event-ID; of lines also a time in ms since 1970.', schema: text},
	lines: {about: 'The last N lines of each service; 100, or all with since.', schema: {type: 'integer', minimum: 0, maximum: 10_000}},
	stream: {about: 'Only lines from there.', schema: {enum: ['stdout', 'stderr']}},
	grep: {about: 'Only lines that match this regular expression.', schema: text},
	follow: {about: 'Whether new lines are told as they come; server-sent events always are.', schema: {type: 'boolean', default: false}},
	wait: {about: 'false: 202 once archon has heard it. Else when it is done, or 202 after 55 s.', schema: {type: 'boolean', default: true}},
};

const ACTION = {query: ['wait'], gives: 'Done', fails: [409]} as const;

/** By method and path. */
const PATHS: Readonly<Record<string, About>> = {
	'GET /api/v1/status': {summary: 'list services as they are now', query: ['service'], gives: 'Service', isList: true},
	'GET /api/v1/services/{name}': {summary: 'show one service as it is now', gives: 'Service'},
	'GET /api/v1/services/{name}/why': {summary: 'explain why a service is as it is, and what would help', gives: 'Why'},
	'GET /api/v1/services/{name}/tree': {summary: 'list the processes of a service', gives: 'Process', isList: true},
	'GET /api/v1/services/{name}/history': {summary: 'list how its last runs ended, oldest first', gives: 'End', isList: true},
	'GET /api/v1/events': {
		summary: 'follow what happens, as server-sent events', query: ['service', 'kind', 'since'], gives: 'Event',
		details: 'Each id is the number of an event. Without since and Last-Event-ID: only new ones. The event gap says that some are missing '
			+ 'before the next, dropped that the client read too slowly, trouble that archon cannot tell them now.',
	},
	'GET /api/v1/logs': {
		summary: 'show lines of services, and follow them', query: ['service', 'lines', 'stream', 'grep', 'since', 'follow'], gives: 'Line',
		details: 'With Accept: text/event-stream as server-sent events that follow, with the events gap, dropped and trouble as of '
			+ '/api/v1/events; else JSON in lines, of which {missed, why} stands for a gap. What is in log files is not read. A whole answer '
			+ 'has at most 4 MiB of lines, the newest; the header archon-left-out says how many are not in it.',
	},
	'GET /api/v1/graph': {summary: 'show what services need, start and exclude each other', gives: 'Graph'},
	'GET /api/v1/blame': {summary: 'show how long services took to become ready, and the critical chain', gives: 'Blame'},
	'GET /api/v1/health': {summary: 'tell whether all is well: 200, or 503 with the reason', query: ['of', 'service'], gives: 'Health'},
	'GET /api/v1/version': {summary: 'tell which archon answers, and how often it was re-executed', gives: 'Version'},
	'GET /api/v1/openapi.json': {summary: 'give this description', gives: 'Description'},
	'POST /api/v1/services/{name}/start': {summary: 'start a service and what it needs', ...ACTION},
	'POST /api/v1/services/{name}/stop': {summary: 'stop a service and what needs it', ...ACTION},
	'POST /api/v1/services/{name}/restart': {summary: 'stop a service and start it again', ...ACTION},
	'POST /api/v1/services/{name}/auto': {summary: 'leave it to the config again whether a service runs', ...ACTION},
	'POST /api/v1/services/{name}/reload': {summary: 'tell a service to read its config again', ...ACTION},
	'POST /api/v1/services/{name}/signal': {
		summary: 'send a signal to the main process of a service', ...ACTION,
		takes: {
			type: 'object', required: ['signal'], additionalProperties: false,
			properties: {signal: {description: 'a name with or without SIG, or a number', anyOf: [text, {type: 'integer'}]}},
		},
	},
	'POST /api/v1/reload': {summary: 'read the config of archon again', ...ACTION, gives: 'Changes'},
	'POST /api/v1/shutdown': {summary: 'stop all services in order, and end the container with them', ...ACTION},
};

// ── Schemas ──────────────────────────────────────────────────────────────────────────────────────

const TYPES: Readonly<Record<string, string>> = {text: 'string', number: 'number', flag: 'boolean'};

function schemaOf(shape: Shape): Json {
	if (typeof shape === 'string') {
		const [, kind = '', list, orNull] = /^(\w+)(\[\])?(\?)?$/.exec(shape) ?? [];
		const type = TYPES[kind];
		return list ? {type: 'array', items: {type}} : {type: orNull ? [type, 'null'] : type};
	}
	if (isList(shape)) return {type: 'array', items: schemaOf(shape[0])};
	const properties = Object.entries(shape).map(([key, inner]) =>
		[key.replace('?', ''), key.endsWith('?') ? {anyOf: [schemaOf(inner), {type: 'null'}]} : schemaOf(inner)] as const);
	const required = properties.map(([name]) => name);
	return {type: 'object', required, properties: Object.fromEntries(properties), additionalProperties: false};
}

/** What a command prints with `--json`; of a list, one of it. */
function ofCommand(name: string): Json {
	const shape = SHAPES[name]?.shape ?? '';
	return schemaOf(isList(shape) ? shape[0] : shape);
}

const line = ofCommand('logs');

const SCHEMAS: Readonly<Record<string, Json>> = {
	Service: ofCommand('status'), Why: ofCommand('why'), Process: ofCommand('tree'), End: ofCommand('history'), Event: ofCommand('events'),
	Line: {...line, properties: {...line['properties'] as Json, instance: {type: 'number'}}},
	Graph: ofCommand('graph'), Blame: ofCommand('blame'), Health: ofCommand('health'), Version: ofCommand('version'),
	Done: ofCommand('start'), Changes: ofCommand('reload'),
	Gap: schemaOf({missed: 'number?', why: 'text'}), Error: schemaOf({error: 'text'}), Description: {type: 'object'},
};

const ref = (name: string): Json => ({$ref: `#/components/schemas/${name}`});

// ── Paths ────────────────────────────────────────────────────────────────────────────────────────

const FAILURES: Readonly<Record<number, string>> = {
	400: 'Something in the request is wrong.', 401: 'It takes a token: Authorization: Bearer TOKEN.', 403: 'This token may not do it.',
	404: 'There is no such service, or this token may not see it.', 409: 'archon refused it, and says why.',
	503: 'archon does not answer now: try again.',
};

const STREAMS: ReadonlyMap<string, readonly string[]> = new Map([
	['Event', ['text/event-stream']], ['Line', ['application/x-ndjson', 'text/event-stream']],
]);

function contentOf({gives, isList: isMany}: About): Json {
	const schema = isMany ? {type: 'array', items: ref(gives)} : ref(gives);
	const streams = STREAMS.get(gives);
	if (!streams) return {'application/json': {schema}};
	const pieces = {...text, description: `each piece of data: ${gives}, or Gap where some are missing`};
	return Object.fromEntries(streams.map(type => [type, {schema: pieces}]));
}

function operationOf({method, path, role}: Route, about: About): Json {
	const {summary, details, query = [], takes, fails = [], gives} = about;
	const hasName = path.includes('{name}');
	const name = {name: 'name', in: 'path', required: true, description: 'The name of one service; an instance is web:0.', schema: text};
	const header = {name: 'Last-Event-ID', in: 'header', description: 'As since, and counts more.', schema: text};
	const words = [method.toLowerCase(), ...path.replace('/api/v1/', '').split(/[^a-z]+/)];
	const statuses = [400, ...role === 'none' ? [] : [401, 403], ...hasName || query.includes('service') ? [404] : [], ...fails, 503];
	return {
		operationId: words.filter(word => word !== '' && word !== 'name').join('-'),
		summary, ...details === undefined ? {} : {description: details}, 'x-archon-role': role,
		...role === 'none' ? {security: []} : role === 'observe' ? {} : {security: [{token: []}]},
		parameters: [
			...hasName ? [name] : [], ...query.includes('since') ? [header] : [],
			...query.map(each => ({name: each, in: 'query', description: QUERY[each]?.about, schema: QUERY[each]?.schema})),
		],
		...method === 'POST' && {requestBody: {
			content: {'application/json': {schema: takes ?? {type: 'object', additionalProperties: false}}}, ...takes && {required: true},
		}},
		responses: {
			200: {description: 'Done.', content: contentOf(about)},
			...query.includes('wait') && {202: {description: 'It is under way.', content: {'application/json': {schema: ref('Done')}}}},
			...Object.fromEntries(statuses.map(status => [status, gives === 'Health' && status === 503
				? {description: 'All is not well.', content: {'application/json': {schema: {anyOf: [ref('Health'), ref('Error')]}}}}
				: {$ref: `#/components/responses/${status}`}])),
		},
	};
}

/** Those that the description is of. */
export const API_ROUTES = ROUTES.filter(({area}) => area === 'api');

export function openApi(): Json {
	const described = API_ROUTES.map(route => {
		const about = PATHS[`${route.method} ${route.path}`];
		if (!about) throw new Error(`scripts/docs/openapi.ts says nothing of ${route.method} ${route.path}`);
		return {...route, operation: operationOf(route, about)};
	});
	const unknown = Object.keys(PATHS).find(key => !described.some(({method, path}) => `${method} ${path}` === key));
	if (unknown !== undefined) throw new Error(`scripts/docs/openapi.ts describes ${unknown}, which is no route`);
	return {
		openapi: '3.1.0',
		info: {
			title: 'archon', version: '1', license: {name: 'MIT', identifier: 'MIT'},
			description: 'What archonctl does, by HTTP. Every error is {"error": "what, why, what to do"}.',
		},
		servers: [{url: 'http://127.0.0.1:9180'}],
		security: [{}, {token: []}],
		paths: Object.fromEntries([...Map.groupBy(described, ({path}) => path)].map(([path, routes]) =>
			[path, Object.fromEntries(routes.map(({method, operation}) => [method.toLowerCase(), operation]))])),
		components: {
			schemas: SCHEMAS,
			responses: Object.fromEntries(Object.entries(FAILURES).map(([status, description]) =>
				[status, {description, content: {'application/json': {schema: ref('Error')}}}])),
			securitySchemes: {token: {type: 'http', scheme: 'bearer'}},
		},
	};
}

/** In one line for each path and each part, as it lies in the executable. */
export const openApiText = (): string => `${JSON.stringify(openApi(), null, '\t')}\n`;
