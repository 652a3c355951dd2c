/** The drivers that a config names, made: which outlets there are, who shares them, and what lines look like on each. */
import {widthOf} from '../../../core/label.ts';
import type {LogDriver, LogFile, Logging, LogPosition, LogStream, Syslog} from '../core.ts';
import {latin1Of} from '../../../os/bytes.ts';
import type {Link} from '../../../os/helpers.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import type {Poller} from '../../../os/poller.ts';
import {type Drive, driveTo} from './pipeline.ts';
import {createFile, type FileOutlet} from './file.ts';
import {type Format, json, labelled, raw, timed} from './format.ts';
import {labelOf} from './label.ts';
import {lossText, type Outlet} from './outlet.ts';
import {areSame, createStdio} from './stdio.ts';
import {createQueue} from './queue.ts';
import {dialPath, placeOf} from './relays.ts';
import {createRemote} from './remote.ts';
import {delimiting} from './rfc5424.ts';
import {createSyslog, type Dial, type LineWriter} from './syslog.ts';

export interface Drivers {
	/** What the logging of a service comes to. */
	of(name: string, logging: Logging): readonly Drive[];
	/** The open log files of a service's logging. */
	files(logging: Logging): readonly LogPosition[];
	reopen(): void;
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
	const stdio = (stream: LogStream): Outlet => (stream === 'stdout' ? out : error);
	const files = new Map<string, Shared>();
	const writers = new Set<LineWriter>();
	const dialRemote = createRemote(link);

	function toFile(name: string, {streams}: LogDriver, settings: LogFile): Drive {
		const shared = files.get(settings.path) ?? {outlet: createFile(settings, {poller, handoff, stdio, warn}), users: 0};
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

	function dialling({address, format}: Syslog): Dial {
		if (address.kind !== 'unix') return listener => dialRemote({address, format}, listener);
		const delimit = delimiting({address, format});
		return listener => dialPath(address.path, delimit, poller, listener);
	}

	function toSyslog(name: string, {streams}: LogDriver, target: Syslog): Drive {
		const {tag, address, facility, format} = target;
		const queue = createQueue(handoff.blocks, `syslog ${name} ${streams} ${placeOf(address)} ${facility} ${format} ${tag}`);
		const writer = createSyslog(target, dialling(target), queue, (count, why) => warn(
			count === 0 ? `syslog for ${tag}: ${why}; it is tried again` : `${lossText(new Map([[tag, count]]), 'lost')}: syslog: ${why}`,
		));
		writers.add(writer);
		return {
			streams, outlet: () => null,
			take: ({bytes, stream, at, isPiece}) => {
				const text = latin1Of(bytes, 0, isPiece ? bytes.length : bytes.length - 1);
				writer.put(text.split('\n'), stream, at);
			},
			close: () => writer.whenIdle(() => {
				writers.delete(writer);
				writer.close();
			}),
		};
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
			case 'syslog': return toSyslog(name, driver, driver);
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
		reopen() {
			for (const {outlet} of files.values()) outlet.reopen();
		},
		whenIdle(callback) {
			const outlets = [out, error, ...[...files.values()].map(({outlet}) => outlet), ...writers];
			let left = outlets.length;
			for (const outlet of outlets) {
				outlet.whenIdle(() => {
					left -= 1;
					if (left === 0) callback();
				});
			}
		},
		giveUpSyslog() {
			for (const writer of writers) writer.close();
		},
	};
}

const FILE_FORMATS: Readonly<Record<LogFile['format'], (name: string) => Format>> = {raw: () => raw, timestamps: () => timed, json};
