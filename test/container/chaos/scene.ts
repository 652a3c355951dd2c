/** What chaos falls upon: services of every kind in one container, and what may be started to trouble them. */

/** A Perl program as a config's command: its $ are its own. */
const perl = (program: string, ...args: readonly string[]): string =>
	JSON.stringify(['perl', '-e', program.replaceAll(/\s*\n\s*/g, ' '), ...args].map(word => word.replaceAll('$', '$$$$')));

/** `chatty 123-7 xx`: who, which of its processes, its number there, and text that the number tells the length of. */
const CHATTY = `
	my ($name, $pause, $n) = (@ARGV, 0); $| = 1; my $me = $ENV{ARCHON_RUN};
	while (1) { $n++; syswrite STDOUT, "$name $me-$n " . ("x" x ($n % 60)) . "\\n"; select undef, undef, undef, $pause }`;

/** Every child makes another in a session of its own, and ends: archon reaps them all. */
const FORKER = `
	use POSIX; $SIG{CHLD} = "IGNORE";
	while (1) {
		unless (fork // 0) { setsid(); unless (fork // 0) { exec "sleep", rand() < 0.1 ? 2 : 0.05 } POSIX::_exit(0) }
		select undef, undef, undef, 0.1
	}`;

const SERVER = `
	use Socket; $SIG{PIPE} = "IGNORE"; socket(my $s, PF_INET, SOCK_STREAM, 0) or die; setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
	bind($s, sockaddr_in(8080, INADDR_LOOPBACK)) or die "bind: $!"; listen($s, 64) or die;
	while (1) { accept(my $c, $s) or next; close $c }`;

/** Is given the socket that archon holds. */
const ACCEPTOR = `
	use Socket; $SIG{PIPE} = "IGNORE"; $| = 1; ($ENV{LISTEN_PID} // 0) == $$ && ($ENV{LISTEN_FDS} // 0) == 1 or print "a bug: no socket of archon\n";
	open(my $s, "+<&=", 3) or die "open: $!"; while (1) { accept(my $c, $s) or next; syswrite $c, "here\n"; close $c }`;

/** Whatever becomes of who accepts, and of archon: no call is refused, once there was an answer. The second is called now and then. */
const CALLER = `
	use Socket; use Errno "ECONNREFUSED"; my ($n, %seen) = 0;
	while (1) {
		for my $port ($ARGV[0], $n++ % 20 ? () : $ARGV[1]) {
			socket(my $s, PF_INET, SOCK_STREAM, 0) or next;
			if (connect($s, sockaddr_in($port, INADDR_LOOPBACK))) { sysread($s, my $answer, 9) and $seen{$port} = 1 }
			elsif ($! == ECONNREFUSED && $seen{$port}) { syswrite STDOUT, "a bug: refused at $port\n" }
		}
		select undef, undef, undef, 0.1
	}`;

const NOTIFIER = `
	use Socket; my $n = $ENV{NOTIFY_SOCKET}; $n =~ s/^@/\\0/; socket(my $s, AF_UNIX, SOCK_DGRAM, 0);
	send($s, "READY=1\\nWATCHDOG=1\\nSTATUS=at work", 0, sockaddr_un($n)), select undef, undef, undef, 0.3 while 1`;

/** Takes 16 MiB at a time, up to the given MiB, and holds them for a second. */
const HOG = 'my @all; push @all, "x" x (16 << 20) for 1 .. $ARGV[0] / 16; sleep 1';

/** Memory of the container, in bytes: more than all need, and less than the greedy hog wants. */
export const MEMORY = 512 << 20;
export const TMPFS = '/small';
export const TMPFS_SIZE = 2 << 20;

/** Services that are to run, each in one process that archon made, whatever happened to them. */
export const DAEMONS = [
	'chatty', 'talker', 'filer', 'keeper', 'owner', 'forker', 'server', 'client', 'notifier', 'hooked', 'turned', 'family', 'reactor', 'ported',
	'accepting', 'caller', 'watcher', 'bound',
] as const;
/** archon's own, which are to run as well. */
export const HELPERS = ['archon.rules', 'archon.alerts'] as const;
/** Those whose hooks, probes and actions come and go beside their main process. */
export const HELPED: readonly string[] = ['hooked', 'turned', 'reactor'];
/** Those that number their lines on archon's stdout. */
export const CHATTERS = ['chatty', 'talker'] as const;
/** What is started now and then; all of them end by themselves, or do no more after a while. When memory is short, they are killed before PID 1 is. */
export const TROUBLES = ['storm', 'hog', 'greedy', 'orphans', 'flooder', 'exchanger', 'stopper', 'killer', 'victim', 'looper', 'alarm'] as const;
/** What is started together when somebody with the user of a service falls upon what archon makes for it. */
export const SIEGE = ['victim', 'stopper', 'killer'] as const;

/** A folder that its service owns, where archon writes that service's log, and a file of root's that does not concern it. */
const OWNED = '/var/log/owned';
export const CANARY = '/etc/canary';
/** Log files of others, that go on whatever happens to the one in the folder. */
export const KEPT = ['/var/log/keeper.log', `${TMPFS}/filer.log`] as const;
/** A folder that its user fills with links, FIFOs and files, and that archon watches. */
const WATCHED = '/srv/watched';
const OFFERED = ['a.conf', 'b.conf'].map(name => `${WATCHED}/${name}`);
const EXCHANGED = ['owner.log', 'owner.log.1', 'owner.log.2', 'owner.log.1.compressing'].map(name => `${OWNED}/${name}`);

/** Each start of it needs what pre_start made and what the command for its variables printed, and no other service does. */
const TURNED = '[ "$MADE" = here ] && rm /run/turned || echo "a bug: started before its turn"; exec sleep 1000006';
const TOLD = '[ -n "$SERVICE_RESULT" ] && [ -n "$EXIT_CODE" ] || echo "a bug: post_stop is told nothing"';
/** The port that its service was given first is given to it for as long as archon lives. */
const PORTED = '[ -f /run/ported ] || echo "$PORT_HTTP" > /run/ported; [ "$(cat /run/ported)" = "$PORT_HTTP" ] || echo "a bug: another port"; '
	+ 'exec sleep 1000008';
/** What an action runs is told what has happened, and is ended with all that it made once it takes too long. */
const ACTED = '[ "$ARCHON_EVENT" = exited ] && [ -n "$ARCHON_REASON" ] || echo "a bug: an action is told nothing"; sleep 1000010 & sleep 1000011';
const sh = (script: string): string => JSON.stringify(['sh', '-c', script.replaceAll('$', '$$$$')]);

const RESTART = 'restart: {policy: always, attempts: unlimited, delay: 20ms, max_delay: 500ms}';

/** What rules run is never root, although its service is; what tells people is neither. */
const RULED = '[ "$(id -u)" = 65523 ] || echo "a bug: a rule is root"; sleep 0.05';
const ALERTED = 'cat > /dev/null; [ "$(id -u)" = 65524 ] || echo "a bug: an alert is root" >&2';

/** One that acts and counts, one that asks without end, one that hears each line of a service, and one that never ends of itself. */
export const RULES = ['acts', 'endless', 'hears', 'loops'] as const;
export const LUA = `
archon.rule{name = "acts", match = "reactor", event = "exited", action = function(e)
  archon.set("count", (archon.get("count") or 0) + 1)
  archon.run{"sh", "-c", '${RULED}'}
  archon.signal("watcher", "CONT")
  archon.alert("reactor has ended " .. archon.get("count") .. " times")
end}
archon.rule{name = "endless", match = "watcher", event = "ready", action = function(e) archon.restart("watcher") end}
archon.rule{name = "hears", match = "chatty", line = "00 x", action = function(e) archon.set("line", e.line) end}
archon.rule{name = "loops", event = "started", action = function(e) if math.random(50) == 1 then while true do end end end}
`;

/** The same config but for a variable of one service, so that a reload has something to do. */
export const config = (edition: number): string => `
rules: {lua: /etc/archon/rules.lua, deadline: 50ms}
alerts: {receivers: {command: ${sh(ALERTED)}}, on: [exited, failed], group_wait: 1s}
bind: {rules: [{service: bound, port: 8084}]}
services:
  once: {type: oneshot, command: sleep 0.05}
  chatty: {command: ${perl(CHATTY, 'chatty', '0.005')}, ${RESTART}}
  talker: {command: ${perl(CHATTY, 'talker', '0.02')}, ${RESTART}, logging: {driver: prefix, on_full: block}}
  filer: {command: ${perl(CHATTY, 'filer', '0.002')}, ${RESTART},
    logging: {driver: file, options: {path: ${TMPFS}/filer.log, max-size: 200k, max-file: 3}}}
  keeper: {command: ${perl(CHATTY, 'keeper', '0.01')}, ${RESTART},
    logging: {driver: file, options: {path: ${KEPT[0]}, max-size: 100k, max-file: 2}}}
  folder: {type: oneshot, command: ${sh(`install -d -o www-data ${OWNED} ${WATCHED}; umask 077; echo of root > ${CANARY}`)}}
  owner: {command: ${perl(CHATTY, 'owner', '0.005')}, ${RESTART}, user: www-data,
    depends_on: {folder: {condition: service_completed_successfully}},
    logging: {driver: file, options: {path: ${EXCHANGED[0]}, max-size: 4k, max-file: 3, compress: gzip}}}
  forker: {command: ${perl(FORKER)}, ${RESTART}, stop_grace_period: 1s}
  server: {command: ${perl(SERVER)}, ${RESTART}, ready: {tcp: 8080, interval: 50ms},
    healthcheck: {tcp: 8080, interval: 500ms, timeout: 1s, retries: 2, on_unhealthy: restart}, stop_grace_period: 1s}
  client: {command: sleep 1000001, ${RESTART}, environment: {EDITION: "${edition}"},
    depends_on: {server: {condition: service_healthy, restart: true}, once: {condition: service_completed_successfully}}}
  notifier: {command: ${perl(NOTIFIER)}, ${RESTART}, ready: notify, watchdog: 2s, stop_grace_period: 1s}
  hooked: {command: sleep 1000002, ${RESTART}, post_start: [sleep 0.02], pre_stop: [sleep 0.02], stop_grace_period: 1s,
    healthcheck: {test: 'sleep 0.05', interval: 200ms, timeout: 2s, on_unhealthy: none}}
  turned: {command: ${sh(TURNED)}, ${RESTART}, env_from: {command: [echo, MADE=here]}, stop_grace_period: 1s,
    pre_start: [sleep 0.02, touch /run/turned], post_start: [sleep 0.01, sleep 0.01], post_stop: [sleep 0.02, ${sh(TOLD)}]}
  family: {command: 'sh -c "trap : TERM; sleep 1000004 & setsid sleep 1000005 & while :; do sleep 1000003; done"', ${RESTART}, stop_grace_period: 500ms}
  reactor: {command: sleep 1000007, ${RESTART}, on: {exited: [{run: ${sh(ACTED)}, timeout: 100ms}], ready: [signal:CONT]}}
  ported: {command: ${sh(PORTED)}, ${RESTART}, ports: [{name: http, port: auto}], stop_grace_period: 1s}
  accepting: {command: ${perl(ACCEPTOR)}, ${RESTART}, sockets: [8082], stop_grace_period: 1s}
  sleeper: {command: ${perl(ACCEPTOR)}, ${RESTART}, sockets: [8083], accept: lazy, idle_timeout: 200ms, stop_grace_period: 1s}
  caller: {command: ${perl(CALLER, '8082', '8083')}, ${RESTART}}
  watcher: {command: sleep 1000012, ${RESTART}, depends_on: {folder: {condition: service_completed_successfully}},
    watch: [{path: ${WATCHED}, action: "signal:CONT", debounce: 50ms}, {path: ${OFFERED[0]}, action: restart, debounce: 50ms}]}
  bound: {command: ${perl(SERVER.replace('8080', '8084'))}, ${RESTART}, ready: {tcp: 8084, interval: 50ms}, stop_grace_period: 1s}
  looper: {autostart: false, restart: "no", command: sleep 1000009, on: {started: [restart]}, stop_grace_period: 200ms, oom_score_adj: 1000}
  alarm: {type: oneshot, autostart: false, command: "false", on: {exited: [{run: ${sh(ACTED)}, timeout: 50ms}, {restart: reactor}]},
    restart: {policy: always, delay: 5ms, max_delay: 10ms, attempts: 60, window: 1h}, oom_score_adj: 1000}
  storm: {type: oneshot, autostart: false, command: /characters/storm wide 20, user: nobody, stop_grace_period: 200ms, oom_score_adj: 1000}
  hog: {type: oneshot, autostart: false, command: ${perl(HOG, '64')}, oom_score_adj: 900}
  greedy: {type: oneshot, autostart: false, command: ${perl(HOG, '4096')}, oom_score_adj: 1000}
  flooder: {autostart: false, restart: "no", command: /characters/flooder mains junk fds status extend 1500, user: nobody,
    watchdog: 1h, fd_store_max: 32, stop_grace_period: 200ms, oom_score_adj: 1000}
  exchanger: {type: oneshot, autostart: false, command: /characters/exchanger 3 ${CANARY} ${[...EXCHANGED, ...OFFERED].join(' ')}, user: www-data,
    stop_grace_period: 200ms, oom_score_adj: 1000, logging: none}
  victim: {type: oneshot, autostart: false, command: "false", user: "54321:54321", start_timeout: 50ms, stop_grace_period: 200ms,
    restart: {policy: always, delay: 5ms, max_delay: 10ms, attempts: 60, window: 1h}, oom_score_adj: 1000}
  stopper: {type: oneshot, autostart: false, command: /characters/freezer 2 19, user: "54321:54321", stop_grace_period: 200ms, oom_score_adj: 1000}
  killer: {type: oneshot, autostart: false, command: /characters/freezer 2 9, user: "54321:54321", stop_grace_period: 200ms, oom_score_adj: 1000}
  orphans: {type: oneshot, autostart: false, command: /characters/orphans 300, oom_score_adj: 1000}
shutdown: {grace_period: 8s}
`;
