/** What holds between TypeScript and C, where a mistake would cost PID 1: under Node and on the executable's engine alike. */
import {mkdirSync, mkdtempSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {beforeAll, describe, expect, test} from 'vitest';
import {sys} from '../../src/os/sys.ts';
import {CASES} from './contract.ts';
import {ENGINE, script} from './engine.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'archon-native-'));
/** As the engine tells it. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('a link with a long text in a long path is followed, and nothing else is written over', () => {
	const folder = newFolder();
	mkdirSync(join(folder, 'a'));
	symlinkSync(`${'./'.repeat(2000)}a`, join(folder, 'link'));
	const report = new Float64Array(5);
	expect(sys.findPlace(`${folder}/link/${'./'.repeat(1900)}x`, 0, report)).toEqual([expect.stringMatching(/\/a$/), 'x']);
	expect(sys.close(report[0] ?? -1)).toBe(0);
});

describe('under Node', () => {
	test.each(CASES.filter(({isForEngine}) => !isForEngine))('$name', ({run, gives}) => {
		expect(plain(run(sys, newFolder()))).toEqual(gives);
	});
});

describe('on the engine', () => {
	let given: readonly unknown[] = [];
	beforeAll(async () => {
		const {stdout} = await execa(ENGINE, [await script('contract'), newFolder()]);
		given = JSON.parse(stdout) as readonly unknown[];
	});
	test.each(CASES.map(({name, gives}, i) => ({name, gives, i})))('$name', ({gives, i}) => {
		expect(given[i]).toEqual(gives);
	});
});
