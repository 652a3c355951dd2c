/** What becomes of systemd's settings that are no key of a service: passed over, or told with the reason. */

/** Settings that change nothing here, by name or by how the name begins. */
const NOTHING: readonly string[] = [
	'Unit.Description', 'Unit.Documentation', 'Unit.DefaultDependencies', 'Unit.SourcePath', 'Unit.IgnoreOnIsolate', 'Unit.CollectMode',
	'Unit.StartLimitAction', 'Unit.AllowIsolate', 'Unit.RequiresMountsFor', 'Unit.WantsMountsFor', 'Unit.SurviveFinalKillSignal',
	'Install.', 'Service.SyslogIdentifier', 'Service.SyslogLevelPrefix', 'Service.GuessMainPID', 'Service.NotifyAccess',
	'Service.CPUAccounting', 'Service.MemoryAccounting', 'Service.TasksAccounting', 'Service.IOAccounting', 'Service.IPAccounting',
	'Service.BlockIOAccounting', 'Service.Slice', 'Service.Delegate', 'Service.BusName', 'Service.RestartMode',
];

const ISOLATION = 'what the container may do is for its runtime to say';

/** Reasons, by name or by how the name begins. */
const REASONS: readonly (readonly [begin: string, why: string])[] = [
	...[
		'Protect', 'Private', 'Restrict', 'SystemCall', 'ReadOnly', 'ReadWrite', 'Inaccessible', 'ExecPaths', 'NoExecPaths', 'BindPaths',
		'BindReadOnlyPaths', 'TemporaryFileSystem', 'MountFlags', 'MountAPIVFS', 'Device', 'LockPersonality', 'MemoryDenyWriteExecute',
		'RemoveIPC', 'ProcSubset', 'KeyringMode', 'IPAddress', 'SecureBits', 'AppArmorProfile', 'SELinuxContext', 'SmackProcessLabel',
		'RootDirectory', 'RootImage', 'SocketBind', 'DynamicUser',
	].map(begin => [`Service.${begin}`, ISOLATION] as const),
	['Unit.Condition', 'archon has no such condition'],
	['Unit.Assert', 'archon has no such condition'],
	['Unit.OnSuccess', 'archon starts nothing after a success'],
	['Unit.Upholds', 'each service says itself when it is restarted'],
	['Unit.PropagatesReloadTo', 'archonctl reload SERVICE reloads one service'],
	['Unit.ReloadPropagatedFrom', 'archonctl reload SERVICE reloads one service'],
	['Unit.JobTimeout', 'write a timeout in depends_on, or start_timeout'],
	['Unit.StopWhenUnneeded', 'archon stops what it is told to'],
	['Unit.RefuseManual', 'archonctl starts and stops everything'],
	['Unit.FailureAction', 'write on_failed: shutdown, or essential: true'],
	['Unit.SuccessAction', 'write essential: true to end the container with the service'],
	['Service.Sockets', 'the service has to listen itself'],
	['Service.FileDescriptorStore', 'archon keeps no descriptors for a service'],
	['Service.RuntimeMaxSec', 'archon ends no service for its age'],
	['Service.RuntimeRandomized', 'archon ends no service for its age'],
	['Service.RootDirectoryStartOnly', 'a hook has a user and a directory of its own'],
	['Service.PermissionsStartOnly', 'write user: root in the hook'],
	['Service.USBFunction', 'it is not for containers'],
	['Service.PAMName', 'archon opens no PAM session'],
	['Service.LoadCredential', 'write secrets'],
	['Service.SetCredential', 'write secrets'],
	['Service.ImportCredential', 'write secrets'],
	['Service.TTY', 'write tty: true'],
	['Service.StandardInputText', 'archon writes nothing to stdin'],
	['Service.StandardInputData', 'archon writes nothing to stdin'],
	['Service.CPUScheduling', 'archon sets nice and ionice only'],
	['Service.NUMA', 'it is for the machine and not for a container'],
	['Service.TimerSlackNSec', 'archon leaves it as it is'],
	['Service.Personality', 'archon leaves it as it is'],
	['Service.IgnoreSIGPIPE', 'programs start with SIGPIPE as a shell starts them'],
	['Service.UtmpIdentifier', 'archon writes no utmp'],
	['Service.UtmpMode', 'archon writes no utmp'],
	['Service.LogRateLimit', 'write logging: {rate_limit: N/s}'],
	['Service.LogLevelMax', 'archon does not judge what a service says'],
	['Service.LogExtraFields', 'write labels into the tag of logging'],
	['Service.OOMPolicy', 'the whole service ends with its main process'],
	['Service.TimeoutAbortSec', 'stop_grace_period holds for every stop'],
	['Service.TimeoutStartFailureMode', 'stop_signal is sent at every stop'],
	['Service.TimeoutStopFailureMode', 'SIGKILL follows stop_signal'],
	['Service.WatchdogSignal', 'stop_signal is sent at every stop'],
	['Service.RestartKillSignal', 'stop_signal is sent at every stop'],
	['Service.FinalKillSignal', 'it is always SIGKILL'],
	['Service.SendSIGHUP', 'archon sends stop_signal only'],
	['Service.NonBlocking', 'archon hands no sockets over'],
	['Service.ExitType', 'a service ends with its main process'],
	['Service.IOWeight', 'archon limits no I/O'], ['Service.IODevice', 'archon limits no I/O'], ['Service.IORead', 'archon limits no I/O'],
	['Service.IOWrite', 'archon limits no I/O'], ['Service.BlockIO', 'archon limits no I/O'],
	['Service.StartupCPU', 'archon has one limit for all times'], ['Service.AllowedCPUs', 'write cpuset'],
	['Service.CPUWeight', 'archon has no weights'], ['Service.CPUShares', 'archon has no weights'],
	['Service.MemoryHigh', 'write mem_limit'], ['Service.MemoryLow', 'archon has no such guarantee'],
	['Service.MemoryMin', 'archon has no such guarantee'],
	['Service.MemorySwapMax', 'write memswap_limit'], ['Service.ManagedOOM', 'archon has none'],
	['Socket.', 'archon opens no sockets for services'],
	['Path.', 'archon starts nothing when files change'], ['Mount.', 'mounts are for the runtime'],
];

/** Null: it changes nothing. Undefined: it is not known. */
export function reasonFor(key: string): string | null | undefined {
	const isNothing = NOTHING.some(name => (name.endsWith('.') ? key.startsWith(name) : key === name));
	if (isNothing || key.startsWith('X-') || key.includes('.X-')) return null;
	return REASONS.find(([begin]) => key.startsWith(begin))?.[1];
}

/** Units that are always there, or never in a container: to come after them means nothing. */
export const isAmbient = (unit: string): boolean => unit.endsWith('.target') || unit.endsWith('.slice') || unit.endsWith('.mount')
	|| unit.endsWith('.device') || unit.endsWith('.socket') || unit.startsWith('systemd-') || unit === 'dbus.service';
