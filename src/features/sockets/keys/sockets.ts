/** `sockets`, `accept`, `idle_timeout`, `fd_store_max`: what archon listens at for a service, and keeps for it. */
import type {Part, ServiceGroup} from '../../../config/group.ts';
import {key, optional, value} from '../../../config/key.ts';
import {textOf, united} from '../../../config/merge.ts';
import {lapse, oneOf, whole} from '../../../config/scalars.ts';
import {reader, type Settings} from '../../../config/shape.ts';
import type {SocketSpec} from '../core/spec.ts';
import {accepts, accountsOf, judgePaths, judgeSockets, readSockets, SOCKET} from './reading.ts';

/** With the sockets and the three streams there must be room in one request (REQUEST_FDS_MAX). */
const STORE_MAX = 32;

const KEYS = {
	sockets: key<readonly SocketSpec[]>(
		reader(accepts, readSockets), 'address | map | list of them', 'empty', [],
		'what archon listens at, and hands to each run from descriptor 3 on, as sd_listen_fds(3)', '[8080, "unix:/run/web.sock"]',
	),
	accept: value(
		oneOf(['eager', 'lazy'] as const), 'eager | lazy', 'eager', 'lazy: its first connection starts it, and not archon',
	),
	idle_timeout: optional(
		lapse, 'duration', 'none', 'with accept: lazy, it stops when no connection to its sockets has been open for so long', '10m',
	),
	fd_store_max: value(
		whole(0, STORE_MAX), `0 to ${STORE_MAX}`, '0', 'how many descriptors archon keeps for its next run (sd_notify(3), FDSTORE=1)',
	),
};

export const sockets = {
	keys: KEYS,
	maps: [['services.<name>.sockets', SOCKET]],
	words: () => ({
		names: {sockets: 'socket listen_on ListenStream', idle_timeout: 'exit_idle_time', fd_store_max: 'FileDescriptorStoreMax'},
		others: [['ListenDatagram', 'sockets', 'write sockets: [{listen: 5353, type: dgram}]']],
	}),
	merge: {sockets: united(item => textOf(item, 'name', 'listen'))},
	conflicts: judgeSockets,
	rivals: judgePaths,
	accounts: accountsOf,
	plan: ({sockets, accept, idle_timeout: idle, fd_store_max: fdStoreMax}: Settings<typeof KEYS>): Part => ({
		sockets, isLazy: accept === 'lazy', idleTimeout: idle ?? Infinity, fdStoreMax, ...accept === 'lazy' && {autostart: false},
	}),
} satisfies ServiceGroup;
