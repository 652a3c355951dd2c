/** Every key that supervisord documents, and what becomes of it where that is not a key of archon's own. */

/** `done`: it is translated; null: it changes nothing here; else why it is not translated. */
type Meaning = 'done' | null | string;

const NO_EVENTS = 'archon sends no events; archonctl logs and archonctl status show what they would tell';
const OWN_LOG = null;

/** Of `[program:x]` and `[fcgi-program:x]`. */
export const PROGRAM: Readonly<Record<string, Meaning>> = {
	command: 'done', process_name: 'done', numprocs: 'done', numprocs_start: 'done', priority: 'done', autostart: 'done', startsecs: 'done',
	startretries: 'done', autorestart: 'done', exitcodes: 'done', stopsignal: 'done', stopwaitsecs: 'done', stopasgroup: 'done', user: 'done',
	redirect_stderr: 'done', stdout_logfile: 'done', stdout_logfile_maxbytes: 'done', stdout_logfile_backups: 'done', stdout_syslog: 'done',
	stderr_logfile: 'done', stderr_logfile_maxbytes: 'done', stderr_logfile_backups: 'done', stderr_syslog: 'done', environment: 'done',
	directory: 'done', umask: 'done',
	// archon ends all that a service made.
	killasgroup: null,
	// Of supervisord's own socket.
	serverurl: null,
	stdout_capture_maxbytes: NO_EVENTS, stderr_capture_maxbytes: NO_EVENTS, stdout_events_enabled: NO_EVENTS, stderr_events_enabled: NO_EVENTS,
};

const SOCKET = 'archon does not make the socket that the program is to have as its stdin: have its own manager make it, as php-fpm does, '
	+ 'or write command: spawn-fcgi -n -s PATH -- PROGRAM; until then it is not started';

/** Of `[fcgi-program:x]` beside those. */
export const FCGI: Readonly<Record<string, Meaning>> = {socket: SOCKET, socket_owner: null, socket_mode: null, socket_backlog: null};

/** Values for which a key changes nothing. */
export const HARMLESS: Readonly<Record<string, RegExp>> = {
	stdout_capture_maxbytes: /^0+([kmg]b)?$/i, stderr_capture_maxbytes: /^0+([kmg]b)?$/i,
	stdout_events_enabled: /^(false|no|off|0)$/i, stderr_events_enabled: /^(false|no|off|0)$/i,
	strip_ansi: /^(false|no|off|0)$/i, chmod: /^0?[0-7]00$/,
};

/** Of `[supervisord]`. What concerns its own log, pid file and place changes nothing: archon's messages go to its stderr. */
export const SUPERVISORD: Readonly<Record<string, Meaning>> = {
	environment: 'done', user: 'done', umask: 'done', directory: 'done', minfds: 'done', minprocs: 'done',
	logfile: OWN_LOG, logfile_maxbytes: OWN_LOG, logfile_backups: OWN_LOG, loglevel: OWN_LOG, silent: OWN_LOG, pidfile: null, nodaemon: null,
	identifier: null, childlogdir: null, nocleanup: null, profile_options: null,
	strip_ansi: 'archon leaves colours as they are',
};

const MAY_ASK = 'archon\'s socket is for root and for archon\'s own user, who are known by their uid';
const NO_PORT = 'write web with tokens, or use archonctl in the container';

/** Of the sections beside them, by the section's kind and its key; `*`: all of its keys. */
export const OTHERS: Readonly<Record<string, Readonly<Record<string, Meaning>>>> = {
	'unix_http_server': {file: null, chmod: MAY_ASK, chown: MAY_ASK, username: MAY_ASK, password: MAY_ASK},
	'supervisorctl': {'*': null},
	'include': {files: 'done'},
	'group': {programs: 'done', priority: 'done'},
};

/** Of whole sections that are not translated, by their kind. */
export const SECTIONS: Readonly<Record<string, string>> = {
	inet_http_server: NO_PORT,
	rpcinterface: 'archon takes no plugins: archonctl run and archonctl daemon start further programs',
	ctlplugin: 'archonctl takes no plugins',
};

/** The interface of supervisorctl itself. */
export const USUAL_INTERFACE = 'rpcinterface:supervisor';

export const UNKNOWN = 'supervisord does not know it either';

/** Of `[eventlistener:x]`: by the program that it runs, or the events that it hears, what does the same. */
export const LISTENERS: readonly (readonly [program: RegExp, events: RegExp, why: string])[] = [
	[/httpok/, /^/, 'write healthcheck: {http: URL, on_unhealthy: restart} in the service that it looks at'],
	[/memmon/, /^/, 'write ulimits: {as: BYTES} in the service, or limit the memory of the container'],
	[/crash|fatalmail|mail/, /^/, 'archon\'s log and archonctl history tell what ended, and why'],
	[/^/, /FATAL|EXITED|STOPPED/, 'write essential: true, or on_failed: shutdown, in a service with which the container is to end'],
	[/^/, /TICK/, 'run what it does every so often as a service with a loop, or from cron'],
];

export const NO_LISTENERS = 'archon sends no events';
