/** Names of services: s6 and dinit take any file name, and archon letters, digits, ".", "_" and "-". */
import type {Place} from '../problems.ts';

export interface Naming {
	/** The name in the translation, which no other service has. */
	readonly nameFor: (written: string, at: Place) => string;
}

export function createNaming(leaveOut: (at: Place, service: string, key: string, why: string) => void): Naming {
	const free = createNames(['all', 'archon']);
	return {
		nameFor(written, at) {
			const plain = written.replace(/[^A-Za-z0-9_.-]/g, '-').replace(/^[^A-Za-z0-9]+|^archon\./, '') || 'service';
			const name = free(plain);
			if (name !== written) leaveOut(at, name, written, `its name here is ${name}`);
			return name;
		},
	};
}

/** Numbers from 2 on what is wanted again; each name is looked at once, however many are alike. */
export function createNames(taken: Iterable<string> = []): (wanted: string) => string {
	const all = new Set(taken);
	const next = new Map<string, number>();
	return wanted => {
		let name = wanted;
		for (let number = next.get(wanted) ?? 2; all.has(name); number++) {
			name = `${wanted}-${number}`;
			next.set(wanted, number + 1);
		}
		all.add(name);
		return name;
	};
}
