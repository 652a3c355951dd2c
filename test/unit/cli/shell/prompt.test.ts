/** The prompt: how things are, in a few words. */
import {expect, test} from 'vitest';
import {promptOf, searchPrompt, type Standing} from '../../../../src/cli/shell/prompt.ts';

const text = (standing: Standing): string => promptOf(standing, false).map(({text}) => text).join('');
const up = (...statuses: readonly string[]): Standing => ({kind: 'up', statuses});

test.each([
	[up(), 'archon> '],
	[up('running', 'running'), 'archon 2 up> '],
	[up('stopped', 'exited'), 'archon> '],
	[up('failed', 'running', 'backoff', 'waiting', 'starting', 'unhealthy', 'stopping'), 'archon 1 up, 2 starting, 1 stopping, 1 unhealthy, 1 restarting, 1 failed> '],
	[{kind: 'unknown'}, 'archon> '],
	[{kind: 'reconnecting'}, 'archon reconnecting> '],
	[{kind: 'gone'}, 'archon not running> '],
] as const)('%j', (standing, prompt) => {
	expect(text(standing)).toBe(prompt);
});

test('colours are there where they are wanted', () => {
	expect(promptOf(up('failed'), true)).toContainEqual({text: '1 failed', colour: 31});
	expect(promptOf(up('failed'), false).every(({colour}) => colour === null)).toBe(true);
	expect(searchPrompt('web', true).map(({text}) => text).join('')).toBe('(not found) web: ');
});
