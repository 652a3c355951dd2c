/** What libarchon-bind.so asks and is answered (src/shim/bind.c). */
import type {Asked} from '../core/rules.ts';

const MAGIC = 'ABND';
const VERSION = 1;

/** Of a question, in bytes. */
export const QUESTION = 26;

/** What a program wants to bind; null: that is no question of this version. */
export function readQuestion(bytes: Uint8Array, length: number): Asked | null {
	if (length !== QUESTION || String.fromCharCode(...bytes.subarray(0, 4)) !== MAGIC || bytes[4] !== VERSION) return null;
	const [isDatagrams, isSix, isSixOnly] = [bytes[5] === 1, bytes[6] === 1, bytes[7] === 1];
	const port = (bytes[8] ?? 0) * 256 + (bytes[9] ?? 0);
	const address = isSix ? sixIn(bytes.subarray(10, 26)) : bytes.subarray(10, 14).join('.');
	return {protocol: isDatagrams ? 'udp' : 'tcp', address, port, isSixOnly: isSix && isSixOnly};
}

/** As people write it (RFC 5952): the longest run of zeros is left out. */
function sixIn(bytes: Uint8Array): string {
	const parts = Array.from({length: 8}, (_, i) => (bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0));
	let [at, most] = [-1, 1];
	for (let from = 0; from < 8; from++) {
		let count = 0;
		while (from + count < 8 && parts[from + count] === 0) count++;
		if (count > most) [at, most] = [from, count];
	}
	const text = (some: readonly number[]): string => some.map(part => part.toString(16)).join(':');
	return at < 0 ? text(parts) : `${text(parts.slice(0, at))}::${text(parts.slice(at + most))}`;
}

const answer = (verdict: string, errno = 0): Uint8Array => Uint8Array.of(verdict.charCodeAt(0), errno);

/** A descriptor comes with it. */
export const GIVEN = answer('G');
/** The program binds for itself. */
export const OWN = answer('O');
export const refused = (errno: number): Uint8Array => answer('R', errno);
