import { loadConfig, startService } from '@doitong/service-kit';
import { temporaryFolder } from '@doitong/support';
import { SandboxConfig, SandboxModule } from '../app.module.js';

interface Answer {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many shapes
  body: any;
}

/** The sandbox in this process, as a vendor's client sees it. */
export interface TestSandbox {
  url: string;
  folder: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** How many accepted submits have a prompt that contains this. */
  submits(prompt: string): Promise<number>;
  /** How often one was asked for, accepted or not. */
  asked(prompt: string): Promise<number>;
  /** Moves its time on, and tells it: milliseconds since 1970. */
  advance(seconds: number): Promise<number>;
  stop(): Promise<void>;
}

/** At full speed, unless `env` says otherwise. */
export async function startSandbox(env: Record<string, string> = {}): Promise<TestSandbox> {
  const folder = await temporaryFolder();
  const config = loadConfig(SandboxConfig, { SANDBOX_SPEED: '0', SANDBOX_DATA_DIR: folder.path, ...env });
  const modules = [SandboxModule.register(config)];
  const service = await startService({ name: 'sandbox', modules, host: '127.0.0.1', port: 0, logLevel: 'silent' });
  const url = service.url;
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    body instanceof FormData
      ? ask(url + path, { method: 'POST', headers, body })
      : ask(url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        });
  const shown = async (prompt: string) =>
    (await ask(`${url}/_sandbox/submits?${new URLSearchParams({ prompt })}`, {})).body;
  return {
    url,
    folder: folder.path,
    get: (path, headers = {}) => ask(path.startsWith('http') ? path : url + path, { headers }),
    post,
    submits: async (prompt) => (await shown(prompt)).total,
    asked: async (prompt) => (await shown(prompt)).asked,
    async advance(seconds) {
      return Date.parse((await post('/_sandbox/clock', { advanceSeconds: seconds })).body.now);
    },
    async stop() {
      await service.stop();
      await folder.remove();
    },
  };
}

async function ask(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const isJson = response.headers.get('content-type')?.includes('json');
  const body = isJson ? await response.json() : Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, body };
}
