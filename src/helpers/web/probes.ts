/** `/livez` and `/readyz`: what `archonctl health` says, for those who ask by HTTP. */
import {HEALTH} from '../../control/requests/health/wire.ts';
import {after} from '../../os/clock.ts';
import {JSON_TYPE, TEXT_TYPE} from './failure.ts';
import type {Handler} from './http/message.ts';

/** How long archon may take to say so (ms). */
const PATIENCE = 5000;

/** 200 or 503, and one line or an object that says why. `?service=`, which may come more than once: of these and no others. */
const probe = (what: 'ready' | 'live'): Handler => (request, answer) => {
	const names = request.pairs.filter(([name]) => name === 'service').map(([, value]) => value);
	const say = (reason: string | null): void => {
		const status = reason === null ? 200 : 503;
		if ((request.header('accept') ?? '').includes('application/json')) {
			return answer.whole(status, {'content-type': JSON_TYPE}, `${JSON.stringify({ok: reason === null, reason})}\n`);
		}
		answer.whole(status, {'content-type': TEXT_TYPE}, `${reason ?? 'ok'}\n`);
	};
	const cancel = after(PATIENCE, () => {
		giveUp();
		say('archon does not answer');
	});
	const giveUp = request.visitor.ask(HEALTH, [what, ...names], {
		done(result) {
			cancel();
			if (!result.ok) return say(result.error.reason);
			say(result.value.kind === 'Error' ? result.value.reason : null);
		},
	});
	return () => {
		cancel();
		giveUp();
	};
};

export const livez = probe('live');
export const readyz = probe('ready');
