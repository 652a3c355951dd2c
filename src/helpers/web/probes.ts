/** `/livez` and `/readyz`: what `archonctl health` says, for those who ask by HTTP. */
import {HEALTH} from '../../control/requests/health/wire.ts';
import {STATUS, STATUS_ROW, type StatusRow} from '../../control/requests/status/wire.ts';
import {roleOf} from '../../core/helper-roles.ts';
import {after} from '../../os/clock.ts';
import {JSON_TYPE, TEXT_TYPE} from './failure.ts';
import type {Handler} from './http/message.ts';

/** How long archon may take to say so (ms). */
const PATIENCE = 5000;

/**
 * 200 or 503, and one line or an object that says why. `?service=`, which may come more than once: of these and no others. `?verbose`:
 * also how each of them is; without names, each that is to run.
 */
const probe = (what: 'ready' | 'live'): Handler => (request, answer) => {
	const names = request.pairs.filter(([name]) => name === 'service').map(([, value]) => value);
	const isVerbose = request.query.has('verbose');
	const services: StatusRow[] = [];
	let giveUp = (): void => {};

	function say(reason: string | null): void {
		cancel();
		giveUp();
		const status = reason === null ? 200 : 503;
		if ((request.header('accept') ?? '').includes('application/json')) {
			const told = isVerbose ? {services: services.map(({name, status, note}) => ({name, status, note}))} : {};
			return answer.whole(status, {'content-type': JSON_TYPE}, `${JSON.stringify({ok: reason === null, reason, ...told})}\n`);
		}
		const lines = services.map(({name, status, note}) => `${name} is ${status}${note === '' ? '' : `: ${note}`}`);
		answer.whole(status, {'content-type': TEXT_TYPE}, `${[...isVerbose ? lines : [], reason ?? 'ok'].join('\n')}\n`);
	}

	const askHealth = (): void => {
		giveUp = request.visitor.ask(HEALTH, [what, ...names], {
			done: result => say(result.ok ? (result.value.kind === 'Error' ? result.value.reason : null) : result.error.reason),
		});
	};
	const askStatus = (): void => {
		giveUp = request.visitor.ask(STATUS, names, {
			rows(rows) {
				for (const row of rows.map(STATUS_ROW.decode)) {
					if (names.length > 0 || (row.wanted && roleOf(row.name) === undefined)) services.push(row);
				}
			},
			// Of names that no service has the health tells.
			done: askHealth,
		});
	};
	const cancel = after(PATIENCE, () => say('archon does not answer'));
	if (isVerbose) askStatus();
	else askHealth();
	return () => {
		cancel();
		giveUp();
	};
};

export const livez = probe('live');
export const readyz = probe('ready');
