/** All handlers of requests about strangers and dependencies: one module, loaded with the first of them. */
export {depend, undepend} from '../../deps/requests/depend/handle.ts';
export {deps} from '../../deps/requests/deps/handle.ts';
export {monitor, monitorFd, unmonitor} from './monitor/handle.ts';
export {monitors} from './monitors/handle.ts';
