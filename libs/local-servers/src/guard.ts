import { spawn } from 'node:child_process';

/**
 * Runs a shell script once this process has ended, in whatever way: normal exit, exception, signal, even SIGKILL.
 * A waiting shell reads from a pipe that only this process holds open, so no exit or signal hook is needed.
 * `args` are the script's `$1`, `$2`, …; the returned function calls the guard off.
 */
export function whenParentDies(script: string, ...args: string[]): () => void {
  const guard = spawn('/bin/sh', ['-c', `read -r _; ${script}`, 'guard', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // A shell that is called off, or cannot be started, is no reason to fail.
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return () => void guard.kill('SIGKILL');
}
