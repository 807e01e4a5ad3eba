import { Injectable } from '@nestjs/common';

interface Appointment {
  dueMs: number;
  keep: () => void;
  cancel: (error: ClockStopped) => void;
  timer?: NodeJS.Timeout;
}

/** The sandbox ends before the time has come. */
export class ClockStopped extends Error {}

/** Timers of Node hold no more than 24 days. */
const longestTimeoutMs = 86_400_000;

/** The sandbox's time: the real one, plus what a test has moved it on by. */
@Injectable()
export class VirtualClock {
  private aheadMs = 0;
  private stopped = false;
  private readonly appointments = new Set<Appointment>();

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.aheadMs;
  }

  /** Resolves when this clock shows `dueMs`; throws ClockStopped if the sandbox ends before, or has begun to. */
  async until(dueMs: number): Promise<void> {
    if (this.stopped) throw new ClockStopped('the sandbox is closing');
    await new Promise<void>((keep, cancel) => {
      const appointment = { dueMs, keep, cancel };
      this.appointments.add(appointment);
      this.arm(appointment);
    });
  }

  advance(ms: number): void {
    this.aheadMs += ms;
    for (const appointment of this.appointments) this.arm(appointment);
  }

  stop(): void {
    this.stopped = true;
    for (const { timer, cancel } of this.appointments) {
      clearTimeout(timer);
      cancel(new ClockStopped('the sandbox is closing'));
    }
    this.appointments.clear();
  }

  private arm(appointment: Appointment): void {
    clearTimeout(appointment.timer);
    const waitMs = Math.min(longestTimeoutMs, Math.max(0, appointment.dueMs - this.now()));
    appointment.timer = setTimeout(() => this.arrive(appointment), waitMs);
  }

  private arrive(appointment: Appointment): void {
    if (appointment.dueMs > this.now()) {
      this.arm(appointment);
      return;
    }
    this.appointments.delete(appointment);
    appointment.keep();
  }
}
