/** Handles `Deps`. */
import {OK} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {NEVER} from '../../../../core/time.ts';
import {keptOf} from '../../../monitor/core/kept.ts';
import {targetText} from '../../core/dependency.ts';
import {DEPS_ROW, type DepsRequest} from './wire.ts';

export const deps: Make<DepsRequest> = ({daemon}) => (_, call) => {
	for (const {id, dependent, target, on, text, order, until, times} of keptOf(daemon.state())?.dependencies ?? []) {
		const does = / do=(.*)$/s.exec(text)?.[1] ?? '';
		call.row(DEPS_ROW.encode({
			id, service: dependent, target: targetText(target), on, does, order, until: until === NEVER ? 0 : daemon.wallClock(until), times,
		}));
	}
	call.reply(OK);
};
