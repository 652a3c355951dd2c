/** `AllocPort` and `FreePort`: a port for a name, and the end of that. */
import {one, optional, type Pages, type RequestOf, type RowForm, type Type, wire} from '../../../../control/wire.ts';
import {PROTOCOLS} from '../../core/spec.ts';

const named = (takes: string, form: RegExp): Type<string> => ({takes, read: text => (form.test(text) ? text : null)});

const SERVICE = named('a name of a service', /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/);
const NAME = named('a name of a port', /^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
const PORT: Type<number> = {
	takes: 'a port', bounds: '1 to 65535',
	read: text => (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? Number(text) : null),
};
const PROTOCOL: Type<(typeof PROTOCOLS)[number]> = {
	takes: 'a protocol', bounds: PROTOCOLS.join(' or '), read: text => PROTOCOLS.find(each => each === text) ?? null,
};

export const ALLOC_PORT = wire('alloc-port', {
	service: one('service', SERVICE), name: one('name', NAME), port: optional('port', PORT), protocol: optional('protocol', PROTOCOL),
}, {verb: 'AllocPort', role: 'operate', isRepeatable: true});

export type AllocPortRequest = RequestOf<typeof ALLOC_PORT>;

export const FREE_PORT = wire('free-port', {port: one('port', PORT), protocol: optional('protocol', PROTOCOL)}, {
	verb: 'FreePort', role: 'operate', isRepeatable: true,
});

export type FreePortRequest = RequestOf<typeof FREE_PORT>;

const FORM: RowForm = {means: 'the port', columns: {port: 'its number'}};

export const pages: Pages = {
	AllocPort: {
		help: 'a port that nothing else is given: the one that the name has, else one from `ports.range`, or the given one',
		rows: [FORM],
		reply: '`Ok`; `Error` where it is another\'s, by archon\'s table or by who has bound it. The service need not exist; of one that does '
			+ 'it is the port that it finds in `$PORT_<NAME>`. It stays until `FreePort`, also where archon is re-executed',
		examples: [['AllocPort,worker,debug', 'Row,20000', 'Ok'], ['AllocPort,worker', 'Error,AllocPort: name missing']],
	},
	FreePort: {
		help: 'give a port back: services that wait for it start',
		rows: [],
		reply: '`Ok`; `Error` where it is no one\'s, where the config says whose it is, or where a service that runs has it',
		examples: [['FreePort,20001', 'Error,port 20001 is given to nothing']],
	},
};
