/** `npm run bench`: archon and its peers, each as PID 1, side by side in one run. */
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {createLog} from '../scripts/log.ts';
import {undo} from '../scripts/undo.ts';
import {readArguments, USAGE} from './arguments.ts';
import type {Outcome, Place} from './findings.ts';
import type {Say} from './kit.ts';
import {plot} from './plot.ts';
import {prepare} from './prepare.ts';
import {report} from './report.ts';
import {measure} from './schedule.ts';
import {SUPERVISORS} from './supervisors/all.ts';

const tell = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
	if (args.includes('--help')) {
		process.stdout.write(USAGE);
		return 0;
	}
	const read = readArguments(args, SUPERVISORS.map(({name}) => name));
	if (!read.ok) {
		process.stderr.write(`bench: ${read.error}\n${USAGE}`);
		return 100;
	}
	if (process.getuid?.() !== 0) {
		tell('only root can make PID namespaces and look into other processes’ memory');
		return 1;
	}
	const choice = read.value;
	const out = choice.out ?? join(import.meta.dirname, 'results');
	const log = createLog(join(out, 'bench.log'));
	const say: Say = (line, facts) => {
		tell(line);
		log.info(facts ?? {}, line);
	};
	log.info({choice, pid: process.pid}, 'begins');
	let isDone = false;
	undo(() => (isDone ? log.info('ends') : log.error('did not come to its end: nothing else is written')));
	const kit = await prepare(choice, SUPERVISORS, say);
	// A reader of the output may leave; the report is written all the same.
	for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
	const places: readonly Place[] = choice.inContainers ? ['namespace', 'container'] : ['namespace'];
	const outcomes: Outcome[] = [];
	for (const place of places) {
		say(`each as PID 1 of a ${place === 'namespace' ? 'PID namespace' : 'container'}`);
		outcomes.push(await measure(kit, place, SUPERVISORS, say));
	}
	await mkdir(out, {recursive: true});
	const markdown = report(outcomes);
	await writeFile(join(out, 'bench.md'), markdown);
	await writeFile(join(out, 'bench.json'), `${JSON.stringify(outcomes, null, '\t')}\n`);
	for (const outcome of outcomes) await writeFile(join(out, `${outcome.place}.svg`), plot(outcome));
	process.stdout.write(markdown);
	say(`written to ${out}`);
	isDone = true;
	return 0;
}
