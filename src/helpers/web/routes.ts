/** What is answered at which path: one table. Each part is loaded with the first request that it answers. */
import {byNeed} from '../../core/by-need.ts';
import type {Area} from '../../core/web.ts';
import type {Handler} from './http/message.ts';
import type {Visitor} from './visitor.ts';

export interface Route {
	/** HEAD is as GET. */
	readonly method: 'GET' | 'POST';
	/** `/services/{name}`: what is in braces is one segment, which may be anything but empty. */
	readonly path: string;
	/** What of `web.show` it belongs to. */
	readonly area: Area;
	/** Who has less hears 401 or 403. `none`: all may come, and the handler looks who does. */
	readonly role: Visitor['role'];
	readonly handler: () => Handler;
}

const probes = byNeed(() => import('./probes.ts'));
const scraped = byNeed(() => import('./metrics.ts'));
const page = byNeed(() => import('./page/handlers.ts'));
const live = byNeed(() => import('./page/live.ts'));
const acting = byNeed(() => import('./page/acting.ts'));
const api = byNeed(() => import('./api/handlers.ts'));

export const ROUTES: readonly Route[] = [
	{method: 'GET', path: '/livez', area: 'health', role: 'observe', handler: () => probes().livez},
	{method: 'GET', path: '/readyz', area: 'health', role: 'observe', handler: () => probes().readyz},
	{method: 'GET', path: '/metrics', area: 'metrics', role: 'observe', handler: () => scraped().metrics},
	{method: 'GET', path: '/', area: 'page', role: 'observe', handler: () => page().services},
	{method: 'GET', path: '/live', area: 'page', role: 'observe', handler: () => live().live},
	{method: 'GET', path: '/graph', area: 'page', role: 'observe', handler: () => page().graph},
	{method: 'GET', path: '/login', area: 'page', role: 'none', handler: () => page().login},
	{method: 'GET', path: '/services/{name}', area: 'page', role: 'observe', handler: () => page().service},
	{method: 'GET', path: '/services/{name}/live', area: 'page', role: 'observe', handler: () => live().live},
	{method: 'POST', path: '/services/{name}/start', area: 'page', role: 'operate', handler: () => acting().start},
	{method: 'POST', path: '/services/{name}/stop', area: 'page', role: 'operate', handler: () => acting().stop},
	{method: 'POST', path: '/services/{name}/restart', area: 'page', role: 'operate', handler: () => acting().restart},
	{method: 'GET', path: '/api/v1/status', area: 'api', role: 'observe', handler: () => api().status},
	{method: 'GET', path: '/api/v1/services/{name}', area: 'api', role: 'observe', handler: () => api().service},
	{method: 'GET', path: '/api/v1/services/{name}/why', area: 'api', role: 'observe', handler: () => api().why},
	{method: 'GET', path: '/api/v1/services/{name}/tree', area: 'api', role: 'observe', handler: () => api().tree},
	{method: 'GET', path: '/api/v1/services/{name}/history', area: 'api', role: 'observe', handler: () => api().history},
	{method: 'GET', path: '/api/v1/events', area: 'api', role: 'observe', handler: () => api().events},
	{method: 'GET', path: '/api/v1/logs', area: 'api', role: 'observe', handler: () => api().logs},
	{method: 'GET', path: '/api/v1/graph', area: 'api', role: 'observe', handler: () => api().graph},
	{method: 'GET', path: '/api/v1/blame', area: 'api', role: 'observe', handler: () => api().blame},
	{method: 'GET', path: '/api/v1/health', area: 'api', role: 'observe', handler: () => api().health},
	{method: 'GET', path: '/api/v1/version', area: 'api', role: 'observe', handler: () => api().version},
	{method: 'GET', path: '/api/v1/openapi.json', area: 'api', role: 'none', handler: () => api().openapi},
	{method: 'POST', path: '/api/v1/services/{name}/start', area: 'api', role: 'operate', handler: () => api().start},
	{method: 'POST', path: '/api/v1/services/{name}/stop', area: 'api', role: 'operate', handler: () => api().stop},
	{method: 'POST', path: '/api/v1/services/{name}/restart', area: 'api', role: 'operate', handler: () => api().restart},
	{method: 'POST', path: '/api/v1/services/{name}/auto', area: 'api', role: 'operate', handler: () => api().auto},
	{method: 'POST', path: '/api/v1/services/{name}/reload', area: 'api', role: 'operate', handler: () => api().reloadService},
	{method: 'POST', path: '/api/v1/services/{name}/signal', area: 'api', role: 'operate', handler: () => api().signal},
	{method: 'POST', path: '/api/v1/reload', area: 'api', role: 'admin', handler: () => api().reload},
	{method: 'POST', path: '/api/v1/shutdown', area: 'api', role: 'admin', handler: () => api().shutdown},
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
