/** `Version`: which archon this is, and how often it was re-executed. */
import {type Pages, type RequestOf, type RowForm, type Rows, wire} from '../../wire.ts';

/** archon: `Row,0.1.0,2,fault`. */
export interface VersionRow {
	readonly version: string;
	/** How often it was re-executed. */
	readonly lives: number;
	/** `fault`, `sent`, `bug` or `upgrade`; empty: it was not. */
	readonly cause: string;
}

export const VERSION_ROW: Rows<VersionRow> = {
	encode: ({version, lives, cause}) => [version, String(lives), cause],
	decode: ([version = '', lives = '', cause = '']) => ({version, lives: Number(lives), cause}),
};

export const VERSION = wire('version', {}, {verb: 'Version', role: 'observe', isScoped: true, isRepeatable: true});

export type VersionRequest = RequestOf<typeof VERSION>;

const FORM: RowForm<VersionRow> = {
	means: 'archon',
	columns: {
		version: 'its version',
		lives: 'how often it was re-executed',
		cause: 'why the last time: `fault`, `sent` (a fatal signal that a process sent), `bug` or `upgrade`; empty: it was not',
	},
};

export const pages: Pages = {
	Version: {
		help: 'show the version, and how often archon was re-executed',
		rows: [FORM],
		reply: '`Ok`',
		examples: [['Version', 'Row,0.1.0,0,', 'Ok']],
	},
};
