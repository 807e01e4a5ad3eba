import { MultiBar, Presets, type SingleBar } from 'cli-progress';

/** A live progress bar a generation; a line every second where the output is no terminal. */
export class Bars {
  private readonly bars = new MultiBar(
    {
      format: '  {type} {bar} {percentage}%  {status}',
      hideCursor: true,
      clearOnComplete: false,
      noTTYOutput: true,
      notTTYSchedule: 1_000,
    },
    Presets.shades_classic,
  );

  add(type: string): SingleBar {
    return this.bars.create(100, 0, { type: type.padEnd(7), status: 'waiting' });
  }

  stop(): void {
    this.bars.stop();
  }
}
