/** The reference of a config, archon.yaml(5): every map with its keys, out of the table that archon reads configs by. */
import {FOOTNOTES, SECTIONS} from '../../src/config/describe.ts';
import {exampleOf} from '../../src/config/key-texts.ts';
import {flow} from '../../src/config/yaml/print.ts';
import type {Block, Page, Term} from './manual.ts';

const EXAMPLE = `services:
  db:
    command: postgres -D /var/lib/postgresql
    user: postgres
    ready: {tcp: 5432}
  web:
    command: nginx -g "daemon off;"
    depends_on: {db: {condition: service_healthy}}
    essential: true
`;

export function configPage(): Page {
	return {
		name: 'archon.yaml', section: 5, summary: 'what archon runs, and how',
		parts: [
			{title: 'Description', blocks: [
				text('A config of archon is YAML, in the words of docker compose as far as those make sense within a container. '
					+ 'It is /etc/archon/archon.yaml with /etc/archon/conf.d/*.yaml over it, or what -c or $ARCHON_CONFIG names. '
					+ 'A key that is not known is an error; keys that begin with x- are passed over, as are those of compose that concern the container. '
					+ '`archon check` tells every problem of a config, `archon help config KEY` one key with an example, '
					+ 'and `archon schema` prints all of this for an editor.'),
				text(FOOTNOTES.trimEnd()),
			]},
			{title: 'Example', blocks: [{kind: 'example', text: EXAMPLE}]},
			...SECTIONS.map(([title, {keys}]) => ({
				title, blocks: [{kind: 'terms' as const, terms: Object.entries(keys).map(([word, key]): Term => {
					const example = exampleOf(key);
					const {form, fallback, help} = key;
					return {word, anchor: anchorOf(title, word), form, fallback, help, example: example ? flow(example) : null};
				})}],
			})),
		],
		seeAlso: ['archon(1)', 'archonctl(1)'],
	};
}

const text = (text: string): Block => ({kind: 'text', text});

/** `services.<name>.healthcheck` and `interval` → `healthcheck.interval`; keys of a service have their own names only. */
const anchorOf = (title: string, word: string): string => (title.startsWith('At ') ? ['top', word] : [...title.replace(/,.*/, '')
	.replace(/^services\.<name>\.?/, '').split(/[. ]/).filter(step => step !== '<name>' && step !== ''), word]).join('.');
