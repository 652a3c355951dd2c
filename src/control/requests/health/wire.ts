/** `Health`: what probes from outside ask, of docker and of Kubernetes. */
import {many, one, type Pages, PATTERN, type RequestOf, type Type, wire} from '../../wire.ts';

const PROBED = ['ready', 'live'] as const;

const WHAT: Type<(typeof PROBED)[number]> = {
	takes: 'ready or live', read: text => PROBED.find(known => known === text) ?? null,
};

export const HEALTH = wire('health', {what: one('ready or live', WHAT), names: many('name', PATTERN, 0)}, {
	verb: 'Health', role: 'observe', isScoped: true, isRepeatable: true,
});

export type HealthRequest = RequestOf<typeof HEALTH>;

export const pages: Pages = {
	Health: {
		help: 'tell whether services are ready, or whether something has failed for good; without a name of the whole',
		rows: [],
		reply: '`Ok`; else `Error` with the first service that is not, and why. Nothing that is stopped counts, unless it is named',
		examples: [['Health,live,web', 'Ok'], ['Health,ready', 'Error,job is failed: exit status 3']],
	},
};
