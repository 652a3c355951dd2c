/** Addresses of the network in figures, told without asking the system (RFC 4291, 2.2). */

/** Whether it is one of IPv4 or of IPv6, without a zone. */
export const isAddress = (text: string): boolean => (text.includes(':') ? isSix(text) : isFour(text));

function isFour(text: string): boolean {
	const parts = text.split('.');
	return parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

function isSix(text: string): boolean {
	const halves = text.split('::');
	if (halves.length > 2) return false;
	let count = 0;
	for (const [index, half] of halves.entries()) {
		if (half === '') continue;
		const groups = half.split(':');
		for (const [at, group] of groups.entries()) {
			const isLast = index === halves.length - 1 && at === groups.length - 1;
			if (isLast && isFour(group)) count += 2;
			else if (/^[\da-f]{1,4}$/i.test(group)) count++;
			else return false;
		}
	}
	return halves.length === 2 ? count < 8 : count === 8;
}
