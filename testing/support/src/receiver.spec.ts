import { expect, it } from '@jest/globals';
import { eventually, startReceiver } from './index.js';

it('records what it gets, and answers as it was told', async () => {
  const receiver = await startReceiver();
  receiver.answer(({ path }) => ({ status: path === '/gone' ? 410 : 202 }));
  receiver.answerNext({ status: 503, body: 'later' });
  const send = (path: string) => fetch(receiver.url + path, { method: 'POST', body: '{"a":1}' });

  const first = await send('/hook?x=1');
  expect([first.status, await first.text()]).toEqual([503, 'later']);
  expect((await send('/hook')).status).toBe(202);
  expect((await send('/gone')).status).toBe(410);
  expect(receiver.requests[0]).toMatchObject({ method: 'POST', path: '/hook?x=1', body: '{"a":1}' });
  await receiver.stop();
});

it('stops although a request still hangs', async () => {
  const receiver = await startReceiver();
  receiver.answer({ hang: true });
  const outcome = fetch(receiver.url).then(
    () => 'answered',
    () => 'cut off',
  );
  await eventually(() => receiver.requests[0]);
  await receiver.stop();
  expect(await outcome).toBe('cut off');
});
