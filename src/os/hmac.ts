/** HMAC with SHA-256 (RFC 2104). */
import {concat, newBytes} from './bytes.ts';
import {DIGEST, sys} from './sys.ts';

const BLOCK = 64;
const [INNER, OUTER] = [0x36, 0x5c];

/** As hexadecimal digits. */
export function hmacSha256(key: Uint8Array, bytes: Uint8Array): string {
	const padded = newBytes(BLOCK);
	padded.set(key.length > BLOCK ? digest(key) : key);
	const inner = digest(concat([padded.map(byte => byte ^ INNER), bytes]));
	return [...digest(concat([padded.map(byte => byte ^ OUTER), inner]))].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

function digest(bytes: Uint8Array): Uint8Array {
	const found = sys.digest(DIGEST.sha256, bytes);
	if (typeof found === 'number') throw new Error(`SHA-256: errno ${-found}`);
	return found;
}
