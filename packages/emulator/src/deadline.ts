/** Longest delay Node's timers take; above it they fire after 1 ms (nodejs.org/api/timers.html#settimeoutcallback-delay-args). */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Runs `run` once, at `atMs` (epoch ms) and never before, however far away. The timer does not keep the process alive.
 * Returns the cancel function.
 */
export function scheduleAt(atMs: number, run: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    timer = setTimeout(check, Math.min(Math.max(atMs - Date.now(), 0), MAX_TIMER_MS));
    timer.unref();
  };
  // A timer may fire a millisecond early against the wall clock, and long waits come in pieces.
  const check = (): void => {
    if (Date.now() >= atMs) run();
    else arm();
  };
  arm();
  return () => clearTimeout(timer);
}
