/** The Encoding Standard's two classes, as far as `control/` uses them, where the engine has none. It is imported before anything else. */
import {sys} from './sys.ts';

class Encoder {
	encode(text: string) {
		return sys.encodeUtf8(text);
	}
}

class Decoder {
	readonly #isFatal: boolean;

	constructor(_label = 'utf-8', {fatal = false}: {readonly fatal?: boolean; readonly ignoreBOM?: boolean} = {}) {
		this.#isFatal = fatal;
	}

	decode(bytes: Uint8Array): string {
		if (this.#isFatal && !sys.isUtf8(bytes, 0, bytes.length)) throw new TypeError('not UTF-8');
		return sys.decodeUtf8(bytes, 0, bytes.length);
	}
}

if (!('TextEncoder' in globalThis)) Object.assign(globalThis, {TextEncoder: Encoder, TextDecoder: Decoder});
