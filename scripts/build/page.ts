/** The status page's one HTML file as it is embedded: small, behind a line with the policy that allows its style and script only. */
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import type * as esbuild from 'esbuild';

/** Where it stands in the sources. */
const FILE = 'src/helpers/web/page/page.html';

/** The header Content-Security-Policy in the first line, then the file. */
export function pageText(root: string): string {
	// Loaded when it is needed: each test has this module.
	const {transformSync} = createRequire(import.meta.url)('esbuild') as typeof esbuild;
	const hashes: Record<string, string> = {};
	const small = (kind: 'css' | 'js', text: string): string => {
		const {code} = transformSync(text, {loader: kind, minify: true, target: kind === 'js' ? 'es2022' : 'chrome111'});
		const trimmed = code.trim();
		hashes[kind] = `'sha256-${createHash('sha256').update(trimmed).digest('base64')}'`;
		return trimmed;
	};
	const html = readFileSync(join(root, FILE), 'utf8')
		.replace(/<style>([^]*?)<\/style>/, (_, text: string) => `<style>${small('css', text)}</style>`)
		.replace(/<script>([^]*?)<\/script>/, (_, text: string) => `<script>${small('js', text)}</script>`)
		.replaceAll(/\n\s*/g, '\n').trim();
	const policy = [
		`default-src 'none'`, `script-src ${hashes['js']}`, `style-src ${hashes['css']}`, `img-src data:`, `connect-src 'self'`,
		`form-action 'self'`, `base-uri 'none'`, `frame-ancestors 'none'`,
	];
	return `${policy.join('; ')}\n${html}\n`;
}
