/** What an image pays for a supervisor: the figures that `bench/layers.ts` writes, and their table. */

/** A layer on debian:bookworm-slim, in bytes: as it is unpacked, and as registries keep it. */
export interface LayerFigures {
	readonly name: string;
	readonly how: string;
	readonly unpacked: number;
	/** By gzip 6, as docker packs. */
	readonly gzip: number;
	/** By zstd 3, as buildkit packs. */
	readonly zstd: number;
}

export function layerTable(layers: readonly LayerFigures[]): string {
	const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 1);
	const rows = layers.map(({name, how, unpacked, gzip, zstd}) =>
		`| ${name} | ${how} | ${megabytes(unpacked)} | **${megabytes(gzip)}** | ${megabytes(zstd)} |`);
	return ['| | in the Dockerfile | unpacked, MB | gzip, MB | zstd, MB |', '| --- | --- | --: | --: | --: |', ...rows].join('\n');
}
