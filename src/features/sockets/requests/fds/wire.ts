/** `Fds`: what archon holds for services. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../../../control/wire.ts';
import type {HeldFd} from '../../core/held.ts';

/** A descriptor, and the service that it is held for. */
export interface FdRow extends HeldFd {
	readonly service: string;
}

export const FD_ROW: Rows<FdRow> = {
	encode: ({service, kind, name, fd, what}) => [service, kind, name, String(fd), what],
	decode: ([service = '', kind, name = '', fd = '', what = '']) =>
		({service, kind: kind === 'stored' ? kind : 'socket', name, fd: Number(fd), what}),
};

export const FDS = wire('fds', {}, {verb: 'Fds', role: 'observe', isScoped: true, isRepeatable: true});

export type FdsRequest = RequestOf<typeof FDS>;

const FORM: RowForm<FdRow> = {
	means: 'a descriptor that archon holds for a service, and its runs are given',
	columns: {
		service: 'its name', kind: '`socket`: archon has bound it; `stored`: the service has given it archon to keep (FDSTORE=1)',
		name: 'as it stands in LISTEN_FDNAMES', fd: 'its number in archon',
		what: 'the type and address of a socket; of what is kept, as the kernel calls it',
	},
};

export const pages: Pages = {
	Fds: {
		help: 'the sockets and descriptors that archon holds for services',
		rows: [FORM], reply: '`Ok`',
		examples: [['Fds', 'Row,web,socket,http,14,stream :8080', 'Row,web,stored,cache,17,/memfd:cache (deleted)', 'Ok']],
	},
};
