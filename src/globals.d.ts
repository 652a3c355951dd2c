/** What archon's engine has beyond the language, or `os/globals.ts` gives it; nothing else of the web or of Node may be used in src. */

interface TextEncoder {
	encode(text: string): Uint8Array<ArrayBuffer>;
}

interface TextDecoder {
	decode(bytes: Uint8Array): string;
}

declare var TextEncoder: {new(): TextEncoder};

declare var TextDecoder: {new(label?: string, options?: {readonly fatal?: boolean; readonly ignoreBOM?: boolean}): TextDecoder};
