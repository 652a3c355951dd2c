/** Handles `Doctor`. */
import {OK, refuseForBug} from '../../call.ts';
import type {Make} from '../../context.ts';
import {DOCTOR_ROW, type DoctorRequest} from './wire.ts';

export const doctor: Make<DoctorRequest> = ({daemon}) => (_, call) => daemon.examineHost(facts => {
	for (const [fact, value] of facts) call.row(DOCTOR_ROW.encode({fact, value: value === null ? null : String(value)}));
	call.reply(OK);
}, refuseForBug(call));
