import { readFileSync } from 'node:fs';
import type { ModelManifest } from '@doitong/contracts';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ProviderFamily, Submission, VendorContext, VendorOutput } from '../adapter.js';
import { toFailure, type VendorError, type VendorErrorKind } from '../errors.js';
import { drive, driveFrom, durable, pause, until } from './driver.js';
import { testCredential, vendorContext } from './loopback.js';
import { describeManifest } from './manifest-contract.js';
import { type Asked, requestOf } from './request.js';
import { listenForCallbacks, type Sandbox, type StartSandbox, startSandbox, vendorOfTomorrow } from './sandbox.js';

/** Requests that carry this prompt, by the name of the way in which the family asks its vendor. */
type Asks = Record<string, (prompt: string) => Asked>;

export interface ProviderContract {
  family: ProviderFamily;
  /** `() => import('./index.js')`: the family again, without memory, as after a crash. */
  reload(): Promise<{ family: ProviderFamily }>;
  startSandbox: StartSandbox;
  /** The vendor answers a repeat of an ask with what it answered first, by an id of ours. */
  dedupes?: boolean;
  /** Ways that begin a task. */
  tasks?: Asks;
  /** Ways that are answered with the output itself. */
  answers?: Asks;
}

/** Before an attempt that only meets errors is over. */
const MOST_ERRORS = 6;

const portrait = readFileSync(new URL('./__fixtures__/portrait.png', import.meta.url));

/** What every provider family promises, tried on the sandbox in the vendor's place. */
export function describeProviderContract({
  family,
  reload,
  dedupes = false,
  tasks = {},
  answers = {},
  ...given
}: ProviderContract): void {
  const { adapter, manifest } = family;
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox(given.startSandbox);
  });
  afterAll(() => sandbox?.stop());

  const vendor = (over: Partial<VendorContext> = {}, url = sandbox.url) =>
    vendorContext(`${url}/${manifest.family}`, {
      readInput: async () => ({ bytes: portrait, contentType: 'image/png' }),
      ...over,
    });
  const submits = (prompt: string) => sandbox.submits(manifest.family, prompt);
  const asks = (prompt: string) => sandbox.asks(manifest.family, prompt);
  let prompts = 0;
  /** A prompt that no other test has, so that its submits can be counted. */
  const prompt = (marker?: string) => {
    prompts += 1;
    return `contract ${prompts} of ${manifest.family}${marker ? ` [[sandbox:${marker}]]` : ''}`;
  };

  describeManifest(family);

  const models = manifest.providers.flatMap(({ id, models }) => models.map((model) => [id, model.id, model] as const));
  it.each(models)('%s: %s makes something', async (provider, model, { inputs }) => {
    const request = requestOf(family, { provider, model, input: inputOf(inputs) });
    const { output, errors } = await drive(adapter, request, vendor());
    expect(errors).toEqual([]);
    expect((await bytesOf(output)).length).toBeGreaterThan(200);
  });

  for (const [way, ask] of Object.entries({ ...tasks, ...answers }))
    describe(`${way}:`, () => {
      const run = (text: string, over?: Partial<VendorContext>) =>
        drive(adapter, requestOf(family, ask(text)), vendor(over));

      it.each<[string, VendorErrorKind]>([
        ['content-rejected', 'content-rejected'],
        ['output-moderated', 'content-rejected'],
        ['quota', 'balance'],
      ])('%s is %s, and not asked again', async (marker, kind) => {
        const text = prompt(marker);
        const { output, errors } = await run(text);
        expect(output).toBeUndefined();
        expect(errors.map((error) => error.kind)).toEqual([kind]);
        expect(await submits(text)).toBeLessThanOrEqual(1);
        errors.forEach(expectDiscreet);
      });

      it.each<[string, VendorErrorKind[]]>([
        ['server-error-once', [dedupes ? 'unavailable' : 'server-error']],
        ['overloaded-once', ['unavailable', 'rate-limited', 'server-error']],
        ['rate-limited-once', ['rate-limited']],
      ])('%s is %s, and what is asked again then is taken once', async (marker, kinds) => {
        const text = prompt(marker);
        const { output, errors } = await run(text);
        expect(output).toBeDefined();
        expect(errors).toHaveLength(1);
        expect(kinds).toContain(errors[0]?.kind);
        expect([await submits(text), await asks(text)]).toEqual([1, 2]);
        errors.forEach(expectDiscreet);
      });

      it('a vendor that answers each ask with an error of its own is asked twice at most, or under one key', async () => {
        const text = prompt('server-error');
        const { output, errors } = await run(text);
        expect(output).toBeUndefined();
        expect(errors.at(-1)?.kind).toBe(dedupes ? 'unavailable' : 'server-error');
        expect(errors.length).toBeLessThanOrEqual(MOST_ERRORS);
        expect(await submits(text)).toBe(0);
        if (!dedupes) expect(await asks(text)).toBe(2);
      });

      it('a refused credential is told as such, and nowhere shown', async () => {
        const { output, errors } = await run(prompt(), { credential: 'invalid' });
        expect(output).toBeUndefined();
        expect(errors.map((error) => error.kind)).toEqual(['credential']);
        expect(errors[0]?.message).not.toContain('invalid');
      });

      it.each(['answer-lost', 'proxy-error-once'])(
        'a lost answer (%s) is never followed by a second submit, and found where the vendor can be asked',
        async (marker) => {
          const text = prompt(marker);
          const submittedAfter = new Date();
          const request = requestOf(family, ask(text));
          const lost = await drive(adapter, request, vendor());
          expect(lost.errors).toHaveLength(1);
          lost.errors.forEach(expectDiscreet);
          expect(lost.output !== undefined).toBe(dedupes);
          if (!dedupes) {
            expect(lost.errors[0]?.kind).toBe('submission-unknown');
            const found = await adapter.lookup?.(request, vendor(), submittedAfter);
            expect(found !== undefined).toBe(adapter.lookup !== undefined);
            if (found) expect((await driveFrom(adapter, found, vendor())).output).toBeDefined();
          }
          expect(await submits(text)).toBe(1);
        },
      );

      it('fields that we do not know change nothing', async () => {
        const tomorrow = await vendorOfTomorrow(sandbox.url);
        const result = await drive(adapter, requestOf(family, ask(prompt())), vendor({}, tomorrow.url));
        await tomorrow.stop();
        expect(result.errors).toEqual([]);
        expect(result.output).toBeDefined();
      });
    });

  for (const [way, ask] of Object.entries(answers))
    describe(`${way}:`, () => {
      it('an answer that never comes is unknown', async () => {
        const text = prompt('hang');
        const attempt = new AbortController();
        const submission = adapter.submit(requestOf(family, ask(text)), vendor({ signal: attempt.signal }));
        const outcome = submission.catch((error) => error);
        await until(async () => (await submits(text)) === 1);
        attempt.abort();
        expect(await outcome).toMatchObject({ kind: 'submission-unknown' });
      });
    });

  for (const [way, ask] of Object.entries(tasks))
    describe(`${way}:`, () => {
      const begin = async (text: string, over?: Partial<VendorContext>) =>
        taskOf(await adapter.submit(requestOf(family, ask(text)), vendor(over)));

      it('a task that fails is failed, and not asked for again', async () => {
        const text = prompt('failed');
        const { output, errors } = await driveFrom(adapter, await begin(text), vendor());
        expect(output).toBeUndefined();
        expect(errors.map((error) => error.kind)).toEqual(['failed']);
        expect(await submits(text)).toBe(1);
        errors.forEach(expectDiscreet);
      });

      it('a proxy that refuses one poll ends no task', async () => {
        const { output, errors } = await driveFrom(adapter, await begin(prompt('proxy-refusal-once')), vendor());
        expect(output).toBeDefined();
        expect(errors.map((error) => error.kind)).toEqual(['unavailable']);
      });

      it('a task that hangs is neither done nor failed', async () => {
        const { output, errors } = await driveFrom(adapter, await begin(prompt('hang')), vendor(), [], 10);
        expect([output, errors]).toEqual([undefined, []]);
      });

      it('resumed after a crash by a worker without memory, it makes no second submit', async () => {
        const text = prompt();
        let task = durable((await begin(text)).task);
        jest.resetModules();
        const { family: fresh } = await reload();
        expect(fresh.adapter).not.toBe(adapter);
        for (;;) {
          const result = await fresh.adapter.poll(task, vendor());
          if (result.status === 'succeeded') break;
          if (result.task) {
            // The crash may have come before this step was durable: it is then made once more.
            expect(await fresh.adapter.poll(task, vendor())).toEqual(result);
            task = durable(result.task);
          }
          await pause();
        }
        expect(await submits(text)).toBe(1);
      });

      it('polled again after success, it gives the output again', async () => {
        const submission = await begin(prompt());
        const { output, task } = await driveFrom(adapter, submission, vendor());
        expect(output).toBeDefined();
        expect(await adapter.poll(task ?? submission.task, vendor())).toMatchObject({ status: 'succeeded' });
      });

      if (!adapter.parseCallback) return;
      it('a callback, also one that comes twice, is answered and is no verdict', async () => {
        const heard: unknown[] = [];
        const listener = await listenForCallbacks((body) => {
          const callback = adapter.parseCallback?.(body);
          heard.push(callback?.kind);
          return callback?.kind === 'challenge' ? callback.reply : {};
        });
        const over = { callbackUrl: `${listener.url}/hook` };
        const { output, errors } = await driveFrom(adapter, await begin(prompt('callback-twice'), over), vendor(over));
        expect(errors).toEqual([]);
        expect(output).toBeDefined();
        await until(() => heard.filter((kind) => kind === 'hint').length >= 2);
        await listener.stop();
      });
    });

  /** Neither the log nor the customer learns the credential, nor the customer where the vendor is. */
  function expectDiscreet(error: VendorError): void {
    for (const part of testCredential.split(':')) expect(error.message).not.toContain(part);
    const told = JSON.stringify(toFailure(error, 'PROCESSING'));
    expect(told).not.toContain(sandbox.url);
    expect(told).not.toMatch(/https?:/);
  }
}

function taskOf(submission: Submission) {
  if (submission.kind === 'output') throw new Error('answered with the output: belongs to `answers`');
  return submission;
}

/** All that the model needs, and text wherever it takes one. */
function inputOf(inputs: ModelManifest['inputs']) {
  return {
    ...(inputs.text === 'unsupported' ? {} : { text: 'a fox in the snow' }),
    ...(inputs.image === 'required' ? { image: 'https://example.com/portrait.png' } : {}),
  };
}

async function bytesOf(output: VendorOutput | undefined): Promise<Buffer> {
  if (!output) return Buffer.alloc(0);
  if ('bytes' in output.source) return output.source.bytes;
  const answer = await fetch(output.source.url, { headers: output.source.headers });
  return answer.ok ? Buffer.from(await answer.arrayBuffer()) : Buffer.alloc(0);
}
