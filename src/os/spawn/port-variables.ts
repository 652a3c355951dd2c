/** The variables by which commands of a service are told of its ports: hooks, probes and tests, as its main process is. */
import type {Service} from '../../core/service.ts';

export type PortVariables = (service: Service) => Readonly<Record<string, string>>;

const NOTHING = {};

let variablesOf: PortVariables = () => NOTHING;

/** Who knows them; archon has one. */
export function tellPorts(from: PortVariables): void {
	variablesOf = from;
}

export const portVariables: PortVariables = service => (service.ports.length === 0 ? NOTHING : variablesOf(service));
