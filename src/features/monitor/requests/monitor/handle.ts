/** Handles `Monitor`, `MonitorFD` and `Unmonitor`. */
import {type Call, OK, refuse, refuseForBug} from '../../../../control/call.ts';
import type {Context, Make} from '../../../../control/context.ts';
import type {Result} from '../../../../core/result.ts';
import type {Found} from '../../core/news.ts';
import {EVERY, keptOf, NO_DOING, RULES_MAX, WATCHED_MAX} from '../../core/kept.ts';
import type {Match} from '../../core/match.ts';
import type {MonitorFdRequest, MonitorRequest, UnmonitorRequest} from './wire.ts';

export const monitor: Make<MonitorRequest> = ({daemon}) => ({rule, to}, call) => {
	if (typeof to !== 'number') return add(daemon, rule, to, call);
	daemon.strangers(({hold}) => addFound(daemon, rule, hold(to), call), refuseForBug(call));
};

export const monitorFd: Make<MonitorFdRequest> = ({daemon}) => ({rule}, call) => {
	const fd = call.takeDescriptor();
	if (fd === null) return refuse(call, 'no descriptor with request');
	daemon.strangers(({adopt}) => addFound(daemon, rule, adopt(fd), call), refuseForBug(call));
};

function addFound(daemon: Context['daemon'], rule: string | null, found: Result<Found, string>, call: Call): void {
	if (!found.ok) return refuse(call, found.error);
	add(daemon, rule ?? `pid-${found.value.pid}`, found.value, call);
	// What was not taken is not kept.
	daemon.strangers(({letGo}) => letGo());
}

function add(daemon: Context['daemon'], name: string, to: Match | Found, call: Call): void {
	const kept = keptOf(daemon.state());
	const isTaken = kept?.rules.some(each => each.name === name);
	if (isTaken) return refuse(call, `a rule is called ${name} already; archonctl monitor list shows them`);
	if ((kept?.rules.length ?? 0) >= RULES_MAX) return refuse(call, `there are ${RULES_MAX} rules already, which is the limit`);
	if ((kept?.watched.length ?? 0) >= WATCHED_MAX) return refuse(call, `${WATCHED_MAX} processes are watched already, which is the limit`);
	daemon.dispatch({kind: 'monitor', news: {kind: 'add', name, every: EVERY, on: NO_DOING, to}});
	if ('pid' in to) call.row([name, String(to.pid), to.exe]);
	call.reply(OK);
}

export const unmonitor: Make<UnmonitorRequest> = ({daemon}) => ({rule}, call) => {
	const found = keptOf(daemon.state())?.rules.find(({name, origin}) => name === rule && origin !== 'deps');
	if (!found) return refuse(call, `no rule is called ${rule}`);
	if (found.origin === 'config') return refuse(call, `${rule} is a rule of the config: take it out there, and reload`);
	daemon.dispatch({kind: 'monitor', news: {kind: 'remove', id: found.id}});
	call.reply(OK);
};
