/**
 * Secrets in files: `NAME_FILE=/run/secrets/x` becomes `NAME` with the content of that file, as many images
 * have it. An inherited variable stays beside what it became: not all of them are secrets (`SSL_CERT_FILE`).
 */
import {closeSync, constants, fstatSync, openSync, readSync} from 'node:fs';
import {err, ok, type Result} from '../core/model.ts';
import {errnoOf, errnoText} from './diagnose.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface SecretProblem {
	/** The variable that names the file. */
	readonly variable: string;
	readonly errno: number;
	/** Never with anything of the content. */
	readonly reason: string;
}

/** What the kernel takes as one variable is 128 KiB (execve(2), MAX_ARG_STRLEN); no secret is near that. */
const SECRET_MAX = 64 * 1024;
const SUFFIX = '_FILE';
/** What lies there is a secret even where the variable is inherited. */
const SECRETS = /^(\/var)?\/run\/secrets\//;
const EEXIST = 17;
const EINVAL = 22;

/**
 * `own` goes over `base`. Only absolute paths name files, and they are read with archon's rights, so that the
 * service's user need not be able to. What cannot be read is a problem where the service itself names it, or
 * where it lies among the secrets; any other inherited variable is then left as it is.
 */
export function readSecrets(base: Environment, own: Environment): Result<NodeJS.ProcessEnv, SecretProblem> {
	const all: NodeJS.ProcessEnv = {...base, ...own};
	const result: NodeJS.ProcessEnv = {...all};
	for (const [variable, path] of Object.entries(all)) {
		const name = variable.slice(0, -SUFFIX.length);
		if (!variable.endsWith(SUFFIX) || name === '' || !path?.startsWith('/')) continue;
		const isOwn = own[variable] !== undefined;
		const secret = all[name] === undefined ? readSecret(path) : err({errno: EEXIST, reason: `${name} is set as well`});
		if (secret.ok) {
			result[name] = secret.value;
			if (isOwn) delete result[variable];
		} else if (isOwn || SECRETS.test(path)) return err({variable, ...secret.error});
	}
	return ok(result);
}

function readSecret(path: string): Result<string, Omit<SecretProblem, 'variable'>> {
	let fd = -1;
	try {
		// Whatever lies there must not keep PID 1 waiting.
		fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
		if (!fstatSync(fd).isFile()) return err({errno: EINVAL, reason: `${path} is not a file`});
		const bytes = Buffer.alloc(SECRET_MAX + 1);
		const length = readSync(fd, bytes, 0, bytes.length, 0);
		if (length > SECRET_MAX) return err({errno: EINVAL, reason: `${path} is longer than ${SECRET_MAX} bytes`});
		const text = bytes.toString('utf8', 0, length).replace(/\r?\n$/, '');
		return text.includes('\0') ? err({errno: EINVAL, reason: `${path} holds a NUL character`}) : ok(text);
	} catch (error) {
		const errno = errnoOf(error);
		return err({errno, reason: `${errnoText(errno)}: ${path}`});
	} finally {
		if (fd >= 0) closeSync(fd);
	}
}
