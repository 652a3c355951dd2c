/** Folders as archives that are the same whoever makes them: sorted by name, of owner 0, of one time, without more than users need. */
import {createHash} from 'node:crypto';
import {readdir} from 'node:fs/promises';
import {gzipSync} from 'node:zlib';
import {execa} from 'execa';

/** An archive, as a registry and people count it. */
export interface Packed {
	readonly bytes: Buffer;
	/** SHA-256 of what is unpacked, which images call the layer's diff id. */
	readonly unpacked: string;
}

/** All that is in a folder; `epoch` in seconds since 1970. */
export async function archive(folder: string, epoch: number): Promise<Buffer> {
	const {stdout} = await execa('tar', [
		'--format=ustar', '--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${epoch}`, '--mode=u+rw,go+r,go-w,a-s',
		'-C', folder, '-cf', '-', '--', ...(await readdir(folder)).sort(),
	], {encoding: 'buffer', env: {LC_ALL: 'C'}});
	return Buffer.from(stdout);
}

/** The same, packed by gzip: as an image's layer it has the same bytes. */
export async function packed(folder: string, epoch: number): Promise<Packed> {
	const plain = await archive(folder, epoch);
	return {bytes: gzipSync(plain, {level: 9}), unpacked: sha256(plain)};
}

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
