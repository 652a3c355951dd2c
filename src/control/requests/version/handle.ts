/** Handles `Version`. */
import {OK} from '../../call.ts';
import type {Make} from '../../context.ts';
import {VERSION_ROW, type VersionRequest} from './wire.ts';

export const version: Make<VersionRequest> = ({daemon}) => (_, call) => {
	call.row(VERSION_ROW.encode(daemon.version));
	call.reply(OK);
};
