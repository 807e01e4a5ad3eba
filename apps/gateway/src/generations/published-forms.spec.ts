import { generations } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aGeneration } from '../__fixtures__/messages.js';

/** Both forms in which our documentation has shown this API. Repeats matter: a document is read once, and remembered. */
const REPEATS = [1, 2, 3];
const failed = aGeneration({
  status: 'FAILED',
  error: {
    code: 'CONTENT_REJECTED',
    message: 'Not this.',
    retryable: false,
    billed: false,
    stage: 'PROCESSING',
  },
});
const metadata = { model: 'hailuo-02', resolution: '768p', adjustments: [] };

describe('a generation', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());
  beforeEach(() => gateway.reset());

  const read = async (selection: string) =>
    (await gateway.post(`query Read($id: ID!) { generation(id: $id) { ${selection} } }`, { variables: { id: 'x' } }))
      .body;

  it('that failed is told in the structured form', async () => {
    gateway.answer(generations.get, () => failed);
    for (const _ of REPEATS) {
      expect((await read('status error { code message } metadata { resolution width }')).data.generation).toEqual({
        status: 'FAILED',
        error: { code: 'CONTENT_REJECTED', message: 'Not this.' },
        metadata: { resolution: '768p', width: null },
      });
    }
  });

  it('that failed is told in the flat form', async () => {
    gateway.answer(generations.get, () => failed);
    for (const _ of REPEATS) {
      expect((await read('status error errorCode metadata')).data.generation).toEqual({
        status: 'failed',
        error: 'Not this.',
        errorCode: 'CONTENT_REJECTED',
        metadata,
      });
    }
  });

  it('that goes well has no error in either form', async () => {
    for (const _ of REPEATS) {
      expect((await read('status error errorCode')).data.generation).toEqual({
        status: 'queued',
        error: null,
        errorCode: null,
      });
      expect((await read('status errorCode: error { code }')).data.generation).toEqual({
        status: 'QUEUED',
        errorCode: null,
      });
    }
  });

  it('that is asked for is told in either form', async () => {
    const asked = (selection: string) =>
      gateway.post(`mutation($input: GenerateInput!) { generate(input: $input) { ${selection} } }`, {
        variables: { input: { type: 'VIDEO', input: { text: 'a' } } },
      });
    for (const _ of REPEATS) {
      expect((await asked('status metadata error errorCode')).body.data.generate).toEqual({
        status: 'queued',
        metadata,
        error: null,
        errorCode: null,
      });
      expect((await asked('status metadata error { code }')).body.data.generate).toEqual({
        status: 'QUEUED',
        metadata,
        error: null,
      });
    }
  });

  it('that is asked for in both forms under one name is refused, and not made', async () => {
    for (const _ of REPEATS) {
      const answer = await gateway.post(
        'mutation { generate(input: { type: VIDEO, input: { text: "a" } }) { error error { code } } }',
      );
      expect(answer).toMatchObject({
        status: 400,
        body: { errors: [{ extensions: { code: 'INVALID_INPUT', field: 'error' } }] },
      });
    }
    expect(gateway.asked(generations.create)).toEqual([]);
  });

  it('that is not there is null in the flat form too, with its error', async () => {
    gateway.answer(generations.get, () => ({ secret: 'x' }) as never);
    for (const _ of REPEATS) {
      const body = await read('status error');
      expect([body.data, body.errors[0].path]).toEqual([{ generation: null }, ['generation']]);
    }
  });
});
