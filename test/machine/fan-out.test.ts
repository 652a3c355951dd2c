/**
 * Two thousand services at once: requests and signals meanwhile are handled. Services do so themselves when they are
 * made, so that it is in the middle of it on a fast machine and on a slow one.
 */
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {boot} from './archon.ts';

const ALL = 2000;

/** Asks archon for the status, and says how many services run. */
const ASKER = `use strict; use Socket; $| = 1;
	open my $words, '<', '/proc/1/cmdline' or die $!;
	my ($path) = <$words> =~ /--socket\\0([^\\0]+)/;
	socket my $archon, PF_UNIX, SOCK_STREAM, 0 or die $!;
	connect $archon, sockaddr_un($path) or die $!;
	syswrite $archon, "Status\\n";
	my ($up, $all) = (0, 0);
	while (<$archon> =~ /^Row,[^,]+,([^,]+)/) {
		$all++;
		$up++ if $1 eq 'running';
	}
	print "$up of $all run\\n";
	sleep 1000000;
`;

/** Services that sleep, but for those with a command of their own. */
function config(speakers: Readonly<Record<number, string>>): string {
	const services = Array.from({length: ALL}, (_, number) => `  s${number}: {command: ${speakers[number] ?? 'sleep 1000000'}}\n`);
	return `archon: {logging: prefix}\nservices:\n${services.join('')}`;
}

const started = (log: string): number => log.match(/\| started s\d+ /g)?.length ?? 0;

test('who asks while services are made is answered while they are', {timeout: 120_000}, async () => {
	const asker = join(mkdtempSync(join(tmpdir(), 'archon-asker-')), 'asker.pl');
	writeFileSync(asker, ASKER);
	// The first is made when archon has its socket: no slice has that many.
	const places = [200, 500, 800];
	await using archon = await boot({config: config(Object.fromEntries(places.map(place => [place, `perl ${asker}`])))});
	const answers: number[] = [];
	for (const place of places) {
		const [, up, all] = await archon.says(new RegExp(`s${place} +\\| (\\d+) of (\\d+) run\n`));
		expect(Number(all)).toBe(ALL);
		answers.push(Number(up));
	}
	console.log(`${ALL} services: those made as number ${places.join(', ')} were told that ${answers.join(', ')} run`);
	// Of the first even a machine on which perl takes a hundred times as long as a process to begin says so.
	expect(answers[0]).toBeGreaterThan(100);
	expect(answers[0]).toBeLessThan(ALL);
	await expect.poll(() => started(archon.log()), {timeout: 60_000}).toBe(ALL);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});

test('SIGTERM while services are made is the end of it: no other is made, those that were end, and the status is 0', {timeout: 120_000}, async () => {
	await using archon = await boot({config: config({200: 'sh -c "kill -TERM 1; exec sleep 1000000"'})});
	expect(await archon.ended()).toBe(0);
	const log = archon.log();
	const [before = '', after = ''] = log.split('shutting down: SIGTERM');
	console.log(`${ALL} services: ${started(before)} were made when the one made as number 200 ended all`);
	expect(started(before)).toBeGreaterThan(200);
	expect(started(log)).toBeLessThan(ALL);
	expect(started(after)).toBe(0);
	expect(after.match(/\| stopped s\d+ /g)).toHaveLength(started(before));
	expect(after).not.toMatch(/killing|cannot|bug/);
});
