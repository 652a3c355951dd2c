/** A worker that was written from docs/reference/pool-wire.md alone (test/characters/pool/third.pl): the page is enough. */
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {PATIENCE, pool} from './pools.ts';
import {newFolder} from './zeus.ts';

const THIRD = join(import.meta.dirname, '../characters/pool/third.pl');
const PLAN = `use lib 'lib';
sub boot { require Heavy }
sub leaf { require Small }
sub hello { print "$Heavy::X $Small::Y", map({ " <$_>" } @ARGV), "\\n" }
sub seven { exit 7 }
sub fails { die "no\\n" }
sub killed { kill KILL => $$; sleep 10 }
sub copy_it { print while <STDIN>; print STDERR "copied\\n" }
1;
`;

test('a worker in Perl boots a tree, runs commands, tells its files and why it cannot boot', async () => {
	const folder = newFolder();
	const module = (name: string, text: string): void => writeFileSync(join(folder, 'lib', `${name}.pm`), `package ${name}; ${text}; 1;\n`);
	mkdirSync(join(folder, 'lib'));
	writeFileSync(join(folder, 'plan.pl'), PLAN);
	module('Heavy', 'our $X = 1');
	module('Small', 'our $Y = 2');
	await using it = await pool({
		folder, command: `perl ${THIRD} plan.pl`,
		plan: {boot: {leaf: {hello: ['h'], seven: [], fails: [], killed: [], 'copy-it': [], nowhere: []}}},
	});
	const leaf = await it.ready('leaf');
	expect(await it.client('run', 'h', 'a', '', 'b  c')).toEqual({status: 0, stdout: '1 2 <a> <> <b  c>\n', stderr: ''});
	expect((await it.client('run', 'seven')).status).toBe(7);
	expect(await it.client('run', 'fails')).toMatchObject({status: 255, stderr: 'no\n'});
	expect((await it.client('run', 'killed')).status).toBe(137);
	expect(await it.feed('text\n', 'run', 'copy-it')).toEqual({status: 0, stdout: 'text\n', stderr: 'copied\n'});
	expect(await it.client('run', 'nowhere')).toMatchObject({status: 255, stderr: expect.stringContaining('has no sub nowhere')});
	module('Small', 'our $Y = ;; (1');
	await it.says(/leaf crashed - syntax error at .*lib\/Small\.pm line 1/);
	expect(await it.client('run', 'h')).toMatchObject({status: 1, stdout: expect.stringContaining('syntax error')});
	module('Small', 'our $Y = 3');
	await it.ready('leaf', leaf);
	expect(await it.client('run', 'h')).toMatchObject({status: 0, stdout: '1 3\n'});
	rmSync(join(folder, 'lib'), {recursive: true});
}, PATIENCE);
