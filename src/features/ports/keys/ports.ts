/** `ports` of a service, and at the top where those come from that archon chooses. */
import type {Part, ServiceGroup, WholeGroup} from '../../../config/group.ts';
import {key} from '../../../config/key.ts';
import {textOf, united} from '../../../config/merge.ts';
import {reader, type Settings} from '../../../config/shape.ts';
import {NO_PORTS} from '../../../core/defaults.ts';
import {PORT_RULES, type PortRules, type PortSpec} from '../core/spec.ts';
import {accepts, PORT, PORTS, readPorts, readRules} from './reading.ts';

const KEYS = {
	ports: key<readonly PortSpec[]>(
		reader(accepts, readPorts), 'list of maps', 'empty', NO_PORTS,
		'ports that it listens at, each told to it as $PORT_<NAME>; those of compose\'s, without a name, are ignored',
		'[{name: http, port: auto}]',
	),
};

export const servicePorts = {
	keys: KEYS,
	maps: [['services.<name>.ports[]', PORT]],
	merge: {ports: united(item => textOf(item, 'name'))},
	plan: ({ports}: Settings<typeof KEYS>): Part => ({ports}),
} satisfies ServiceGroup;

const TOP_KEYS = {
	ports: key<PortRules>(
		reader(() => ({shape: PORTS}), readRules), '{range, reserve}',
		`range ${PORT_RULES.range.join('-')}`, PORT_RULES, 'which ports archon gives to services that ask for port: auto',
		'{range: 30000-30099, reserve: {web.http: 30080}}',
	),
};

export const topPorts = {
	keys: TOP_KEYS,
	maps: [['ports', PORTS]],
	plan: ({ports}: Settings<typeof TOP_KEYS>) => ({ports}),
} satisfies WholeGroup;
