/** Bytes as text and text as bytes, and what else is done with bytes. */
import {ERRNO, sys} from './sys.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

export const newBytes = (length: number): Bytes => new Uint8Array(length);

/** UTF-8; what is not UTF-8 becomes U+FFFD. */
export const textOf = (bytes: Uint8Array, from = 0, to = bytes.length): string => sys.decodeUtf8(bytes, from, to);
export const bytesOf = (text: string): Bytes => sys.encodeUtf8(text);

/** The same, but what is no UTF-8 comes out as it was where a process is given the text. */
export const rawTextOf = (bytes: Uint8Array): string => sys.decodeUtf8(bytes, 0, bytes.length, true);

/** One character is one byte. */
export const latin1Of = (bytes: Uint8Array, from = 0, to = bytes.length): string => sys.decodeLatin1(bytes, from, to);

/** The bytes of text whose characters are one byte each. */
export function bytesOfLatin1(text: string): Bytes {
	const bytes = newBytes(text.length);
	if (sys.writeLatin1(text, bytes, 0) === -ERRNO.ENOSPC) throw new Error('a character is more than a byte');
	return bytes;
}

/** How many bytes a text takes as UTF-8. */
export function byteLength(text: string): number {
	let length = text.length;
	for (let i = 0; i < text.length; i++) {
		const unit = text.charCodeAt(i);
		if (unit >= 0x80) length += unit >= 0x800 && (unit & 0xf800) !== 0xd800 ? 2 : 1;
	}
	return length;
}

export function concat(parts: readonly Uint8Array[]): Bytes {
	const whole = newBytes(parts.reduce((sum, {length}) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}
