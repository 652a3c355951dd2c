/** Handles `Upgrade`. */
import {refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {whyNothingStarts} from '../../../core/stage.ts';
import {isRunning} from '../services.ts';
import type {UpgradeRequest} from './wire.ts';

/** The reply comes only if it is not possible: otherwise the connection ends with this instance of archon. */
export const upgrade: Make<UpgradeRequest> = ({daemon}) => ({path}, call) => {
	if (!isRunning(daemon)) return refuse(call, whyNothingStarts(daemon.state()));
	daemon.upgrade(path, why => refuse(call, `cannot upgrade: ${why}; nothing has changed`));
};
