import { billing, DoitongError, generations } from '@doitong/contracts';
import { eventually, waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { whileKeysAreKnown } from '../__fixtures__/known-keys.js';
import { aPrincipal } from '../__fixtures__/messages.js';

const READ = '{ generation(id: "x") { id } }';

describe('API keys', () => {
  let gateway: Gateway;
  let key: string;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());
  beforeEach(() => {
    gateway.reset();
    key = gateway.newKey();
  });
  const read = (authorization = `Bearer ${key}`) => gateway.post(READ, { headers: { authorization } });

  it.each([
    '',
    'Bearer',
    'Bearer sk_live_123',
    'Basic dt_test_x',
    'Bearer dt_test_a b',
    `Bearer dt_${'x'.repeat(500)}`,
  ])('a request without a key in form is refused without asking anyone: %j', async (authorization) => {
    const { status, headers, body } = await read(authorization);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(body).toEqual({
      errors: [
        {
          message: expect.stringContaining('Authorization: Bearer dt_'),
          extensions: { code: 'UNAUTHENTICATED', retryable: false, billed: false, stage: 'ADMISSION' },
        },
      ],
    });
    expect(gateway.asked(billing.authenticate)).toEqual([]);
  });

  it('an unknown key is refused and nothing is executed', async () => {
    gateway.answer(billing.authenticate, () => {
      throw new DoitongError('UNAUTHENTICATED', 'This API key is not valid.');
    });
    expect(await read()).toMatchObject({
      status: 401,
      body: { errors: [{ message: 'This API key is not valid.', extensions: { code: 'UNAUTHENTICATED' } }] },
    });
    expect(gateway.asked(generations.get)).toEqual([]);
  });

  it('an account that is not active is refused', async () => {
    gateway.answer(billing.authenticate, () => {
      throw new DoitongError('FORBIDDEN', 'This account is closed.');
    });
    expect(await read()).toMatchObject({ status: 403, body: { errors: [{ extensions: { code: 'FORBIDDEN' } }] } });
  });

  /** How often a key of which the answer holds for `holdsMs` is looked up at most while 21 requests come with it. */
  async function lookUpsOf(holdsMs: number) {
    const start = Date.now();
    await Promise.all(Array.from({ length: 20 }, () => read()));
    const { status } = await read();
    const most = 1 + Math.floor((Date.now() - start) / holdsMs);
    return { status, most, lookUps: gateway.asked(billing.authenticate).length };
  }

  it('a key is looked up once in 5 s for many requests at once and after', async () => {
    const { status, lookUps, most } = await lookUpsOf(5_000);
    expect(status).toBe(200);
    expect(lookUps).toBeLessThanOrEqual(most);
  });

  it('an unknown key is looked up once in a second', async () => {
    gateway.answer(billing.authenticate, () => {
      throw new DoitongError('UNAUTHENTICATED', 'This API key is not valid.');
    });
    const { status, lookUps, most } = await lookUpsOf(1_000);
    expect(status).toBe(401);
    expect(lookUps).toBeLessThanOrEqual(most);
  });

  const revoke = async () => {
    gateway.answer(billing.authenticate, () => {
      throw new DoitongError('UNAUTHENTICATED', 'This API key is not valid.');
    });
    await gateway.broadcast(billing.keysChanged, { accountId: aPrincipal().accountId });
  };

  it('a revoked key is refused as soon as that is told, while keys of other accounts stay known', async () => {
    await whileKeysAreKnown(gateway, async () => {
      const authorization = `Bearer ${gateway.newKey()}`;
      expect((await read(authorization)).status).toBe(200);
      await revoke();
      await waitFor(async () => expect((await read(authorization)).status).toBe(401));
    });
  });

  it('a look-up that was under way when the key was revoked is not remembered', async () => {
    const known = `Bearer ${gateway.newKey()}`;
    expect((await read(known)).status).toBe(200);
    let release = () => {};
    gateway.answer(billing.authenticate, async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return aPrincipal();
    });
    const early = read();
    await waitFor(() => expect(gateway.asked(billing.authenticate)).toHaveLength(2));
    await revoke();
    // Which has been heard when this is so.
    await waitFor(async () => expect((await read(known)).status).toBe(401));
    expect((await read()).status).toBe(401);
    release();
    expect((await early).status).toBe(200);
    expect((await read()).status).toBe(401);
  });

  it('a key is refused once it has expired, however shortly before it was looked up', async () => {
    await whileKeysAreKnown(gateway, async () => {
      const authorization = `Bearer ${gateway.newKey()}`;
      const keyExpiresAt = new Date(Date.now() + 400).toISOString();
      gateway.answer(billing.authenticate, () => aPrincipal({ keyExpiresAt }));
      expect((await read(authorization)).status).toBe(200);
      gateway.answer(billing.authenticate, () => {
        throw new DoitongError('UNAUTHENTICATED', 'This API key has expired.');
      });
      await waitFor(async () => expect((await read(authorization)).status).toBe(401));
    });
  });

  it('a failed look-up is tried again by the next request', async () => {
    gateway.answer(billing.authenticate, () => {
      throw new DoitongError('INTERNAL', 'Something went wrong on our side. Please try again.');
    });
    expect(await read()).toMatchObject({
      status: 503,
      body: { errors: [{ extensions: { code: 'INTERNAL', retryable: true } }] },
    });
    gateway.answer(billing.authenticate, () => aPrincipal());
    expect((await read()).status).toBe(200);
  });

  it('no key is sent on or logged', async () => {
    const headers = { authorization: `Bearer ${key}`, 'x-request-id': key.replace('dt_test_', 'request-') };
    await gateway.post('mutation { generate(input: { type: IMAGE, input: { text: "a" } }) { id } }', { headers });
    const [asked] = gateway.asked(billing.authenticate);
    expect(asked?.body).toEqual({ keyHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    // The last line of this request: what else it logged was written before.
    await eventually(() =>
      gateway.logs().find((line) => line.includes('generation accepted') && line.includes(headers['x-request-id'])),
    );
    expect(gateway.logs().join('\n')).not.toMatch(/dt_test/);
  });
});
