/** A soak's figures as a table in Markdown. */
import type {Measures} from './subject.ts';
import type {Figures, Trial} from './trial.ts';

export const heading = (seed: number): string => `
Chaos of seed ${seed}; memory of PID 1 in MiB, times of \`status\` in ms

| minute | things done | crashes survived | restarts | of the besieged | refused | RSS | private | fds | zombies | lines delivered | not delivered | said to be dropped | status median | slowest |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|`;

export function row(minute: number, {chaos, subject: {lines}}: Trial, figures: Measures & Partial<Figures>): string {
	const mebibytes = (size: number): string => (size / 1024).toFixed(1);
	const time = (millis: number | undefined): string => millis?.toFixed(1) ?? '';
	const cells = [
		minute.toFixed(1), Object.values(chaos.deeds).reduce((sum, count) => sum + count, 0), lines.revivals, figures.restarts ?? 0, figures.besieged ?? 0, lines.refused,
		mebibytes(figures.rss), mebibytes(figures.privately), figures.fds, figures.zombies ?? 0,
		lines.delivered, lines.missing, lines.dropped, time(figures.median), time(figures.slowest),
	];
	return `| ${cells.join(' | ')} |`;
}
