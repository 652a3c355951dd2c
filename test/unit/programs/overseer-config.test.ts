/** Which files overseer's daemon reads, and what it adds to them. */
import {expect, test} from 'vitest';
import type {Files} from '../../../src/config/planning.ts';
import {err, ok} from '../../../src/core/result.ts';
import {homesOf} from '../../../src/features/overseer/core/homes.ts';
import {findJobs} from '../../../src/programs/overseer-config.ts';

const MISSING = {errno: 2, reason: 'no such file or directory', isOfPath: false};
const homes = (home: string) => {
	const found = homesOf({HOME: home});
	return found.ok ? found.value : expect.fail();
};

/** The folder of the config with some files; those that begin with `theirs` may be written by others. */
const folder = (texts: Readonly<Record<string, string>>): Files => ({
	read: () => err(MISSING),
	readShared(path) {
		const name = path.replace('/h/.config/overseer/', '');
		const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
		return text === undefined ? err(MISSING) : ok({bytes: new TextEncoder().encode(text), isOfOthers: name.startsWith('theirs')});
	},
	list: path => (path === '/h/.config/overseer' ? ok(Object.keys(texts)) : err(MISSING)),
});

test('YAML and JSON in the order of their names, and over them what is the daemon\'s own', () => {
	const {files, problems} = findJobs(homes('/h'), false, folder({'b.json': 'B', 'a.yaml': 'A', '.c.yaml': 'C', 'd.txt': 'D'}));
	expect(problems).toEqual([]);
	expect(files.map(({text}) => text)).toEqual(['A', 'B', '{"shutdown":{"when_idle":"never"},"archon":{"state_dir":"/h/.local/share/overseer"}}']);
});

test('without files it has no services, and no mistake', () => {
	const {files, problems} = findJobs(homes('/h'), false, folder({}));
	expect([problems, files.length]).toEqual([[], 1]);
	expect(JSON.parse(files[0]?.text ?? '')).toMatchObject({services: {}});
});

test('a daemon in the background has its log and those of its jobs beside its state, whatever that is called', () => {
	const {files} = findJobs(homes('/h$x{name}'), true, {...folder({}), list: () => ok([])});
	expect(JSON.parse(files[0]?.text ?? '')).toMatchObject({archon: {
		logging: {driver: 'file', options: {path: '/h$$x\\{name}/.local/share/overseer/logs/{name}.log'}},
		events: {options: {path: '/h$$x\\{name}/.local/share/overseer/overseer.log'}},
	}});
});

test('what others may write is refused, and what cannot be read is told', () => {
	const told = (files: Files) => findJobs(homes('/h'), false, files).problems.map(({message, hint}) => [message, hint]);
	expect(told(folder({'theirs.yaml': 'x'}))).toEqual([[
		'/h/.config/overseer/theirs.yaml may be written by others, who could say what runs', 'chmod go-w /h/.config/overseer/theirs.yaml',
	]]);
	expect(told({...folder({}), list: () => ok(['gone.yaml'])})).toEqual([['cannot read /h/.config/overseer/gone.yaml: no such file or directory', null]]);
	expect(told({...folder({}), list: () => err(MISSING)})).toEqual([['cannot read /h/.config/overseer: no such file or directory', null]]);
	expect(told({...folder({}), list: () => ok(Array.from({length: 1001}, (_, i) => `${i}.yaml`)), readShared: () => ok({bytes: new Uint8Array(), isOfOthers: false})}))
		.toEqual([['cannot read /h/.config/overseer: more than 1000 files', null]]);
	expect(told(folder({'a.yaml': 'x'.repeat(600_000), 'b.yaml': 'x'.repeat(600_000)})))
		.toEqual([['cannot read /h/.config/overseer: together larger than 1 MiB', null]]);
});
