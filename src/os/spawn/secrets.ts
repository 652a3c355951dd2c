/**
 * Secrets in files: `NAME_FILE=/run/secrets/x` becomes `NAME` with the content of that file, as many images
 * have it. An inherited variable stays beside what it became: not all of them are secrets (`SSL_CERT_FILE`).
 */
import {err, ok, type Result} from '../../core/result.ts';
import {rawTextOf} from '../bytes.ts';
import type {Environment} from '../environment.ts';
import {errnoText} from '../errno.ts';
import {OTHERS_WRITE, wait} from '../jobs.ts';
import {isRefused, refusalOf} from '../places.ts';
import {ERRNO} from '../sys.ts';

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
/** A disk that hangs keeps PID 1 from its work no longer than so. */
const PATIENCE = 2000;
const THEIRS = 'others than root may have written it, and archon reads no files for them; name it under environment';

/**
 * `own` goes over `base`. Only absolute paths name files, and they are read with archon's rights, so that the
 * service's user need not be able to. What cannot be read is a problem where the service itself names it, or
 * where it lies among the secrets; any other inherited variable is then left as it is. One of `foreign` names no file,
 * for its user could not read that otherwise.
 */
export function readSecrets(base: Environment, own: Environment, foreign: readonly string[] = []): Result<Environment, SecretProblem> {
	const all: Environment = {...base, ...own};
	const result: Record<string, string | undefined> = {...all};
	for (const [variable, path] of Object.entries(all)) {
		const name = variable.slice(0, -SUFFIX.length);
		if (!variable.endsWith(SUFFIX) || name === '' || !path?.startsWith('/')) continue;
		const isOwn = own[variable] !== undefined;
		const secret = foreign.includes(variable) ? err({errno: ERRNO.EACCES, reason: THEIRS})
			: all[name] === undefined ? readSecret(path) : err({errno: ERRNO.EEXIST, reason: `${name} is set as well`});
		if (secret.ok) {
			result[name] = secret.value;
			if (isOwn) delete result[variable];
		} else if (isOwn || SECRETS.test(path)) return err({variable, ...secret.error});
	}
	return ok(result);
}

function readSecret(path: string): Result<string, Omit<SecretProblem, 'variable'>> {
	const done = wait('readFile', {text: path, numbers: [SECRET_MAX, OTHERS_WRITE]}, PATIENCE);
	const {result, bytes} = done;
	const bad = (errno: number, reason: string): ReturnType<typeof readSecret> => err({errno, reason});
	switch (result) {
		case -ERRNO.EINVAL: case -ERRNO.EISDIR: return bad(ERRNO.EINVAL, `${path} is not a file`);
		case -ERRNO.ETIMEDOUT: return bad(ERRNO.ETIMEDOUT, `${path} does not answer within ${PATIENCE / 1000} s`);
	}
	if (isRefused(done)) return bad(-result, refusalOf(done, path));
	if (result < 0) return bad(-result, `${errnoText(-result)}: ${path}`);
	if (bytes.length > SECRET_MAX) return bad(ERRNO.EINVAL, `${path} is longer than ${SECRET_MAX} bytes`);
	const text = rawTextOf(bytes).replace(/\r?\n$/, '');
	return text.includes('\0') ? bad(ERRNO.EINVAL, `${path} holds a NUL character`) : ok(text);
}
