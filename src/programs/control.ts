/** `archonctl`: asks a running archon. */
import {runCli} from '../cli/archonctl.ts';
import {env} from '../os/environment.ts';
import {BrokenPipe} from '../os/errno.ts';
import {uid} from '../os/identity.ts';
import {connect} from '../os/sockets/client.ts';
import {sys} from '../os/sys.ts';
import {refuse, stdin, SYSTEM, write} from './streams.ts';

export async function control(args: readonly string[], version: string): Promise<number> {
	try {
		return await runCli(args, {
			connect, rest: sys.sleep, env: env(), version,
			stdout: text => write(1, text),
			stderr: text => write(2, text),
			stdin,
			isTty: sys.isTerminal(1), uid, mayPage: true,
		});
	} catch (error) {
		if (error instanceof BrokenPipe) throw error;
		return refuse(`archonctl: ${error instanceof Error ? error.message : error}`, SYSTEM);
	}
}
