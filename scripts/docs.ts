/**
 * Writes what the pages have from the code and from measurements: `npm run docs`. Such a block stands between two comments,
 * and test/unit/scripts/docs.test.ts fails when one is not as it would be written now.
 */
import {globSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {type LayerFigures, layerTable} from '../bench/layer-figures.ts';
import {type PoolFigures, poolTable} from '../bench/pool-figures.ts';
import {type WebFigures, webTable} from '../bench/web-figures.ts';
import {schemaText} from '../src/config/json-schema.ts';
import {commandTable, habitTable} from './docs/commands.ts';
import {eventTable} from './docs/events.ts';
import {fewFigures, figures} from './docs/figures.ts';
import {jsonTable} from './docs/json-shapes.ts';
import {lifeTable} from './docs/life.ts';
import {markdown} from './docs/manual.ts';
import {configPage} from './docs/reference.ts';
import {metricsTable} from './docs/metrics.ts';
import {openApiText} from './docs/openapi.ts';
import {reloadTable} from './docs/reloads.ts';
import {requestSections, requestTable} from './docs/requests.ts';

const root = dirname(import.meta.dirname);

const [commands, habits] = [await commandTable(), await habitTable()];

/** What stands between `<!-- NAME: … -->` and `<!-- end of NAME -->`. */
const BLOCKS: Readonly<Record<string, () => string>> = {
	'figures': () => figures(root),
	'few figures': () => fewFigures(root),
	'figures of pools': () => poolTable(JSON.parse(readFileSync(join(root, 'bench', 'results', 'pools.json'), 'utf8')) as PoolFigures),
	'figures of web': () => webTable(JSON.parse(readFileSync(join(root, 'bench', 'results', 'web.json'), 'utf8')) as WebFigures),
	'layers': () => layerTable(JSON.parse(readFileSync(join(root, 'bench', 'results', 'layers.json'), 'utf8')) as LayerFigures[]),
	'commands': () => commands,
	'habits': () => habits,
	'json': jsonTable,
	'event kinds': eventTable,
	'metrics': metricsTable,
	'life table': () => lifeTable(root),
	'table of requests': requestTable,
	'requests': requestSections,
	'reference': () => markdown(configPage()),
	'reload table': reloadTable,
};

/** Pages of this project, from its root. */
export const pages = (): string[] => globSync(['*.md', 'docs/**/*.md'], {cwd: root}).sort();

/** A page as it should be. */
export function renewed(page: string): string {
	return readFileSync(join(root, page), 'utf8').replaceAll(
		/(?<=^<!-- ([a-z ]+): made by .* -->\n)[^]*?(?=^<!-- end of \1 -->$)/gm,
		(_, name: string) => {
			const write = BLOCKS[name];
			if (!write) throw new Error(`${page}: nothing is known that writes "${name}"`);
			return `\n${write()}\n\n`;
		},
	);
}

/** Files that are made as a whole. */
export const FILES: Readonly<Record<string, () => string>> = {'docs/archon.schema.json': schemaText, 'docs/openapi.json': openApiText};

if (import.meta.main) {
	for (const page of pages()) writeFileSync(join(root, page), renewed(page));
	for (const [file, write] of Object.entries(FILES)) writeFileSync(join(root, file), write());
}
