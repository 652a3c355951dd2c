/** Debian's Chromium, as a person would use it: pages with what they complain of, and what axe finds in them. */
import axe from 'axe-core';
import type {Browser, BrowserContext, Page} from 'puppeteer-core';
import {expect} from 'vitest';

export interface Look {
	readonly scheme?: 'light' | 'dark';
	readonly width?: number;
	readonly javascript?: boolean;
}

/** `problems`: errors of its console, refused scripts and styles, exceptions. */
export interface Opened {
	readonly page: Page;
	readonly problems: string[];
}

export async function openPage(context: Browser | BrowserContext, {scheme = 'light', width = 1280, javascript = true}: Look = {}): Promise<Opened> {
	const page = await context.newPage();
	const problems: string[] = [];
	page.on('console', message => {
		if (message.type() === 'error' || message.type() === 'warn') problems.push(message.text());
	});
	page.on('pageerror', error => void problems.push(String(error)));
	page.on('dialog', dialog => {
		problems.push(`a dialog: ${dialog.message()}`);
		void dialog.dismiss();
	});
	await page.setJavaScriptEnabled(javascript);
	await page.setViewport({width, height: 800});
	await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
	return {page, problems};
}

/** All that it finds, best practices too; and that nothing is wider than the window. */
export async function axeFinds(page: Page): Promise<string[]> {
	await page.evaluate(axe.source);
	const {violations} = await page.evaluate(() => (globalThis as typeof globalThis & {axe: typeof axe}).axe.run());
	const found = violations.flatMap(({id, nodes}) => nodes.map(({html, failureSummary}) => `${id}: ${html}: ${failureSummary}`));
	const beyond = await page.evaluate('document.documentElement.scrollWidth - innerWidth') as number;
	return beyond > 0 ? [...found, `${beyond} pixels are beyond the window`] : found;
}

/** What a person reads in an element; empty: there is no such element. */
export const textIn = async (page: Page, selector: string): Promise<string> =>
	page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`) as Promise<string>;

/** Waits until a person reads there what matches. */
export async function reads(page: Page, selector: string, pattern: RegExp): Promise<void> {
	await expect.poll(async () => textIn(page, selector), {timeout: 20_000, message: selector}).toMatch(pattern);
}
