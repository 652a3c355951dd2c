/** Connections to names and addresses of the network, which never make archon wait. */
import {errnoText, resolverText} from '../../../os/errno.ts';
import {start, textsOf} from '../../../os/jobs.ts';
import type {Poller} from '../../../os/poller.ts';
import {EPOLLOUT, SOCK_STREAM, sys} from '../../../os/sys.ts';

/**
 * Connects to a host's addresses, one after the other until one answers; where none does, the first speaks for all. Calls
 * back once with a descriptor that is not watched yet, or with why there is no connection. The result gives it up.
 */
export function dial(
	host: string, port: number, poller: Poller, told: (fd: number) => void, failed: (why: string) => void,
): () => void {
	let fd = -1;
	let isOver = false;

	function shut(): void {
		if (fd < 0) return;
		poller.forget(fd);
		sys.close(fd);
		fd = -1;
	}

	function fail(why: string): void {
		isOver = true;
		failed(why);
	}

	function attempt(addresses: readonly string[], first: number): void {
		const [next, ...others] = addresses;
		if (next === undefined) return fail(errnoText(first));
		const made = sys.connectInet(next, port, SOCK_STREAM);
		if (made < 0) return attempt(others, first || -made);
		fd = made;
		poller.watch(fd, EPOLLOUT, () => {
			const errno = sys.socketError(fd);
			if (errno > 0) {
				shut();
				return attempt(others, first || errno);
			}
			isOver = true;
			poller.forget(fd);
			told(fd);
		});
	}

	if (host === 'localhost') attempt(['127.0.0.1', '::1'], 0);
	else if (sys.isAddress(host)) attempt([host], 0);
	else {
		start('resolve', {text: host, numbers: [SOCK_STREAM]}, done => {
			if (isOver) return;
			const addresses = textsOf(done);
			if (addresses.length === 0) fail(resolverText(done.result));
			else attempt(addresses, 0);
		});
	}
	return () => {
		if (isOver) return;
		isOver = true;
		shut();
	};
}
