/** All handlers of the API, which are loaded together with the first request to it. */
export {auto, reload, reloadService, restart, shutdown, signal, start, stop} from './act.ts';
export {events} from './events.ts';
export {logs} from './logs.ts';
export {blame, graph, health, history, openapi, service, status, tree, version, why} from './read.ts';
