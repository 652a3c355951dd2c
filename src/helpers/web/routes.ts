/** What is answered at which path: one table. Each part is loaded with the first request that it answers. */
import {byNeed} from '../../core/by-need.ts';
import type {Handler} from './http/message.ts';
import type {Visitor} from './visitor.ts';

/** What a visitor without a token may be shown, by the key `web.show`. */
export const AREAS = ['health', 'metrics', 'api', 'page'] as const;

export type Area = (typeof AREAS)[number];

export interface Route {
	/** HEAD is as GET. */
	readonly method: 'GET' | 'POST';
	/** `/services/{name}`: what is in braces is one segment, which may be anything but empty. */
	readonly path: string;
	readonly area: Area;
	/** Who has less hears 401 or 403. `none`: the handler looks itself who comes. */
	readonly role: Visitor['role'];
	readonly handler: () => Handler;
}

const probes = byNeed(() => import('./probes.ts'));
const page = byNeed(() => import('./page/handlers.ts'));
const live = byNeed(() => import('./page/live.ts'));
const acting = byNeed(() => import('./page/acting.ts'));

export const ROUTES: readonly Route[] = [
	{method: 'GET', path: '/livez', area: 'health', role: 'none', handler: () => probes().livez},
	{method: 'GET', path: '/', area: 'page', role: 'observe', handler: () => page().services},
	{method: 'GET', path: '/live', area: 'page', role: 'observe', handler: () => live().live},
	{method: 'GET', path: '/graph', area: 'page', role: 'observe', handler: () => page().graph},
	{method: 'GET', path: '/login', area: 'page', role: 'none', handler: () => page().login},
	{method: 'GET', path: '/services/{name}', area: 'page', role: 'observe', handler: () => page().service},
	{method: 'GET', path: '/services/{name}/live', area: 'page', role: 'observe', handler: () => live().live},
	{method: 'POST', path: '/services/{name}/start', area: 'page', role: 'operate', handler: () => acting().start},
	{method: 'POST', path: '/services/{name}/stop', area: 'page', role: 'operate', handler: () => acting().stop},
	{method: 'POST', path: '/services/{name}/restart', area: 'page', role: 'operate', handler: () => acting().restart},
];

/** The routes of a path, and what is at the places of each. */
export function routesAt(path: string): readonly {readonly route: Route; readonly parameters: ReadonlyMap<string, string>}[] {
	const segments = path.split('/');
	return ROUTES.flatMap(route => {
		const parameters = new Map<string, string>();
		const wanted = route.path.split('/');
		const isMeant = wanted.length === segments.length && wanted.every((each, index) => {
			const segment = segments[index] ?? '';
			if (!each.startsWith('{')) return each === segment;
			parameters.set(each.slice(1, -1), segment);
			return segment !== '';
		});
		return isMeant ? [{route, parameters}] : [];
	});
}
