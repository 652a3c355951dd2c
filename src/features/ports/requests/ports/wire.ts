/** `Ports`: which port is whose. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';
import {PROTOCOLS} from '../../core/spec.ts';
import type {PortLine} from '../../core/table.ts';

const KINDS = ['fixed', 'auto', 'client'] as const satisfies readonly PortLine['kind'][];

export const PORT_ROW: Rows<PortLine> = {
	encode: ({key, port, protocol, kind, heldBy}) => [key, port === null ? '' : String(port), protocol, kind, heldBy],
	decode: ([key = '', port = '', protocol, kind, heldBy = '']) => ({
		key, port: port === '' ? null : Number(port), protocol: PROTOCOLS.find(each => each === protocol) ?? 'tcp',
		kind: KINDS.find(each => each === kind) ?? 'client', heldBy,
	}),
};

export const PORTS = wire('ports', {}, {verb: 'Ports', role: 'observe', isScoped: true, isRepeatable: true});

export type PortsRequest = RequestOf<typeof PORTS>;

const FORM: RowForm<PortLine> = {
	means: 'a port',
	columns: {
		key: 'whose it is: SERVICE.NAME', port: 'its number; empty: archon chooses it when it is asked for', protocol: PROTOCOLS.join(' or '),
		kind: 'fixed: the config says which; auto: archon has chosen it; client: AllocPort has asked for it',
		heldBy: 'what has it instead, so that the service waits; empty: nothing that archon knows of',
	},
};

export const pages: Pages = {
	Ports: {
		help: 'which ports services have by `ports`, and which clients have asked for',
		rows: [FORM], reply: '`Ok`',
		examples: [['Ports', 'Row,web.http,20000,tcp,auto,', 'Ok']],
	},
};
