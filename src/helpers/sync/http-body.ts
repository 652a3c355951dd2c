/** The bytes of an answer of HTTP/1.1 (RFC 9112): its head, and its body as it comes, in chunks or by its length. Pure. */

export type State =
	| {readonly kind: 'more'}
	| {readonly kind: 'whole'}
	| {readonly kind: 'moved'; readonly location: string}
	| {readonly kind: 'refused'; readonly why: string};

export interface Body {
	read(bytes: Uint8Array): State;
	/** The connection has ended. */
	end(): State;
}

const [HEAD_MAX, LINE_MAX, LENGTH_DIGITS_MAX, CHUNK_DIGITS_MAX] = [64 * 1024, 1024, 15, 8];
const MORE: State = {kind: 'more'};
const [CR, LF] = [13, 10];

/** `take`: null, or why no more of the body is wanted. */
export function createBody(take: (bytes: Uint8Array) => string | null): Body {
	/** `size`, `after`, `trailer`: of a body in chunks; `rest`: it ends with the connection. */
	let stage: 'head' | 'length' | 'rest' | 'size' | 'chunk' | 'after' | 'trailer' | 'over' = 'head';
	let line = '';
	let head: string[] = [];
	let headLength = 0;
	let left = 0;
	let state: State = MORE;

	const refuse = (why: string): void => {
		stage = 'over';
		state = {kind: 'refused', why};
	};
	const finish = (): void => {
		stage = 'over';
		state = {kind: 'whole'};
	};

	function readHead(): void {
		const [first = '', ...fields] = head;
		head = [];
		const [, digits = '', reason = ''] = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(first) ?? [];
		if (digits === '') return refuse('it does not speak HTTP');
		const status = Number(digits);
		// What is only for the time being is followed by the answer itself.
		if (status < 200) return;
		const values = new Map<string, string>();
		for (const field of fields) {
			const colon = field.indexOf(':');
			const name = field.slice(0, colon).toLowerCase();
			if (colon <= 0 || /[\s]/.test(name)) return refuse('its headers are not what HTTP has');
			const value = field.slice(colon + 1).trim();
			if (values.has(name) && values.get(name) !== value && (name === 'content-length' || name === 'location')) {
				return refuse(`it has two headers ${name}`);
			}
			values.set(name, value);
		}
		const location = values.get('location');
		if ([301, 302, 303, 307, 308].includes(status) && location) {
			stage = 'over';
			state = {kind: 'moved', location};
			return;
		}
		if (status !== 200) return refuse(`the server says ${digits} ${reason.replaceAll(/[^ -~]+/g, ' ').slice(0, 100)}`.trim());
		const encoding = values.get('content-encoding');
		if (encoding !== undefined && encoding !== 'identity') return refuse('it is packed, which was not asked for');
		const coding = values.get('transfer-encoding')?.toLowerCase();
		const length = values.get('content-length');
		if (coding === 'chunked') stage = 'size';
		else if (coding !== undefined) refuse('it comes in a way that was not asked for');
		else if (length === undefined) stage = 'rest';
		else if (!/^\d+$/.test(length) || length.length > LENGTH_DIGITS_MAX) refuse('its Content-Length is not a number');
		else {
			left = Number(length);
			stage = 'length';
			if (left === 0) finish();
		}
	}

	function endOfLine(): void {
		const text = line.endsWith('\r') ? line.slice(0, -1) : line;
		line = '';
		if (stage === 'head') {
			if (text === '' && head.length > 0) readHead();
			else if (text !== '') head.push(text);
		} else if (stage === 'size') {
			const [, digits = ''] = /^([0-9a-fA-F]+)[ \t]*(?:;.*)?$/.exec(text) ?? [];
			if (digits === '' || digits.length > CHUNK_DIGITS_MAX) return refuse('its chunks are not what HTTP has');
			left = Number.parseInt(digits, 16);
			stage = left === 0 ? 'trailer' : 'chunk';
		} else if (stage === 'after') {
			if (text !== '') return refuse('its chunks are not what HTTP has');
			stage = 'size';
		} else if (text === '') {
			finish();
		}
	}

	function hand(bytes: Uint8Array): void {
		const why = take(bytes);
		if (why !== null) refuse(why);
	}

	return {
		read(bytes) {
			let at = 0;
			while (at < bytes.length && stage !== 'over') {
				if (stage === 'rest') {
					hand(bytes.subarray(at));
					at = bytes.length;
				} else if (stage === 'length' || stage === 'chunk') {
					const part = bytes.subarray(at, at + left);
					at += part.length;
					left -= part.length;
					hand(part);
					// What a refusal has ended stays so.
					if (left > 0 || state.kind === 'refused') continue;
					if (stage === 'length') finish();
					else stage = 'after';
				} else {
					const byte = bytes[at++] ?? LF;
					if (byte === LF) {
						endOfLine();
						continue;
					}
					headLength += stage === 'head' || stage === 'trailer' ? 1 : 0;
					line += String.fromCharCode(byte);
					const most = stage === 'size' || stage === 'after' ? LINE_MAX : HEAD_MAX;
					if (line.length > most || headLength > HEAD_MAX) refuse('its headers are too long');
					else if (byte === 0 || (byte < 32 && byte !== CR && byte !== 9)) refuse('its headers are not what HTTP has');
				}
			}
			return state;
		},
		end() {
			if (stage === 'rest') finish();
			else if (stage !== 'over') refuse(stage === 'head' ? 'the server has closed the connection' : 'it was cut off');
			return state;
		},
	};
}
