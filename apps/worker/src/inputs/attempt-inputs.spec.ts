import type { GenerationInput, Output } from '@doitong/contracts';
import type { PollResult, Submission, VendorContext, VendorRequest } from '@doitong/providers/kit';
import { describe, expect, it } from '@jest/globals';
import { attemptWith, heardReports, holder, inTurn, output, task, vendorError } from '../__fixtures__/attempt.js';
import { type Begun, carryOut } from '../jobs/carry-out.js';
import { Lease } from '../jobs/lease.js';
import type { Outputs } from '../outputs/outputs.js';
import { AttemptInputs } from './attempt-inputs.js';
import { ByteBudget } from './byte-budget.js';
import { type InputFile, unavailable, unfit } from './input-file.js';
import type { InputReader } from './input-reader.js';

const files: GenerationInput = {
  text: 'hello',
  image: 'https://example.com/a.png',
  audio: 'https://example.com/a.mp3',
};
const stored: Output = { key: 'gen_1/att_1.mp4', bytes: 10, contentType: 'video/mp4', format: 'mp4' };
const submitted: Submission = { kind: 'task', task };
const succeeded: PollResult = { status: 'succeeded', output };
const fileOf = (name: string): InputFile => ({
  bytes: name.length,
  contentType: 'image/png',
  content: async () => Buffer.from(name),
  discard: async () => {},
});
/** As an adapter is handed it. */
const loaded = (name: string) => ({ bytes: Buffer.from(name), contentType: 'image/png' });
const [image, audio] = ['image', 'audio'].map(fileOf) as [InputFile, InputFile];

/** An attempt whose files are read like this, with what was done in order. */
function attemptReading(
  read: (...args: unknown[]) => Promise<InputFile>,
  methods: Partial<Record<'submit' | 'lookup', (vendor: VendorContext) => Promise<Submission>>>,
  input = files,
  { live = true, memory = new ByteBudget(1_000) } = {},
) {
  const done: string[] = [];
  const lease = new Lease(holder, 0, 60_000, heardReports().reports, undefined as never);
  lease.end();
  const reader = async (name: string) => {
    done.push(`read ${name}`);
    return read(name);
  };
  const inputs = new AttemptInputs({ read: reader, memory } as unknown as InputReader, input, lease.signal);
  const noted = (what: 'submit' | 'lookup') => async (_: VendorRequest, vendor: VendorContext) => {
    done.push(what);
    return (methods[what] ?? (async () => submitted))(vendor);
  };
  const adapter = { submit: noted('submit'), lookup: noted('lookup'), poll: inTurn(succeeded) };
  const attempt = attemptWith(adapter, { inputs, lease, stop: lease.signal });
  attempt.vendor = { ...attempt.vendor, readInput: (name) => inputs.read(name) };
  const { reports, heard } = heardReports({ live });
  const begun = (action: 'submit' | 'reconcile' | 'resume') =>
    ({
      action,
      job: attempt.job,
      credential: 'f',
      task,
      late: false,
      submittedAfter: new Date().toISOString(),
    }) as Begun;
  const means = {
    reports,
    outputs: { put: inTurn(stored) } as unknown as Outputs,
    workerId: holder.workerId,
  };
  const run = (action: Parameters<typeof begun>[0] = 'submit') => carryOut(attempt, begun(action), means);
  return { attempt, done, run, inputs, lease, heard };
}

describe('audio that is charged for by its length', () => {
  const lasting = (durationSeconds?: number) => inTurn<InputFile>(image, { ...audio, durationSeconds });
  const priced = (of: ReturnType<typeof attemptReading>) => {
    of.attempt.job = { ...of.attempt.job, measuresAudio: true };
    return of;
  };
  const measured = { subject: 'attempt.ready', body: { ...holder, audioSeconds: 600 } };

  it('has its length told before the vendor is asked', async () => {
    const { run, done, heard } = priced(
      attemptReading(lasting(600), {
        submit: async () => {
          expect(heard).toEqual([measured]);
          return submitted;
        },
      }),
    );
    await run();
    expect(done).toEqual(['read image', 'read audio', 'submit']);
  });

  it('is told of before a look-up as well, which may be the first that the vendor hears of it', async () => {
    const { run, done, heard } = priced(attemptReading(inTurn({ ...audio, durationSeconds: 600 }), {}));
    await run('reconcile');
    expect(heard[0]).toEqual(measured);
    expect(done).toEqual(['read audio', 'lookup']);
  });

  it.each(['submit', 'reconcile'] as const)(
    'and that nobody pays for is not sent to the vendor (%s)',
    async (action) => {
      const reads = action === 'submit' ? lasting(600) : inTurn({ ...audio, durationSeconds: 600 });
      const { run, done, heard } = priced(attemptReading(reads, {}, files, { live: false }));
      await expect(run(action)).rejects.toMatchObject({ name: 'AbortError' });
      expect(heard).toEqual([measured]);
      expect(done).not.toContain('submit');
      expect(done).not.toContain('lookup');
    },
  );

  it('is refused where its length cannot be read', async () => {
    const { run, done, attempt } = priced(attemptReading(lasting(), {}));
    await expect(run()).rejects.toMatchObject({
      kind: 'input-unfit',
      publicMessage: expect.stringContaining('options.duration'),
    });
    expect([done, attempt.costMicroUsd]).toEqual([['read image', 'read audio'], 0]);
  });

  it('is not told of where its price does not go by that', async () => {
    const { run, heard } = attemptReading(lasting(600), {});
    await run();
    expect(heard[0]).toEqual({ subject: 'attempt.ready', body: holder });
  });
});

describe('the files of a request', () => {
  it('are all read before the vendor is asked, also by a family that reads none itself', async () => {
    const { run, done } = attemptReading(inTurn(image, audio), {});
    await run();
    expect(done).toEqual(['read image', 'read audio', 'submit']);
  });

  it('are handed to the adapter as they were read then, at each ask, and let go once one is answered', async () => {
    const seen: object[] = [];
    let asks = 0;
    const { run, done, inputs } = attemptReading(inTurn(image, audio, image), {
      async submit(vendor) {
        seen.push(await vendor.readInput('audio'), await vendor.readInput('image'));
        if (++asks === 1) throw vendorError('rate-limited');
        return submitted;
      },
    });
    await run();
    expect(seen).toEqual(['audio', 'image', 'audio', 'image'].map(loaded));
    expect(done).toEqual(['read image', 'read audio', 'submit', 'submit']);
    await inputs.read('image');
    expect(done.at(-1)).toBe('read image');
  });

  it.each([
    ['are not what they must be', unfit('image', 'found an HTML page.')],
    ['cannot be had', unavailable('image', 'its host answered with status 503.')],
  ])('that %s keep the vendor from being asked, and cost nothing', async (_what, error) => {
    const { run, done, attempt } = attemptReading(inTurn<InputFile>(error), {});
    await expect(run()).rejects.toBe(error);
    expect([done, attempt.costMicroUsd, attempt.stage]).toEqual([['read image'], 0, 'SUBMISSION']);
  });

  it('are told to be ready once all are read, and the vendor is asked only if the attempt still lives then', async () => {
    const dead = attemptReading(inTurn(image, audio), {}, files, { live: false });
    await expect(dead.run()).rejects.toMatchObject({ name: 'AbortError' });
    expect(dead.done).toEqual(['read image', 'read audio']);
    expect(dead.heard).toEqual([{ subject: 'attempt.ready', body: holder }]);
  });

  it('of which there are none are not looked for', async () => {
    const { run, done, heard } = attemptReading(inTurn(image), {}, { text: 'hello' });
    await run();
    expect(done).toEqual(['submit']);
    expect(heard[0]?.subject).toBe('attempt.submitted');
  });

  it('are not read for an attempt that was submitted', async () => {
    const { run, done } = attemptReading(inTurn(image), {});
    await run('resume');
    expect(done).toEqual([]);
  });

  it('are read anew by a look-up that asks for them', async () => {
    const { run, done } = attemptReading(inTurn(image), {
      async lookup(vendor) {
        expect(await vendor.readInput('image')).toEqual(loaded('image'));
        return submitted;
      },
    });
    await run('reconcile');
    expect(done).toEqual(['lookup', 'read image']);
  });

  it('that are read when somebody cancels are not sent to the vendor', async () => {
    const { run, done, lease } = attemptReading(async () => {
      lease.lose();
      return image;
    }, {});
    await expect(run()).rejects.toBe(lease.signal.reason);
    expect(done).not.toContain('submit');
  });

  it('are in memory only while a vendor is asked, no more of all attempts at once than agreed, and are discarded then', async () => {
    const memory = new ByteBudget(10);
    let discarded = 0;
    const kept = (name: string) => ({ ...fileOf(name), discard: async () => void discarded++ });
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const inMemory: string[] = [];
    const attemptOf = (name: string) =>
      attemptReading(
        inTurn(kept('image'), kept('audio')),
        {
          async submit(vendor) {
            await vendor.readInput('image');
            inMemory.push(name);
            await vendor.readInput('audio');
            await answered;
            return submitted;
          },
        },
        files,
        { memory },
      );
    const [first, second] = ['first', 'second'].map(attemptOf);
    const runs = [first!.run(), second!.run()];
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    // Both have read their files: reading waits for nobody.
    expect([first!.done, second!.done]).toEqual([
      ['read image', 'read audio', 'submit'],
      ['read image', 'read audio', 'submit'],
    ]);
    expect(inMemory).toEqual(['first']);
    answer();
    await Promise.all(runs);
    expect(inMemory).toEqual(['first', 'second']);
    expect(discarded).toBe(4);
  });
});
