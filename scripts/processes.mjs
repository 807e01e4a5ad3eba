import { spawn } from 'node:child_process';
import { once } from 'node:events';

const GRACE_MS = 10_000;
const running = new Set();
let stoppedBy;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(signal));

/**
 * Runs a command to its end and returns its exit code; null when a signal ended it. It gets a process group of its own: when Ctrl-C, SIGTERM or
 * SIGHUP ends this process, all that the command has started is ended first, by SIGTERM, and after 10 s by SIGKILL.
 */
export async function run(command, args, { env = {}, cwd } = {}) {
  const child = spawn(command, args, { stdio: 'inherit', cwd, env: { ...process.env, ...env }, detached: true });
  running.add(child);
  const [code] = await once(child, 'exit');
  running.delete(child);
  if (stoppedBy) await new Promise(() => {});
  return code;
}

/** Ends all that runs, and then this process as the signal would have. */
async function stop(signal) {
  if (stoppedBy) return;
  stoppedBy = signal;
  const groups = [...running].map(({ pid }) => pid);
  for (const group of groups) send(group, 'SIGTERM');
  const deadline = Date.now() + GRACE_MS;
  while (groups.some(isAlive) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const group of groups) send(group, 'SIGKILL');
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function send(group, signal) {
  try {
    return process.kill(-group, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
    return false;
  }
}

const isAlive = (group) => send(group, 0);
