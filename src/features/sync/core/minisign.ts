/** Public keys and signatures of minisign as text, and what a trusted comment says of a release; `helpers/sync/trust.ts` verifies. */
import {err, ok, type Result} from '../../../core/result.ts';
import {isVersion} from './version.ts';

export interface PublicKey {
	/** Eight bytes, as minisign shows them. */
	readonly id: string;
	readonly key: Uint8Array;
}

export interface Signature {
	/** Whether the BLAKE2b of the file was signed, or else the file itself (`ED`, `Ed`). */
	readonly isHashed: boolean;
	readonly id: string;
	readonly signature: Uint8Array;
	readonly comment: string;
	/** Of the signature and the comment behind it. */
	readonly global: Uint8Array;
}

/** What a trusted comment says: `version=7 expires=2027-01-31`. */
export interface Trusted {
	readonly version: string;
	/** Milliseconds since 1970; null: it does not say. */
	readonly expires: number | null;
}

const [ID, KEY, SIGNATURE] = [8, 32, 64];
const COMMENT = 'trusted comment: ';

/** As it stands in the second line of a file `.pub`; null: it is not one. */
export function readPublicKey(text: string): PublicKey | null {
	const bytes = fromBase64(text);
	if (bytes?.length !== 2 + ID + KEY || algorithmOf(bytes) !== 'Ed') return null;
	return {id: idOf(bytes), key: bytes.subarray(2 + ID)};
}

/** The four lines of a file `.minisig`. */
export function readSignature(text: string): Result<Signature, string> {
	const [untrusted = '', first = '', trusted = '', second = '', ...rest] = text.split('\n').map(line => line.replace(/\r$/, ''));
	const [bytes, global] = [fromBase64(first), fromBase64(second)];
	const isWhole = untrusted.startsWith('untrusted comment: ') && trusted.startsWith(COMMENT) && rest.every(line => line === '');
	if (!isWhole || bytes?.length !== 2 + ID + SIGNATURE || global?.length !== SIGNATURE) return err('is not a signature of minisign');
	const algorithm = algorithmOf(bytes);
	if (algorithm !== 'ED' && algorithm !== 'Ed') return err('is signed in a way that is not known');
	return ok({
		isHashed: algorithm === 'ED', id: idOf(bytes), signature: bytes.subarray(2 + ID), comment: trusted.slice(COMMENT.length), global,
	});
}

/** What a trusted comment says; or what it lacks. */
export function readComment(comment: string): Result<Trusted, string> {
	let [version, expires]: [string | null, number | null] = [null, null];
	for (const word of comment.split(/[\s,]+/)) {
		const [, name, value = ''] = /^(version|expires)=(.*)$/.exec(word) ?? [];
		if (name === 'version') {
			if (version !== null) return err('has two versions in its trusted comment');
			if (!isVersion(value)) return err(`has version=${clip(value)} in its trusted comment, which cannot be the name of a folder`);
			version = value;
		} else if (name === 'expires') {
			if (expires !== null) return err('has two dates of expiry in its trusted comment');
			expires = readDate(value);
			if (expires === null) return err(`has expires=${clip(value)} in its trusted comment: write 2027-01-31 or 2027-01-31T12:00:00Z`);
		}
	}
	if (version === null) return err('has no version in its trusted comment: sign with minisign -t "version=7 expires=2027-01-31"');
	return ok({version, expires});
}

/** A day, which is good to its end, or an instant, both of UTC, or seconds since 1970; null: it is something else. */
function readDate(text: string): number | null {
	if (/^\d{9,11}$/.test(text)) return Number(text) * 1000;
	const [, day, time] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\dZ)?$/.exec(text) ?? [];
	if (day === undefined) return null;
	const millis = Date.parse(`${day}${time ?? 'T23:59:59Z'}`);
	// The engines take 30 February for a day of March.
	return Number.isNaN(millis) || !new Date(millis).toISOString().startsWith(day) ? null : millis;
}

const clip = (text: string): string => text.slice(0, 80);

const algorithmOf = ([first = 0, second = 0]: Uint8Array): string => String.fromCharCode(first, second);
const idOf = (bytes: Uint8Array): string =>
	[...bytes.subarray(2, 2 + ID)].reverse().map(byte => byte.toString(16).padStart(2, '0')).join('').toUpperCase();

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** RFC 4648, with all that it has and nothing else; null: it is not that. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
	const [, written = '', filling = ''] = /^([A-Za-z0-9+/]*)(={0,2})$/.exec(text) ?? [];
	if (text.length % 4 !== 0 || written.length + filling.length !== text.length) return null;
	const bytes = new Uint8Array(Math.floor(written.length * 3 / 4));
	let [bits, count, at] = [0, 0, 0];
	for (const digit of written) {
		bits = (bits << 6 | DIGITS.indexOf(digit)) & 0xffff;
		count += 6;
		if (count < 8) continue;
		count -= 8;
		bytes[at++] = bits >> count & 0xff;
	}
	// Bits that stand for nothing are 0, so that no two texts are the same bytes.
	return (bits & (1 << count) - 1) === 0 ? bytes : null;
}
