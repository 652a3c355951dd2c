/** The variables by which commands of a service are told of its ports: hooks, probes and tests, as its main process is. */
import type {Service} from '../../core/service.ts';

export type PortVariables = (service: Service) => Readonly<Record<string, string>>;

const NOTHING = {};

let variablesOf: PortVariables = () => NOTHING;

/** Who knows them; archon has one. */
export function tellPorts(from: PortVariables): void {
	variablesOf = from;
}

/** Whether it is told of ports: its own, or those of sockets for which archon chooses. */
export const hasPorts = ({ports, sockets}: Service): boolean =>
	ports.length > 0 || sockets.some(({listen}) => listen.kind === 'inet' && listen.port === 'auto');

export const portVariables: PortVariables = service => (hasPorts(service) ? variablesOf(service) : NOTHING);
