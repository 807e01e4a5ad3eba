import { Injectable, type OnModuleDestroy } from '@nestjs/common';

interface Appointment {
  dueMs: number;
  run: () => void;
  timer?: NodeJS.Timeout;
}

/** Timers of Node hold no more than 24 days. */
const longestTimeoutMs = 86_400_000;

/** The sandbox's time: the real one, plus what a test has moved it on by. */
@Injectable()
export class VirtualClock implements OnModuleDestroy {
  private aheadMs = 0;
  private readonly appointments = new Set<Appointment>();

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.aheadMs;
  }

  /** Runs `run` when this clock shows `dueMs`; never if the process ends before. */
  at(dueMs: number, run: () => void): void {
    const appointment = { dueMs, run };
    this.appointments.add(appointment);
    this.arm(appointment);
  }

  until(dueMs: number): Promise<void> {
    return new Promise((resolve) => this.at(dueMs, resolve));
  }

  advance(ms: number): void {
    this.aheadMs += ms;
    for (const appointment of this.appointments) this.arm(appointment);
  }

  onModuleDestroy(): void {
    for (const { timer } of this.appointments) clearTimeout(timer);
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
    appointment.run();
  }
}
