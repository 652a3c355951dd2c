/** Names of services: s6 and dinit take any file name, and archon letters, digits, ".", "_" and "-". */
import type {Place} from '../problems.ts';

export interface Naming {
	/** The name in the translation, which no other service has. */
	readonly nameFor: (written: string, at: Place) => string;
}

export function createNaming(leaveOut: (at: Place, service: string, key: string, why: string) => void): Naming {
	const taken = new Set<string>(['all', 'archon']);
	return {
		nameFor(written, at) {
			const plain = written.replace(/[^A-Za-z0-9_.-]/g, '-').replace(/^[^A-Za-z0-9]+|^archon\./, '') || 'service';
			let name = plain;
			for (let number = 2; taken.has(name); number++) name = `${plain}-${number}`;
			taken.add(name);
			if (name !== written) leaveOut(at, name, written, `its name here is ${name}`);
			return name;
		},
	};
}
