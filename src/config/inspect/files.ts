/** Files that two services would take for their own. */
import {mayMeet, type Inspected, type Inspecting} from './inspected.ts';

export function inspectFiles({services, report}: Inspecting): void {
	const owners = new Map<string, Inspected>();
	for (const each of services) {
		const {service: {pidFile}, at, path} = each;
		if (pidFile === null) continue;
		const owner = owners.get(pidFile);
		owners.set(pidFile, owner ?? each);
		if (!owner || !mayMeet(owner, each)) continue;
		report(
			at('pid_file'), `${path('pid_file')} is ${pidFile}, as it is for ${owner.name}: archon would take one's process for the other's`,
			'give each a file of its own',
		);
	}
}
