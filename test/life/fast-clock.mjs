/**
 * Preloaded into a daemon that lives a day in minutes (`--import`, which its worker threads inherit): its wall clock runs
 * FACTOR times as fast as the machine's, and so does the main thread's clock that no setting changes, by which jumps of
 * the wall clock are told. Timers stay real, and in the workers so does performance.now(): there it measures work.
 * CDRD_FAST_CLOCK is `REAL,VIRTUAL,FACTOR`: at this real moment it was that virtual one, milliseconds since 1970.
 */
import { isMainThread } from 'node:worker_threads';

const [real = 0, virtual = 0, factor = 1] = (process.env.CDRD_FAST_CLOCK ?? '').split(',').map(Number);
const RealDate = Date;
const now = () => Math.floor(virtual + (RealDate.now() - real) * factor);

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) => Reflect.construct(target, args.length > 0 ? args : [now()], made),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});

if (isMainThread) {
  const mono = performance.now.bind(performance);
  performance.now = () => mono() * factor;
}
