/** Who is logged in, for whatever needs to know it: the shell has asked before any page is shown. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Me } from '../contract.ts';

export interface MeContext {
  readonly me: Me;
  /** Milliseconds to add to this browser's clock to have the box's. */
  readonly drift: number;
  /** Asks anew: something of it was changed. */
  refresh(): void;
}

export const MeContext = createContext<MeContext | null>(null);

export function useMe(): MeContext {
  const context = useContext(MeContext);
  if (!context) throw new Error('nobody is logged in');
  return context;
}

/**
 * The box's wall clock, as a date whose UTC fields read as the box's clock does: for "today" and the like.
 * @param drift As in {@link MeContext}. @param zone The box's, by its IANA name.
 */
export function boxClock(drift: number, zone: string): Date {
  const now = new Date(Date.now() + drift);
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(now);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((each) => each.type === type)?.value ?? '00';
  const date = `${part('year')}-${part('month')}-${part('day')}`;
  return new Date(`${date}T${part('hour')}:${part('minute')}:${part('second')}Z`);
}
