/** Handles `Ports`. */
import {OK} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {byNeed} from '../../../../core/by-need.ts';
import type {Service} from '../../../../core/service.ts';
import {PORT_ROW, type PortsRequest} from './wire.ts';

const table = byNeed(() => import('../../core/table.ts'));

export const ports: Make<PortsRequest> = ({daemon}) => (_, call) => {
	const sees = (service: Service | null): boolean => (service ? call.scope.has(service) : call.scope.isWhole);
	for (const line of table().portsOf(daemon.state(), sees)) call.row(PORT_ROW.encode(line));
	call.reply(OK);
};
