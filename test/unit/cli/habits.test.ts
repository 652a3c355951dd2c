/** What people type who know other supervisors: done, or answered with what archon has. */
import {expect, it, test} from 'vitest';
import {HABITS, habitOf} from '../../../src/cli/habits.ts';
import {TABLE} from '../../../src/cli/table.ts';

const done = (line: string): string => {
	const [name = '', ...rest] = line.split(' ');
	const habit = habitOf(name, rest);
	return habit?.kind === 'do' ? habit.words.join(' ') : `(${habit?.text ?? 'unknown'})`;
};

it.each([
	['tail web', 'logs -n 10 web'], ['tail -f web', 'logs -n 10 -f web'], ['tail -n 50 web', 'logs -n 50 web'],
	['tail web stderr', 'logs -n 10 --stream stderr web'], ['tail -f web stdout', 'logs -n 10 --stream stdout -f web'],
	['tail -100 web', '(counts bytes in supervisorctl; archonctl logs -n 100 NAME shows that many lines)'],
	['maintail -f', 'logs -n 10 -f archon'], ['reread', 'plan'], ['update', 'reload'], ['update all', 'reload'], ['avail', 'status'],
	['cat web', 'config web'], ['list-units', 'status'], ['ps -a', 'status'], ['ps web', 'status web'], ['up -d', 'start all'], ['up web', 'start web'],
	['down web', 'stop web'], ['process list', 'status'], ['process stop web', 'stop web'], ['list', 'status'], ['jlist', 'status --json'],
	['release web', 'auto web'], ['hup web', 'signal HUP web'], ['term web db', 'signal TERM web db'], ['sendSignal USR1 web', 'signal USR1 web'],
	['down', '(archonctl stop all stops all services, archonctl shutdown ends the container with them)'], ['nonsense', '(unknown)'],
])('%s', (line, words) => {
	expect(done(line)).toBe(words);
});

test('what is done is a command, what is said names one or the config, and no name is archonctl\'s own', async () => {
	const names = (await TABLE.all()).map(({name}) => name);
	expect(new Set(HABITS.map(({name}) => name)).size).toBe(HABITS.length);
	for (const {name, answer} of HABITS) {
		expect(names).not.toContain(name);
		for (const rest of [[], ['web']]) {
			const habit = answer(rest);
			if (habit.kind === 'do') expect([name, names.includes(habit.words[0] ?? '')]).toEqual([name, true]);
			else expect(habit.text).toMatch(/archonctl |config|archon |restart of/);
		}
	}
});
