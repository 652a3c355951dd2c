/** archon for arm64 on this machine, by qemu's emulation of programs: its children are programs of this machine. */
import {execa} from 'execa';

export const EMULATOR = 'qemu-aarch64-static';

/**
 * Runs it by one of its names, and says how it ended. The emulator now and then takes a SIGCHLD for itself that is for a signalfd:
 * therefore it is told again twice a second, which a kernel does not need.
 */
export function emulated(archon: string, name: string, args: readonly string[]) {
	const child = execa(EMULATOR, ['-0', name, archon, ...args], {reject: false, timeout: 120_000, all: true, stdin: 'ignore'});
	const timer = setInterval(() => child.kill('SIGCHLD'), 500);
	void child.finally(() => clearInterval(timer));
	return child;
}
