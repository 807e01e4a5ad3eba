import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { billing } from '@doitong/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aPrincipal } from '../__fixtures__/messages.js';

const KEY = 'dt_test_0123456789abcdef';
/** With the browser's steps. */
const PATIENCE_MS = 60_000;
const BROWSER_ACCEPT = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8';

describe('GraphiQL', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());

  const open = (accept: string) => fetch(`${gateway.url}/graphql`, { headers: { accept } });

  it('is what a browser gets that opens /graphql, without a key', async () => {
    const response = await open(BROWSER_ACCEPT);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self';");
  });

  it.each(['*/*', 'application/json', 'application/json,text/html;q=0.5'])(
    'is not what a program gets, which accepts %s',
    async (accept) => expect((await open(accept)).status).toBe(401),
  );

  it('loads all from here, and all of it is there', async () => {
    const html = await (await open(BROWSER_ACCEPT)).text();
    const places = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, place]) => place!);
    const ours = places.filter((place) => place !== 'data:,');
    expect(ours).toHaveLength(6);
    for (const place of ours) {
      expect(place).toMatch(/^graphiql\/[\w-]+\.(js|css)$/);
      const response = await fetch(new URL(place, `${gateway.url}/graphql`));
      expect([place, response.status]).toEqual([place, 200]);
      expect(response.headers.get('content-type')).toMatch(place.endsWith('.js') ? /^text\/javascript/ : /^text\/css/);
    }
  });

  const executablePath = browserPath();
  const browserIt = executablePath ? it : it.skip;
  browserIt(
    'sends the key typed into its headers (needs chromium on PATH or in CHROMIUM_PATH)',
    async () => {
      const { accountId: id, plan } = aPrincipal();
      gateway.answer(billing.account, () => ({ id, plan, name: 'Acme', credits: 1234, held: 0 }));
      const browser = await chromium.launch({
        executablePath,
        args: ['--no-sandbox', '--disable-gpu'],
        timeout: PATIENCE_MS,
      });
      try {
        const { answer, complaints } = await useGraphiql(browser);
        expect(answer).toContain('"credits": 1234');
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    },
    180_000,
  );

  /** What the result pane shows, and all that the browser logged, was refused by the policy of the page, or loaded from elsewhere. */
  async function useGraphiql(browser: Browser) {
    const complaints: string[] = [];
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      // Before the key is there, the schema cannot be fetched.
      if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(gateway.url) && !request.url().startsWith('data:')) complaints.push(request.url());
    });
    await page.goto(`${gateway.url}/graphql`);
    await page.click('.graphiql-editor-tool .CodeMirror >> visible=true');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(JSON.stringify({ Authorization: `Bearer ${KEY}` }));
    await page.click('.graphiql-execute-button');
    const response = page.locator('.graphiql-response', { hasText: 'credits' });
    return { answer: await response.textContent(), complaints };
  }
});

function browserPath(): string | undefined {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((path) => join(path, 'chromium')).find((path) => existsSync(path));
}
