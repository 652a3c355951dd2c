/** The drivers that a config names, made: which outlets there are, who shares them, and what lines look like on each. */
import {byNeed} from '../../../core/by-need.ts';
import {widthOf} from '../../../core/label.ts';
import type {LogDriver, LogFile, Logging, LogPosition, LogStream} from '../core.ts';
import type {Link} from '../../../os/helpers.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import type {Poller} from '../../../os/poller.ts';
import {sys} from '../../../os/sys.ts';
import {type Drive, driveTo} from './pipeline.ts';
import type {FileOutlet} from './file.ts';
import {type Format, json, labelled, raw, timed} from './format.ts';
import {labelOf} from './label.ts';
import type {Outlet} from './outlet.ts';
import {areSame, createStdio} from './stdio.ts';
import type {SyslogDrives} from './syslog-drives.ts';

const [filing, syslogging] = [byNeed(() => import('./file.ts')), byNeed(() => import('./syslog-drives.ts'))];

export interface Drivers {
	/** What the logging of a service comes to. */
	of(name: string, logging: Logging): readonly Drive[];
	/** The open log files of a service's logging. */
	files(logging: Logging): readonly LogPosition[];
	reopen(): void;
	/** Whether nothing is written to archon's own streams where they are a terminal: somebody else has it. */
	hold(isHeld: boolean): void;
	whenIdle(callback: () => void): void;
	/** What no syslog server has taken by now is lost, and that is told at once. */
	giveUpSyslog(): void;
}

/** A file that services share, and how many do. */
interface Shared {
	readonly outlet: FileOutlet;
	users: number;
}

/** `names`: of services, whose lines stand under each other. `link`: to the helper that delivers to syslog servers in a network. */
export function createDrivers(
	poller: Poller, handoff: Handoff, names: readonly string[], link: Link, warn: (text: string) => void,
): Drivers {
	const width = widthOf(names);
	const own = (fd: 1 | 2): Outlet => createStdio(fd, poller, handoff, text => `${labelOf('archon', width, fd)}${text}\n`);
	const out = own(1);
	const error = areSame(1, 2) ? out : own(2);
	const ways = {stdout: out, stderr: error};
	const stdio = (stream: LogStream): Outlet => ways[stream];
	const files = new Map<string, Shared>();
	let syslog: SyslogDrives | null = null;

	function toFile(name: string, {streams}: LogDriver, settings: LogFile): Drive {
		const shared = files.get(settings.path) ?? {outlet: filing().createFile(settings, {poller, handoff, stdio, warn}), users: 0};
		files.set(settings.path, shared);
		shared.users += 1;
		const close = (): void => {
			shared.users -= 1;
			if (shared.users > 0 || files.get(settings.path) !== shared) return;
			files.delete(settings.path);
			shared.outlet.close();
		};
		return driveTo(name, streams, FILE_FORMATS[settings.format](name), () => shared.outlet, close);
	}

	function drive(name: string, driver: LogDriver): Drive {
		const {streams} = driver;
		switch (driver.kind) {
			case 'inherit': return driveTo(name, streams, raw, stdio);
			case 'prefix': {
				const [first, second] = [1, 2].map(fd => labelled(labelOf(name, width, fd), driver.timestamps)) as [Format, Format];
				return driveTo(name, streams, lines => (lines.stream === 'stdout' ? first : second)(lines), stdio);
			}
			case 'json': return driveTo(name, streams, json(name), stdio);
			case 'file': return toFile(name, driver, driver);
			case 'syslog':
				syslog ??= syslogging().createSyslogDrives(poller, handoff, link, warn);
				return syslog.to(name, driver, driver);
		}
	}

	return {
		of: (name, {drivers}) => drivers.map(driver => drive(name, driver)),
		files: ({drivers}) => {
			const own = Map.groupBy(drivers.flatMap(driver => (driver.kind === 'file' ? [driver] : [])), ({path}) => path);
			return [...own].flatMap(([path, drivers]) => {
				const mark = files.get(path)?.outlet.mark();
				const format = drivers[0]?.format ?? 'raw';
				return mark ? [{path, ...mark, format, streams: drivers.flatMap(({streams}) => streams)}] : [];
			});
		},
		hold(isHeld) {
			ways.stdout = isHeld && sys.isTerminal(1) ? NOWHERE : out;
			ways.stderr = isHeld && sys.isTerminal(2) ? NOWHERE : error;
		},
		reopen() {
			for (const {outlet} of files.values()) outlet.reopen();
		},
		whenIdle(callback) {
			const outlets = [out, error, ...[...files.values()].map(({outlet}) => outlet), ...syslog?.writers ?? []];
			let left = outlets.length;
			for (const outlet of outlets) {
				outlet.whenIdle(() => {
					left -= 1;
					if (left === 0) callback();
				});
			}
		},
		giveUpSyslog() {
			for (const writer of syslog?.writers ?? []) writer.close();
		},
	};
}

/** For what is not to be written. */
const NOWHERE: Outlet = {
	put() {}, giveUp() {},
	isFull: () => false,
	isPatient: () => true,
	whenRoom: callback => callback(),
	whenIdle: callback => callback(),
};

const FILE_FORMATS: Readonly<Record<LogFile['format'], (name: string) => Format>> = {raw: () => raw, timestamps: () => timed, json};
