/** The records of a call on one scale of time: each tried or rang, and was talked on. In words too, for who sees no bars. */
import type { CallShown } from '../../contract.ts';
import { duration } from '../format.ts';
import { useText } from '../text.ts';

/** `SIP/205-00000011` → `SIP/205`. */
function shortChannel(channel: string): string {
  return channel.replace(/-[0-9a-f]{8}(;[12])?$/, '$1');
}

export function Timeline({ call }: { readonly call: CallShown }) {
  const t = useText('calls').call;
  const { json_array_legs: legs, json_array_pauses: pauses, offset } = call;
  const begin = Math.min(...legs.map(({ start }) => start));
  const end = Math.max(begin + 1, ...legs.map((leg) => leg.end));
  const share = (at: number) => `${(((at - begin) / (end - begin)) * 100).toFixed(3)}%`;
  const part = (from: number, to: number, kind: string) => (
    <span class={`bar-part ${kind}`} style={{ left: share(from), width: `calc(${share(begin + to - from)} + 2px)` }} />
  );
  return (
    <section>
      <h3>{t.timeline}</h3>
      <ol class="timeline">
        {legs.map((leg) => {
          const { start, answer, end: over, application, disposition, destination } = leg;
          const to = leg.destinationChannel === '' ? destination : shortChannel(leg.destinationChannel);
          const connected = disposition === 'ANSWERED' && answer !== null;
          const rang = (connected ? answer : over) - start;
          const words = [
            application,
            connected ? (rang > 0 ? t.rang(duration(rang)) : '') : t.tried(duration(rang)),
            connected ? t.talked(duration(over - answer)) : disposition,
          ].filter((word) => word !== '');
          return (
            <li key={leg.id}>
              <div class="timeline-words">
                <strong>{t.leg(shortChannel(leg.channel), to || '–')}</strong>{' '}
                <span class="soft">{t.at(clock(start + offset), duration(start - begin))}</span>
                <br />
                {words.join(' · ')}
              </div>
              <div class="timeline-bar" aria-hidden="true">
                {part(start, connected ? answer : over, 'ringing')}
                {connected && part(answer, over, 'talking')}
              </div>
            </li>
          );
        })}
        {pauses.map(({ from, to }) => (
          <li key={`pause ${from}`}>
            <div class="timeline-words">
              {to === null
                ? t.pausedOn(duration(from - begin))
                : t.paused(duration(from - begin), duration(to - begin))}
            </div>
            <div class="timeline-bar" aria-hidden="true">
              {part(from, to ?? end, 'paused')}
            </div>
          </li>
        ))}
      </ol>
      <p class="hint">{t.legend}</p>
    </section>
  );
}

/** @param wall Seconds of the box's wall clock. */
export function clock(wall: number): string {
  return new Date(wall * 1000).toISOString().slice(11, 19);
}
