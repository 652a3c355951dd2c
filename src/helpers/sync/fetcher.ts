/** What fetches files of a master, and the bounds of it. Nothing that comes is believed. */

export interface Order {
	/** Bytes that are there already, where the fetcher can go on; else 0. */
	readonly from: number;
	/** No more bytes than this are taken. */
	readonly most: number;
	/** Null: it has them; else why not, and no more is fetched. */
	readonly take: (bytes: Uint8Array) => string | null;
}

export interface Fetcher {
	/** What it is, for people. */
	readonly name: string;
	/** Whether it can go on where an earlier one has ended. */
	readonly resumes: boolean;
	/** The file at a path below the source. Null: all of it was taken; else why not, behind its name. */
	fetch(path: string, order: Order): Promise<string | null>;
}

/** How long nothing may come, how long one file may take, and until there is a connection, in seconds. */
export const [IDLE_SECONDS, LONGEST_SECONDS, CONNECT_SECONDS] = [60, 3600, 30];

/** Redirects at most. */
export const HOPS_MAX = 5;

/** The file is to be fetched as a whole. */
export const CANNOT_RESUME = 'cannot be fetched from the middle on';

export const TOO_LARGE = 'is larger than it may be (max_size)';

/** A path, each step of it as a URL has it. */
export const urlOf = (source: string, path: string): string => `${source}/${path.split('/').map(encodeURIComponent).join('/')}`;
