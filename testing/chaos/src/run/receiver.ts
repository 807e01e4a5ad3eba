import { readFile } from 'node:fs/promises';
import { type Answer, type Received, type Receiver, startReceiver } from '@doitong/support';

const FACE = '/face.png';

/** How a receiver behaves at the first try of an event, by the last digit of what it is told of. */
const manners: Record<string, Answer> = {
  0: { status: 500 },
  1: { hang: true },
  2: { status: 429, headers: { 'retry-after': '1' } },
  3: { status: 302, headers: { location: '/elsewhere' } },
  4: { delayMs: 1_500 },
};

/** Where webhooks go, and where the portraits are: one server of the customers'. */
export async function startIllMannered(): Promise<Receiver & { faceUrl: string }> {
  const receiver = await startReceiver();
  const face = await readFile(
    new URL('../../../../libs/providers/src/kit/testing/__fixtures__/portrait.png', import.meta.url),
  );
  const seen = new Set<string>();
  receiver.answer(({ path, headers }: Received) => {
    if (path === FACE) return { body: face };
    const event = `${path} ${headers['webhook-id']}`;
    if (seen.has(event)) return {};
    seen.add(event);
    return manners[path.at(-1) ?? ''] ?? {};
  });
  return Object.assign(receiver, { faceUrl: `${receiver.url}${FACE}` });
}
