/** JSON that something else than this process has written: nothing of it is believed before it is looked at. */

/** An object by its keys. */
export type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object that a text is; null: it is something else. */
export function parseObject(text: string): Fields | null {
	try {
		const value: unknown = JSON.parse(text);
		return isObject(value) ? value : null;
	} catch {
		return null;
	}
}
