/** One attempt to deliver a message, in the way that its receiver asks for. */
import type {Told} from '../../core/alerts.ts';
import {jsonOf, mailOf, type Message} from '../../features/alerts/core/message.ts';
import {bytesOf} from '../../os/bytes.ts';
import {env} from '../../os/environment.ts';
import type {Poller} from '../../os/poller.ts';
import {candidates} from '../../os/spawn/lookup.ts';
import {sys} from '../../os/sys.ts';
import {mailByCurl} from './curl.ts';
import {BODY_MAX, type Delivered, failed, TOO_LARGE} from './delivery.ts';
import {execute} from './execute.ts';
import {deliverByHttp} from './http.ts';
import {deliverBySmtp} from './smtp.ts';
import {deliverBySyslog} from './syslog.ts';

/** What is searched where there is no PATH. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function find(program: string): string | null {
	if (program.includes('/')) return program;
	return [...candidates(program, env()['PATH'] ?? DEFAULT_PATH)].find(each => each.startsWith('/') && sys.access(each, 1) >= 0) ?? null;
}

export function deliver(told: Told, message: Message, poller: Poller): Promise<Delivered> {
	const {target, timeout, flaw} = told;
	if (flaw !== null) return Promise.resolve(failed(flaw));
	switch (target.kind) {
		case 'http': return deliverByHttp(told, message, find('curl'), poller);
		case 'syslog': return deliverBySyslog(target.address, target.facility, message, timeout, poller);
		case 'mail': return deliverMail(told, message, poller);
		case 'command': return deliverByCommand(target.argv, told, message, poller);
	}
}

async function deliverMail({target, timeout, token}: Told, message: Message, poller: Poller): Promise<Delivered> {
	if (target.kind !== 'mail') return failed('a bug in archon', true);
	const {to, user, server: {host, port, security}} = target;
	const from = target.from ?? `archon@${message.host.replaceAll(/[^\w.-]/g, '') || 'localhost'}`;
	const mail = mailOf(message, from, to, new Date(message.at).toUTCString().replace('GMT', '+0000'));
	if (security === 'none') return deliverBySmtp({host, port, self: message.host, from, to}, mail, timeout, poller);
	const curl = find('curl');
	if (curl === null) return failed(`${security} takes curl, and it is not here`, true);
	const place = host.includes(':') ? `[${host}]` : host;
	const url = `${security === 'tls' ? 'smtps' : 'smtp'}://${place}:${port}`;
	return mailByCurl(curl, {
		url, isStarttls: security === 'starttls', from, to, user, password: token, mail: bytesOf(mail),
	}, timeout, poller);
}

/** It reads the message as JSON from its standard input: none of it is among its words or variables. */
async function deliverByCommand(
	argv: readonly [string, ...string[]], {timeout}: Told, message: Message, poller: Poller,
): Promise<Delivered> {
	const [name] = argv;
	const program = find(name);
	if (program === null) return failed(`${name} is not here`, true);
	const input = bytesOf(`${jsonOf(message)}\n`);
	if (input.length > BODY_MAX) return TOO_LARGE;
	const ended = await execute({program, words: argv, input, beside: null, timeout}, poller);
	if (typeof ended === 'string') return failed(ended);
	const {status, said} = ended;
	if (status === 0) return null;
	if (status === null) return failed(`${name} has not ended in time`);
	const words = said.replaceAll(/[\0-\x1f\x7f-\x9f]+/g, ' ').trim().slice(0, 150);
	return failed(`${name} ended with ${status}${words === '' ? '' : `: ${words}`}`);
}
