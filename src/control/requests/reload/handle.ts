/** Handles `Reload`. */
import {type Call, OK, refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import type {Daemon} from '../../daemon.ts';
import {type Choice, choose} from '../../names.ts';
import {RELOAD_ROW, type ReloadRequest} from './wire.ts';

export const reload: Make<ReloadRequest> = ({daemon}) => ({names}, call) =>
	names.length === 0 ? reloadConfig(daemon, call) : reloadServices(daemon, names, call);

function reloadConfig(daemon: Daemon, call: Call): void {
	if (!call.scope.isWhole) return refuse(call, call.scope.refusal(null));
	daemon.reload({trial: null}, result => {
		if (!result.ok) return refuse(call, `cannot reload the config: ${result.error.why}`);
		call.row(RELOAD_ROW.encode({text: result.value}));
		call.reply(OK);
	});
}

function reloadServices(daemon: Daemon, names: readonly string[], call: Call): void {
	const choices = choose(daemon.state(), names, call.scope);
	if (!choices.ok) return refuse(call, choices.error);
	const able = choices.value.filter(canReload);
	const unable = choices.value.find(choice => choice.isNamed && !able.includes(choice))?.entry;
	if (unable) {
		const {name, reload: how} = unable.service;
		return refuse(call, `cannot reload ${name}: ${how ? 'it is not running' : 'its config does not say how (reload:)'}`);
	}
	if (able.length === 0) return refuse(call, 'cannot reload: no matching service is running and has the key reload');
	daemon.dispatch({kind: 'reload', ids: able.map(({entry}) => entry.id)});
	call.reply(OK);
}

const canReload = ({entry: {service, phase}}: Choice): boolean =>
	service.reload !== null && (phase.kind === 'up' || phase.kind === 'starting');
