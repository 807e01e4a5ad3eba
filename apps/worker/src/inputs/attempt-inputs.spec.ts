import type { GenerationInput, Output } from '@doitong/contracts';
import type { PollResult, Submission, VendorContext, VendorRequest } from '@doitong/providers/kit';
import { describe, expect, it } from '@jest/globals';
import { attemptWith, heardReports, holder, inTurn, output, task, vendorError } from '../__fixtures__/attempt.js';
import { type Begun, carryOut } from '../jobs/carry-out.js';
import { Lease } from '../jobs/lease.js';
import type { Outputs } from '../outputs/outputs.js';
import { AttemptInputs } from './attempt-inputs.js';
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
const fileOf = (name: string): InputFile => ({ bytes: Buffer.from(name), contentType: 'image/png' });
const [image, audio] = ['image', 'audio'].map(fileOf) as [InputFile, InputFile];

/** An attempt whose files are read like this, with what was done in order. */
function attemptReading(
  read: (...args: unknown[]) => Promise<InputFile>,
  methods: Partial<Record<'submit' | 'lookup', (vendor: VendorContext) => Promise<Submission>>>,
  input = files,
) {
  const done: string[] = [];
  const lease = new Lease(holder, 0, 60_000, heardReports().reports, undefined as never);
  lease.end();
  const reader = async (name: string) => {
    done.push(`read ${name}`);
    return read(name);
  };
  const inputs = new AttemptInputs({ read: reader } as unknown as InputReader, input, lease.signal);
  const noted = (what: 'submit' | 'lookup') => async (_: VendorRequest, vendor: VendorContext) => {
    done.push(what);
    return (methods[what] ?? (async () => submitted))(vendor);
  };
  const adapter = { submit: noted('submit'), lookup: noted('lookup'), poll: inTurn(succeeded) };
  const attempt = attemptWith(adapter, { inputs, lease, stop: lease.signal });
  attempt.vendor = { ...attempt.vendor, readInput: (name) => inputs.read(name) };
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
    reports: heardReports().reports,
    outputs: { put: inTurn(stored) } as unknown as Outputs,
    workerId: holder.workerId,
  };
  const run = (action: Parameters<typeof begun>[0] = 'submit') => carryOut(attempt, begun(action), means);
  return { attempt, done, run, inputs, lease };
}

describe('the files of a request', () => {
  it('are all read before the vendor is asked, also by a family that reads none itself', async () => {
    const { run, done } = attemptReading(inTurn(image, audio), {});
    await run();
    expect(done).toEqual(['read image', 'read audio', 'submit']);
  });

  it('are handed to the adapter as they were read then, at each ask, and let go once one is answered', async () => {
    const seen: InputFile[] = [];
    let asks = 0;
    const { run, done, inputs } = attemptReading(inTurn(image, audio, image), {
      async submit(vendor) {
        seen.push(await vendor.readInput('audio'), await vendor.readInput('image'));
        if (++asks === 1) throw vendorError('rate-limited');
        return submitted;
      },
    });
    await run();
    expect(seen).toEqual([audio, image, audio, image]);
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

  it('of which there are none are not looked for', async () => {
    const { run, done } = attemptReading(inTurn(image), {}, { text: 'hello' });
    await run();
    expect(done).toEqual(['submit']);
  });

  it('are not read for an attempt that was submitted', async () => {
    const { run, done } = attemptReading(inTurn(image), {});
    await run('resume');
    expect(done).toEqual([]);
  });

  it('are read anew by a look-up that asks for them', async () => {
    const { run, done } = attemptReading(inTurn(image), {
      async lookup(vendor) {
        expect(await vendor.readInput('image')).toBe(image);
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
});
