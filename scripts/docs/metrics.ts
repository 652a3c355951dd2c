/** The metrics as a table: names, types, labels and meanings. */
import {FAMILIES, sampleName, SERVICES} from '../../src/features/metrics/core/families.ts';

export function metricsTable(): string {
	const rows = [{...SERVICES, more: []}, ...FAMILIES].map(family => {
		const labels = [...family.labels, ...family.more].map(label => `\`${label}\``).join(', ');
		return `| \`${sampleName(family)}\` | ${family.type} | ${labels} | ${family.help} |`;
	});
	return ['| metric | type | labels | is |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
