/** The table of keys as people read it. */
import {expect, test} from 'vitest';
import {describeSchema} from '../../../src/config/describe.ts';

test('the whole table fits a page', () => {
	expect(describeSchema()).toMatchInlineSnapshot(`
		"At the top:
		  services: map by name (default: required)
		      what archon runs; beside a manifest there may be none
		  environment: map | list of NAME=value (default: empty)
		      variables of all services; their own env_file and environment override them
		  pools: map by name (default: empty)
		      programs that stay loaded in trees of processes, which fork a new one for each command
		  groups: map from name to list of services (default: none)
		      names for several services, for archonctl and depends_on; a group in a group stands for all in it
		  include: path | map with a path | list of them (default: none)
		      further files, whose services and secrets are added
		  configs: map by name (default: empty)
		      files that services find under a name
		  secrets: map by name (default: empty)
		      the same of secrets, whose content archon never shows
		  on: map by event of actions (default: none)
		      what is done when something happens to any service, before what that has itself
		  archon: map (default: empty)
		      what is logged and where, and what outlives archon
		  boot: {rc, args, on_failure, timeout} (default: none)
		      a script that runs before all services
		  shutdown: map (default: empty)
		      how everything is stopped
		  start_rate: number | map (default: 20)
		      how many services may be restarted each second
		  signals: map from signal to shutdown | reload | reopen | ignore | signal | map (default: see the page Signals)
		      what archon does on a signal; a signal here is sent to main instead
		  access: list of {user | group, role, services} (default: none)
		      what others than root and archon's own user may ask on the control socket
		  remote: {listen, token_file, role, services} | list of them (default: none)
		      control by TCP, for clients with a token
		  manifest: {file, hitlist, role, every, scope, max_passes, paths} (default: none)
		      lists of programs that are to run, and of those that must not
		  monitor: list of {name, match, every, on} (default: none)
		      processes that archon has not started, and what to do when one has ended
		  sync: {source, dest, keys, …} (default: none)
		      programs pulled from a master into a folder of their own
		  rules: {lua, deadline, memory, run_as} (default: none)
		      rules in Lua, which say what is done when something has happened
		  alerts: {receivers, on, group_wait, repeat} (default: none)
		      who is told of what goes wrong
		  web: {listen, hosts, show, tokens, …} (default: none)
		      health, metrics, an API and a status page by HTTP
		  watch_config: true | false | duration (default: false)
		      the config is reloaded when its files have changed and were left alone for so long; true: 500ms
		  ports: {range, reserve} (default: range 20000-29999)
		      which ports archon gives to services that ask for port: auto
		  bind: {rules, library} (default: none)
		      what services bind that know nothing of archon: it holds the socket, and they are given it in place of their own
		  name: anything (default: none)
		      of a compose project; has no effect
		  version: anything (default: none)
		      of a compose file; has no effect

		services.<name>:
		  type: daemon | oneshot | forking (default: daemon)
		      a daemon keeps running; a oneshot does its work once and exits; a forking one puts itself into the background
		  command: words | list (default: empty)
		      program and arguments; quoted as in a shell, but run without one unless shell says so
		  entrypoint: words | list (default: empty)
		      words that go before the command
		  shell: true | false | path (default: false)
		      /bin/sh or this shell runs the command, which is text, as its line; stop_to is group then
		  extends: name | map with a service (default: none)
		      another service, whose keys are taken over
		  autostart: true | false (default: true)
		      false: it starts by archonctl, or when another service needs it
		  scale: number (default: 1)
		      how many instances run: web:0, web:1, …, each with its number in $ARCHON_INSTANCE
		  profiles: list (default: empty)
		      it runs only if one of these is on, by --profile or $ARCHON_PROFILES
		  groups: name | list of names (default: empty)
		      groups that it belongs to
		  environment: map | list of NAME=value (default: empty)
		      its variables; a NAME without a value is taken from archon's own environment
		  env_file: path | list of paths or maps with a path (default: empty)
		      files of NAME=value lines, read before each start; environment overrides them
		  env_dir: path | list of paths or maps with a path (default: empty)
		      directories with a file for each variable, read before each start; they override env_file
		  env_from: map with a command | list of them (default: empty)
		      commands that print NAME=value lines, run before each start as the service itself is; they override env_dir
		  environment_base: inherit | clean | list of names (default: inherit)
		      what it inherits of archon's own environment: everything, only PATH and TERM, or these
		  secrets_from_files: true | false (default: false)
		      NAME is set to the content of the file that NAME_FILE names
		  configs: list of names or maps with a source (default: empty)
		      configs of the top that it finds as files, in / unless they say otherwise
		  secrets: list of names or maps with a source (default: empty)
		      the same of secrets, in /run/secrets; only its user can read them
		  ports: list of maps (default: empty)
		      ports that it listens at, each told to it as $PORT_<NAME>; those of compose's, without a name, are ignored
		  working_dir: path (default: archon's own)
		      where it runs
		  user: name[:group] | uid[:gid] (default: archon's own)
		      as whom it runs
		  umask: octal (default: archon's own)
		      permissions that its new files do not get
		  ulimits: map of name: number | {soft, hard} (default: empty)
		      resource limits as in setrlimit(2), -1 or unlimited for none: nofile, nproc, core, …
		  nice: -20 to 19 (default: archon's own)
		      the lower, the more of the processor it gets
		  ionice: realtime[:0 to 7] | best-effort[:0 to 7] | idle | {class, level} (default: archon's own)
		      as ionice(1)
		  oom_score_adj: -1000 to 1000 (default: slightly above archon's)
		      the higher, the sooner it is killed when memory is short
		  group_add: list of names or numbers (default: empty)
		      supplementary groups, beside those of its user
		  cap_add: list of names | ALL (default: empty)
		      capabilities(7) that it keeps even if its user is not root
		  cap_drop: list of names | ALL (default: empty)
		      capabilities(7) that it loses; cap_add overrides this
		  no_new_privileges: true | false (default: false)
		      nothing it executes may gain privileges by setuid or file capabilities
		  security_opt: no-new-privileges:true (default: empty)
		      as compose has it; other options concern the container
		  cgroup: relative path (default: archon's own)
		      a cgroup below archon's own, where cgroups can be written
		  cpuset: numbers as 0-3,5 (default: all that archon may)
		      the processors that it may run on
		  cpus: number (default: unlimited)
		      the time of this many processors; this and the next five need cgroups that archon can write
		  cpu_shares: 2 to 262144 (default: 1024)
		      its weight where others want a processor as well
		  mem_limit: size (default: unlimited)
		      memory of all its processes; more than that gets one of them killed
		  mem_reservation: size (default: none)
		      memory that is left to it when it is short
		  memswap_limit: size | -1 (default: twice mem_limit)
		      memory and swap together; -1: as much swap as there is
		  pids_limit: number | -1 (default: unlimited)
		      processes and threads
		  tty: true | false (default: false)
		      it gets a terminal of its own, for archonctl attach
		  stdin_open: true | false (default: false)
		      its stdin is archon's own; only one service may have it
		  logging: driver | list of drivers | map (default: archon.logging; else prefix, or inherit for a single service)
		      where the lines of its output go
		  stdout: path | null (default: as logging says; /dev/stdout if the other one is written)
		      the service itself appends to this file, which is not rotated; nothing or none: it is dropped
		  stderr: path | null (default: as logging says; /dev/stderr if the other one is written)
		      the same for stderr
		  runtime_directory: name | path | {path, mode, user} | list of them (default: none)
		      below /run: removed after each stop, made before each start; $RUNTIME_DIRECTORY says where
		  runtime_directory_preserve: true | false (default: false)
		      its runtime_directory stays when it stops
		  state_directory: name | path | {path, mode, user} | list of them (default: none)
		      below /var/lib, made before each start; $STATE_DIRECTORY says where
		  cache_directory: name | path | {path, mode, user} | list of them (default: none)
		      below /var/cache, made before each start; $CACHE_DIRECTORY says where
		  logs_directory: name | path | {path, mode, user} | list of them (default: none)
		      below /var/log, made before each start; $LOGS_DIRECTORY says where
		  clean: list of paths with *, ? and […] (default: empty)
		      stale files that are removed before each start, relative to its working_dir
		  depends_on: list | map with condition (default: empty)
		      services that start before this one, and stop after it
		  wants: list (default: empty)
		      the same, but this one starts even if they fail
		  after: list (default: empty)
		      services that start before this one, if they are started at all
		  before: list (default: empty)
		      services that start after this one, if they are started at all
		  links: list (default: empty)
		      compose's older word for after; an alias after a colon has no effect
		  only_if: map (default: none)
		      what must all hold at each start; else it is skipped, which is no failure
		  test: words | list | map (default: none)
		      whether it is to run: a command that exits with 0 where it is
		  ready: notify | map (default: none)
		      how a daemon tells that it is ready
		  start_period: duration (default: 0s)
		      without ready: a daemon counts as ready when it has run this long
		  start_timeout: duration | unlimited (default: 60s with ready or type: forking, else unlimited)
		      how long a daemon may take to be ready, or a oneshot to complete
		  pre_start: list of words or maps with a command (default: empty)
		      commands run before each start, within start_timeout; if one fails, the start has failed
		  post_start: list of words or maps with a command (default: empty)
		      commands run after its start; if one fails, the start has failed
		  healthcheck: map (default: none)
		      repeated checks that it still works
		  watchdog: duration (default: none)
		      it must send WATCHDOG=1 at least this often, as by sd_notify(3)
		  sockets: address | map | list of them (default: empty)
		      what archon listens at, and hands to each run from descriptor 3 on, as sd_listen_fds(3)
		  accept: eager | lazy (default: eager)
		      lazy: its first connection starts it, and not archon
		  idle_timeout: duration (default: none)
		      with accept: lazy, it stops when no connection to its sockets has been open for so long
		  fd_store_max: 0 to 32 (default: 0)
		      how many descriptors archon keeps for its next run (sd_notify(3), FDSTORE=1)
		  reload: signal | map with signal or command (default: none)
		      how it is told to reload its configuration
		  restart: no | always | on-failure[:N] | unless-stopped | map (default: always; no for oneshot or essential)
		      when it is restarted after it has exited by itself
		  success_codes: list of exit statuses and signals (default: 0)
		      exits that count as success, whatever the policy; all others are failures
		  restart_on: list of exit statuses and signals (default: empty)
		      exits after which it is restarted, whatever the policy
		  fatal_codes: list of exit statuses and signals (default: 126, 127)
		      exits after which it is never restarted
		  schedule: cron expression | map (default: none)
		      when a oneshot runs, or a daemon is restarted, by the clock
		  on_failed: stay | shutdown (default: stay)
		      what happens when it has failed for good
		  essential: true | false (default: false)
		      when it exits for good, the container exits with its status
		  on_failure: name | list of services and groups (default: empty)
		      services that start when it has failed for good, with its name in $ARCHON_FAILED_SERVICE
		  conflicts: name | list of services and groups (default: empty)
		      services that stop when it starts, and it when they start: they never run at the same time
		  on: map by event of actions (default: none)
		      what is done when something happens to it: run, restart, stop, signal, alert …
		  watch: path | map | list of these (default: none)
		      files and folders, and what is done when they have changed
		  pre_stop: list of words or maps with a command (default: empty)
		      commands run before the stop signal, within the grace period
		  post_stop: list of words or maps with a command (default: empty)
		      commands run after each exit, with $SERVICE_RESULT, $EXIT_CODE and $EXIT_STATUS; within a grace period
		  down: list of words or maps with a command (default: empty)
		      commands that undo a completed oneshot when it is stopped; within a grace period
		  stop_signal: signal (default: TERM)
		      asks it to exit
		  stop_grace_period: duration | unlimited (default: 5s)
		      how long it has from then until KILL
		  stop_to: main | group (default: main; group with shell)
		      what stop_signal, reload and archonctl signal reach; group: also what runs behind a wrapper
		  kill_mode: tree | group | main (default: tree)
		      what is killed with it: everything it started, its process group, or only its main process
		  pid_file: path (default: none)
		      holds the pid of the main process, once the process that archon started has exited
		  control: none | role | {role, services} | list (default: as their users)
		      what its processes may ask on the control socket
		  labels: anything (default: none)
		      has no effect

		services.<name>.depends_on.<name>:
		  condition: service_started | service_healthy | service_completed_successfully (default: service_started)
		      what must hold of the other service first; healthy: it is ready, and its healthcheck succeeds
		  required: true | false (default: true)
		      false: it is started and waited for, but may be missing or fail
		  restart: true | false (default: false)
		      when the other one exits or is restarted, this one is restarted
		  timeout: duration | unlimited (default: unlimited)
		      how long to wait for it

		services.<name>.ready:
		  fd: number | {variable: NAME} (default: none)
		      it writes a newline to this descriptor; or to the one whose number is in the variable
		  notify: true | false (default: false)
		      it sends READY=1 to $NOTIFY_SOCKET, as sd_notify(3) does
		  log: regular expression (default: none)
		      a line of its output matches this
		  tcp: port | host:port (default: none)
		      something accepts connections there
		  http: http(s)://… | map with url (default: none)
		      this answers with success
		  exec: words | list (default: none)
		      this command exits 0
		  file: path (default: none)
		      this file exists
		  interval: duration (default: 500ms)
		      from one check by tcp, http, exec or file to the next
		  timeout: duration (default: 5s)
		      how long one check may take

		services.<name>.ready.fd:
		  variable: NAME (default: required)
		      the variable that holds the descriptor's number

		services.<name>.healthcheck:
		  test: text for a shell | [CMD, …] | [CMD-SHELL, text] | [NONE] (default: none)
		      healthy if this exits 0
		  tcp: port | host:port (default: none)
		      instead of a test: healthy if something accepts connections there
		  http: http(s)://… | map with url (default: none)
		      instead of a test: healthy if this answers with success
		  disable: true | false (default: false)
		      true: no checks are made
		  interval: duration (default: 30s)
		      from one check to the next
		  timeout: duration (default: 30s)
		      how long one check may take
		  retries: number (default: 3)
		      consecutive failures that make it unhealthy
		  success_threshold: number (default: 1)
		      consecutive successes that make it healthy
		  start_period: duration (default: 0s)
		      failures this soon after the start do not count
		  start_interval: duration (default: 5s)
		      from one check to the next within the start period
		  on_unhealthy: none | restart | shutdown (default: none)
		      what happens then: nothing, a restart of the service, or the end of the container

		http, of ready and healthcheck:
		  url: http(s)://… (default: required)
		      what is requested
		  status: number | list (default: empty)
		      statuses that count as success; empty: 200 to 399
		  headers: map (default: empty)
		      sent with the request
		  body: regular expression (default: anything)
		      what the body must match

		services.<name>.restart:
		  policy: no | always | on-failure | unless-stopped (default: as without a map)
		      after which exits it is restarted
		  delay: duration (default: 100ms)
		      the pause before each restart; as long as it grows: before the second within the window, as the first is at once
		  growth: constant | exponential | linear (default: constant if only delay is written, else exponential)
		      how the pause grows; linear: the nth is n times the delay
		  factor: number (default: 2)
		      by how much the pause grows with each further restart
		  max_delay: duration | unlimited (default: 10s)
		      the longest pause
		  jitter: 0 to 1 (default: 0.1; 0 if only delay is written)
		      the share of the pause that is random
		  attempts: number | unlimited (default: 8)
		      restarts within the window; at the next exit it has failed; with counts: starts 3
		  counts: all | starts (default: all)
		      starts: only failed starts count, and are tried again whatever the policy: by default after 1s, 2s, 3s
		  window: duration | unlimited (default: 60s)
		      how long an exit counts against the attempts
		  reset_after: duration (default: 60s)
		      after it has been up this long, earlier exits no longer count

		services.<name>.pre_start, post_start, pre_stop, post_stop, down:
		  command: words | list (default: required)
		      program and arguments
		  user: name[:group] | uid[:gid] (default: the service's)
		      as whom it runs
		  working_dir: path (default: the service's)
		      where it runs
		  environment: map | list of NAME=value (default: empty)
		      added to the service's

		services.<name>.reload:
		  signal: signal (default: none)
		      tells it to reload its configuration
		  command: words | list (default: none)
		      or this command does

		services.<name>.extends:
		  service: name (default: required)
		      the service whose keys are taken over
		  file: path (default: the same file)
		      where it is, relative to this file

		services.<name>.env_file:
		  path: path (default: required)
		      relative to the config, unless it begins with /
		  required: true | false (default: true)
		      false: it may be missing
		  format: raw (default: as compose reads it)
		      raw: quotes, $ and # in values are part of them

		services.<name>.env_dir:
		  path: path (default: required)
		      relative to the config, unless it begins with /
		  required: true | false (default: true)
		      false: it may be missing

		services.<name>.env_from:
		  command: words (default: required)
		      prints lines of NAME=value; within start_timeout, else 60s

		services.<name>.secrets, configs:
		  source: name (default: required)
		      which one
		  target: path (default: /run/secrets/<name> for a secret, /<name> for a config)
		      where the service finds it
		  uid: number (default: the service's user for a secret, archon's own for a config)
		      whose it is
		  gid: number (default: as for uid)
		      its group
		  mode: octal (default: 0400 for a secret, 0444 for a config)
		      its permissions

		services.<name>.ports[]:
		  name: name (default: required)
		      its own among those of the service: $PORT_<NAME> tells it
		  port: number | auto (default: auto)
		      auto: one that archon chooses, which stays the same
		  protocol: tcp | udp (default: tcp)
		      of what listens there

		services.<name>.ulimits.<name>:
		  soft: number | unlimited (default: required)
		      in force until the program raises it
		  hard: number | unlimited (default: required)
		      how far the program may raise it

		services.<name>.ionice:
		  class: realtime | best-effort | idle (default: required)
		      as ionice(1)
		  level: 0 to 7 (default: 4)
		      within the class, 0 first; idle has none

		services.<name>.logging, archon.logging, archon.events:
		  driver: inherit | prefix | json | file | syslog | none (default: prefix; inherit for a single service)
		      where lines go; none: only archonctl logs has them
		  options: map (default: empty)
		      of the driver
		  drivers: list of names or maps with driver and options (default: empty)
		      instead of driver: each gets every line
		  on_full: drop | block (default: drop)
		      when a reader is too slow for too long: lines are dropped and counted, or the service waits
		  max_line: size (default: 16k)
		      longer lines are passed on in pieces
		  buffer: size (default: 64k)
		      how much of the last lines is kept in memory for archonctl logs
		  rate_limit: N/duration | {lines, interval} | unlimited (default: unlimited)
		      lines beyond that are dropped and counted

		options of the drivers inherit and json:
		  streams: stdout | stderr | list of both (default: both)
		      the streams whose lines it gets

		options of the driver prefix:
		  timestamps: true | false (default: false)
		      the time after the name
		  streams: stdout | stderr | list of both (default: both)
		      the streams whose lines it gets

		options of the driver file:
		  path: path (default: /var/log/archon/{name}.log)
		      {name} is web, or web-0 if there are several instances; also {service}, {instance}, and {stream} for one file each
		  format: raw | timestamps | json (default: raw)
		      lines as they are, with their time, or as one JSON object each
		  max-size: size | unlimited (default: 10m)
		      a file this large is rotated to path.1, path.2, …
		  max-file: number (default: 5)
		      how many files are kept, the current one included
		  max-age: duration with days | unlimited (default: unlimited)
		      a file this old is rotated, and a rotated one this old is removed
		  compress: none | gzip | zstd (default: none)
		      how rotated files are compressed; true is gzip
		  mode: octal (default: 0640, less the umask)
		      permissions of the file and of rotated ones
		  user: name | uid (default: archon's own)
		      whose they are
		  group: name | gid (default: archon's own)
		      the same
		  streams: stdout | stderr | list of both (default: both)
		      the streams whose lines it gets

		options of the driver syslog:
		  syslog-address: unix://path | udp://host[:514] | tcp://host[:514] (default: unix:///dev/log)
		      where the lines are sent
		  syslog-format: rfc3164 | rfc5424 | rfc5424micro (default: rfc3164 for unix, else rfc5424)
		      what a message looks like; a daemon at /dev/log expects rfc3164
		  syslog-facility: name | 0 to 23 (default: daemon)
		      what they are said to come from
		  tag: text (default: {name})
		      what they are said to come from; may hold what path may
		  streams: stdout | stderr | list of both (default: both)
		      the streams whose lines it gets

		rate_limit, of logging:
		  lines: number (default: required)
		      how many in each interval; further lines are dropped and counted
		  interval: duration (default: 1s)
		      from one count to the next

		services.<name>.runtime_directory:
		  path: name | absolute path (default: required)
		      where it is; a name is below /run, /var/lib, /var/cache or /var/log
		  mode: octal (default: 0755, or as it is)
		      its permissions
		  user: name[:group] | uid[:gid] (default: the user of the service)
		      whose it is

		services.<name>.only_if:
		  path_exists: path | list of paths (default: empty)
		      all of them exist
		  path_missing: path | list of paths (default: empty)
		      none of them exists
		  env_set: NAME | NAME=value | list (default: empty)
		      it has these variables, not empty, or with this value
		  command: words | list (default: none)
		      exits with 0, within 30s; it runs as the service does
		  otherwise: satisfied | unmet (default: satisfied)
		      what needs it when it is skipped: starts as if it held, or waits as if it had failed

		services.<name>.test:
		  command: words | list (default: none)
		      program and arguments: exits with 0 where it is to run, with another status where it is not
		  exe: path (default: none)
		      the program alone
		  args: list (default: empty)
		      its arguments
		  interval: duration (default: none)
		      from one time that it is asked to the next; else at boot, by a reload that changes it, and by archonctl trigger
		  timeout: duration (default: 10s)
		      after this it is ended, and its service stays as it is

		services.<name>.sockets:
		  listen: port | address:port | unix:path | fd (default: required)
		      where; the port may be auto; fd: a socket that archon was started with
		  name: name (default: the port, or the name of the file)
		      what it is called in $LISTEN_FDNAMES
		  type: stream | dgram | seqpacket (default: stream)
		      seqpacket only at a path
		  backlog: number (default: 4096)
		      how many connections may wait to be accepted
		  mode: octal (default: 0666)
		      the permissions of a socket at a path
		  user: name[:group] | uid[:gid] (default: archon's own)
		      whose a socket at a path is
		  reuseport: true | false (default: false)
		      each instance has a socket of its own, among which the kernel divides connections

		services.<name>.schedule:
		  cron: cron expression (default: none)
		      minute, hour, day of the month, month, day of the week; with six fields seconds first
		  every: duration (default: none)
		      instead of cron: this long after the start of archon, and again and again
		  action: run | restart (default: run for oneshot)
		      what is done: a oneshot runs, a daemon is restarted
		  timezone: name (default: $TZ of archon, else that of the system, else UTC)
		      by whose clock cron is meant
		  jitter: duration (default: 0s)
		      each service comes later by a part of this, always the same one, by its name
		  overlap: skip | allow | replace (default: skip)
		      what becomes of a run while one is under way: it is left out, runs beside it as NAME@2, or ends the other
		  catch_up: none | once (default: none)
		      once: what was missed by more than three hours comes later, once for all of it
		  deadline: duration | unlimited (default: unlimited)
		      with catch_up: once, how late it may come
		  timeout: duration | unlimited (default: unlimited)
		      how long a run may take; then it is stopped, and has failed

		actions, as in services.<name>.on:
		  run: words | list (default: none)
		      a command, with $ARCHON_EVENT and what else is known
		  timeout: duration (default: 30s)
		      after which it is killed, with its process group
		  user: name[:group] | uid[:gid] (default: the service's)
		      as whom it runs
		  working_dir: path (default: the service's)
		      where it runs
		  environment: map | list of NAME=value (default: empty)
		      added to the service's
		  start: name | list of services and groups (default: the service itself)
		      starts services, as far as operators, tests and lists let it
		  stop: name | list of services and groups (default: the service itself)
		      stops services
		  restart: name | list of services and groups (default: the service itself)
		      restarts services that run
		  reload: name | list of services and groups (default: the service itself)
		      tells services to reload, in the way that their reload names
		  signal: signal (default: none)
		      sends a signal to the service
		  to: name | list of services and groups (default: the service itself)
		      to whom the signal is sent
		  alert: text (default: what has happened)
		      tells people

		services.<name>.watch:
		  path: path (default: required, or libraries)
		      a file, or a folder with all that is below it; relative to working_dir
		  include: pattern | list (default: empty)
		      what counts in a folder: names, or with / paths; empty: all
		  exclude: pattern | list (default: empty)
		      what does not; with a / at the end folders
		  action: action | list of actions (default: restart)
		      what is done
		  debounce: duration (default: 500ms; 5s for libraries)
		      how long it must have been left alone
		  libraries: true | false (default: false)
		      instead of path: restarts it when its program or its libraries were replaced

		services.<name>.control:
		  role: observe | operate | admin (default: required)
		      to look; also to start, stop and signal; also all else
		  services: name | pattern | list of them (default: all, and archon as a whole)
		      for which services and groups

		pools.<name>:
		  config: path (default: none)
		      a zeus.json with command, plan and items, from dir on; instead of these three
		  command: words | list (default: empty)
		      the program of the root, from which all others fork
		  plan: map of one root (default: none)
		      the tree: a map is a node; nothing, or a list of further names, is a command
		  items: map by node or command (default: empty)
		      texts that nodes and commands run instead of functions of their names
		  dir: path (default: archon's own)
		      where the program runs and clients look for the socket
		  socket: path (default: .zeus.sock)
		      where clients find it, from dir on
		  socket_mode: octal (default: 0600)
		      who may connect; only its own user and root are answered
		  delay: duration (default: 300ms)
		      from the first change of a file to the restart of what has loaded it
		  boot_timeout: duration (default: 5m)
		      how long one node may load
		  env_pass: NAME | list of names (default: empty)
		      variables of a client that its command has as well
		  kill_commands_on_restart: true | false (default: false)
		      commands end with the node that they were forked from
		  restart: on-change | always (default: on-change)
		      when a node whose action has failed is tried again; one that died always is

		include:
		  path: path | list (default: required)
		      files, each laid over those before it
		  project_directory: path (default: that of the first file)
		      where relative paths in them begin
		  env_file: path | list (default: empty)
		      variables for \${NAME} in them, under archon's own

		secrets.<name>:
		  file: path (default: none)
		      it holds what this file holds; relative to the config
		  environment: NAME (default: none)
		      it holds the value of this variable of archon's own
		  external: true | false (default: false)
		      true is refused: archon has no store to ask

		configs.<name>:
		  file: path (default: none)
		      it holds what this file holds; relative to the config
		  environment: NAME (default: none)
		      it holds the value of this variable of archon's own
		  external: true | false (default: false)
		      true is refused: archon has no store to ask
		  content: text (default: none)
		      it holds this text

		archon:
		  logging: driver | list of drivers | map (default: prefix; inherit for a single service)
		      the default for all services
		  events: as logging (default: as logging, unless that is inherit or none; else prefix)
		      where archon's own messages go; they come on stderr
		  log_level: info | warn | error (default: info)
		      archon's own messages below this are left out
		  state_dir: path (default: nothing is kept)
		      a folder that exists, for what outlives archon: what operators asked for, counts, pids
		  watch_config: true | false | duration (default: false)
		      the same as watch_config at the top

		boot:
		  rc: path (default: required)
		      the script; it runs as archon does, before any service
		  args: words | list (default: [autoboot])
		      its arguments
		  on_failure: exit | shell | continue (default: exit)
		      when it has failed: the container ends, a shell on its terminal, or services start all the same
		  timeout: duration | unlimited (default: unlimited)
		      after which it is killed, and has failed

		shutdown:
		  grace_period: duration (default: 9s)
		      for all services together, then KILL; docker waits 10s
		  when_idle: failed | always | never (default: failed; never for programs)
		      ends the container when no service is running or about to start: if a service has failed, always, or never

		start_rate:
		  per_second: number (default: 20)
		      restarts in each second, once the burst is used up
		  burst: number (default: 100)
		      restarts that may come at once before that

		signals.<name>:
		  to: service | list of services (default: main)
		      the services that it is forwarded to
		  signal: signal (default: as it came)
		      the signal that they are sent

		access:
		  user: user | list of users (default: empty)
		      who, by name or number
		  group: group | list of groups (default: empty)
		      or everyone in a group
		  role: observe | operate | admin (default: required)
		      to look; also to start, stop and signal; also all else
		  services: name | pattern | list of them (default: all, and archon as a whole)
		      for which services and groups

		remote:
		  listen: address:port (default: required)
		      where; an address in figures
		  token_file: path (default: required)
		      holds tokens, one a line; read again as it changes
		  role: observe | operate | admin (default: observe)
		      what a client with such a token may do
		  services: name | pattern | list of them (default: all, and archon as a whole)
		      for which services and groups
		  insecure: true | false (default: false)
		      true allows an address that others reach; they can read what is said on the way

		manifest:
		  file: path (default: required)
		      the programs that are to run, a line each: name|/path
		  hitlist: path (default: none)
		      what must not run: names of services, and paths of executables
		  role: text | map by hostnames (default: none)
		      with role C the file is whizzifestC.txt; $ARCHON_ROLE comes before it
		  every: duration (default: 60s)
		      the time between two looks at what runs; changed files are read at once
		  scope: managed | paths (default: managed)
		      paths: what others have started below paths ends as well
		  max_passes: number (default: 5)
		      how often one look tries to start what is missing
		  paths: path | list (default: empty)
		      folders whose executables run only if they are listed

		monitor:
		  name: text (default: the name of the executable)
		      what it is called in events, and by archonctl
		  match: {exe, command} (default: required)
		      which processes are meant
		  on: {started, exited} (default: none)
		      what is done when one has ended, or runs
		  every: duration (default: 2s)
		      the time between two looks for new processes; an end is told at once

		monitor.match:
		  exe: path | pattern (default: all)
		      what it executes; * and ? stand for any characters
		  command: pattern (default: all)
		      its whole command line, words with spaces between; * and ? as above

		monitor.on:
		  started: action | list of actions (default: none)
		      when a process is met that was not known
		  exited: action | list of actions (default: none)
		      when one has ended

		sync:
		  source: URL (default: required)
		      the folder of the master that has the list; https, http or file
		  dest: path (default: required)
		      the folder that releases are pulled into; dest/current is the one in force
		  every: duration (default: 5m)
		      from one look at the master to the next
		  keys: key | list of keys (default: empty)
		      public keys of minisign, one of which must have signed the list
		  form: signed | quesofiesta (default: signed where there are keys)
		      SHA256SUMS with a signature, or a manifest.txt of path|md5, which nothing vouches for
		  ready_timeout: duration (default: 60s)
		      for the services of a new release to be ready; else the one before comes back
		  max_size: size (default: 1g)
		      of a release in all
		  max_files: 1 to 100000 (default: 10000)
		      of a release
		  keep: 2 to 100 (default: 3)
		      how many releases stay, with the one in force

		rules:
		  lua: path | list of paths (default: required)
		      files of rules in Lua; the name of one may have a * in it
		  deadline: duration (default: 250ms)
		      the processor's time that a rule may take for an event; from 10ms to 10s
		  memory: size (default: 16m)
		      of all rules together; from 1m to 256m
		  run_as: user (default: the service's, but not root)
		      who all commands of rules run as, root included; else the service's user, and 65523 in place of root

		alerts:
		  receivers: {http | mail | syslog | command, …} | list of them (default: empty)
		      who is told
		  on: event | list of events (default: failed, unhealthy, reload-failed)
		      of which events, where a receiver does not say
		  group_wait: duration (default: 30s)
		      from the first event until it is told, with all that comes meanwhile
		  repeat: duration (default: 4h)
		      what lasts is told again after so long

		alerts.receivers:
		  name: name (default: its kind)
		      what it is called in status, and by archonctl alerts test
		  on: event | list of events (default: empty)
		      of which events; those of alerts, where it is empty
		  services: name | pattern | list of them (default: empty)
		      of which services; all and archon as a whole, where it is empty
		  timeout: duration (default: 10s)
		      how long one attempt may take
		  http: URL (default: none)
		      where messages are posted; https takes curl
		  template: text (default: JSON of all there is)
		      the body; {{title}}, {{text}} and others are filled in
		  content_type: text (default: application/json)
		      of the body
		  headers: map (default: empty)
		      more headers
		  secret_file: path (default: none)
		      holds what bodies are signed with, by HMAC-SHA256
		  token_file: path (default: none)
		      holds what is sent as Authorization: Bearer
		  mail: address | list of them (default: empty)
		      to whom mails are sent
		  from: address (default: archon@<hostname>)
		      from whom
		  server: smtp://host[:25] | smtps://host[:465] (default: smtp://127.0.0.1:25)
		      the mail server
		  tls: starttls | none (default: starttls, and on this machine none)
		      for smtp://; starttls takes curl
		  user: name (default: none)
		      who is logged in
		  password_file: path (default: none)
		      holds the password
		  syslog: unix://path | udp://host[:514] | tcp://host[:514] (default: none)
		      where a line of each message is sent
		  facility: name | 0 to 23 (default: daemon)
		      what it is said to come from
		  command: words | list (default: none)
		      is run with the message as JSON on its standard input, as the user of archon.alerts

		web:
		  listen: address:port | unix:///path | list of them (default: 127.0.0.1:9180)
		      where; an address in figures
		  mode: octal (default: 0666)
		      the permissions of sockets at a path
		  hosts: name | list of names (default: empty)
		      by which names it may be asked for, beside localhost and addresses in figures
		  show: health | metrics | api | page | list of them (default: all to this machine, health to others)
		      what a visitor without a token may see
		  tokens: {token_file, role, services} | list of them (default: none)
		      who may more
		  insecure: true | false (default: false)
		      true allows tokens at an address that others reach; they can read them on the way

		web.tokens:
		  token_file: path (default: required)
		      holds tokens, one a line; read again as it changes
		  role: observe | operate | admin (default: observe)
		      what a visitor with such a token may do
		  services: name | pattern | list of them (default: all, and archon as a whole)
		      for which services and groups

		ports:
		  range: FIRST-LAST (default: 20000-29999)
		      where those come from that archon chooses
		  reserve: map of SERVICE.NAME to port (default: empty)
		      ports that these are given with port: auto, and nothing else is

		bind:
		  rules: list of maps (default: empty)
		      the first that is for what is bound counts
		  library: path (default: /usr/lib/archon/libarchon-bind.so)
		      the library that services load for it

		bind.rules[]:
		  service: name | pattern (default: required)
		      which services
		  port: port (default: required)
		      which port they bind
		  protocol: tcp | udp (default: tcp)
		      of what they bind
		  address: * | address (default: *)
		      at which address they bind it, in figures
		  give: port | address:port | service.socket (default: what is asked for)
		      what they are given instead
		  strict: true | false (default: false)
		      where that cannot be had they are told that the address is in use; else they bind it themselves

		programs.<name>, in a file with programs instead of services:
		  cmd: words | list (default: required)
		      program and arguments; quoted as in a shell, but run without one
		  numprocs: number (default: 1)
		      how many instances run: web:0, web:1, …
		  autostart: true | false (default: true)
		      false: it starts by archonctl only
		  autorestart: always | never | unexpected (default: unexpected)
		      after which exits it is restarted once it has been up
		  exitcodes: number | list (default: 0)
		      exit statuses that are expected
		  starttime: seconds (default: 1)
		      it is up when it has run this long; an earlier exit is a failed start
		  startretries: number (default: 3)
		      consecutive failed starts that are retried
		  stopsignal: signal (default: TERM)
		      asks it to exit
		  stoptime: seconds (default: 10)
		      how long it has from then until KILL
		  stdout: path | null (default: archon's log)
		      appended to this file; null, none or discard: dropped
		  stderr: path | null (default: archon's log)
		      the same for stderr
		  env: map (default: empty)
		      added to archon's own environment
		  workingdir: path (default: archon's own)
		      where it runs
		  umask: octal (default: archon's own)
		      permissions that its new files do not get
		  user: name[:group] | uid[:gid] (default: archon's own)
		      as whom it runs

		In compose's deploy, replicas means scale, and restart_policy means restart.
		A duration is written 1h30m, 10s, 1.5s or 500ms; a bare number is seconds.
		A size is written 65536, 64k, 10m or 1g.
		Values may hold $NAME, \${NAME}, \${NAME:-default}, \${NAME:?error} and \${NAME:+instead} of archon's own environment;
		$$ is one $. Without the colon an empty variable counts as set.
		"
	`);
});

test('no line is too wide for a terminal', () => {
	expect(describeSchema().split('\n').filter(line => line.length > 120)).toEqual([]);
});
