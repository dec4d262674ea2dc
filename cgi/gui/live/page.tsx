/** Live: the calls in progress as they change, what is recorded of them, and a hand on that. */
import { useMe } from '../me.ts';
import { Page } from '../parts/page.tsx';
import { useTick } from '../parts/use-tick.ts';
import { language, useText } from '../text.ts';
import { CallCard } from './call-card.tsx';
import { type LiveView, useLive } from './use-live.ts';

export default function Live() {
  const t = useText('live');
  const live = useLive();
  const { line, asterisk, calls, drift, heardAt } = live;
  const ticking = useTick(line.state !== 'lost' || calls.length > 0);
  // What is no longer heard of stands still: a time that went on would say that the call does.
  const clock = (line.state === 'lost' ? heardAt : ticking) + drift;
  const running = calls.filter(({ over }) => !over);
  return (
    <Page name="live-calls">
      <div class="live-head">
        <p role="status" class={line.state === 'open' ? 'badge good' : 'badge'}>
          {line.state === 'open' ? t.open : line.state === 'connecting' ? t.connecting : t.notLive}
        </p>
        {asterisk === 'up' && line.state !== 'connecting' && (
          <p class="soft" role="status">
            {t.count(running.length, running.filter(({ recording }) => recording !== 'off').length)}
          </p>
        )}
      </div>
      {line.state === 'lost' && <Lost live={live} retryAt={line.retryAt} />}
      {asterisk === 'down' && line.state === 'open' && (
        <div class="notice" role="alert">
          <p>
            <strong>{t.asteriskDown}</strong>
          </p>
          <p>{t.asteriskDownWhy}</p>
        </div>
      )}
      {calls.length > 0 ? (
        <ul class={line.state === 'lost' ? 'live-calls stale' : 'live-calls'} aria-label={t.list}>
          {calls.map((call) => (
            <CallCard key={call.id} call={call} now={clock / 1000} usable={line.state === 'open' && !call.over} />
          ))}
        </ul>
      ) : (
        line.state === 'open' && asterisk === 'up' && <p class="empty">{t.empty}</p>
      )}
    </Page>
  );
}

/** What is shown is of then, and when the next try comes. */
function Lost({ live: { heardAt, drift, now }, retryAt }: { readonly live: LiveView; readonly retryAt: number }) {
  const t = useText('live');
  const { zone } = useMe().me;
  const tick = useTick();
  return (
    <div class="failure">
      <p role="alert">
        <strong>{t.lost}</strong> {t.lostAsOf(clockText(heardAt + drift, zone))}
      </p>
      <div class="actions">
        <button type="button" onClick={now}>
          {t.now}
        </button>
        <span class="live-retry">{t.retry(Math.max(0, Math.ceil((retryAt - tick) / 1000)))}</span>
      </div>
    </div>
  );
}

/** As the clock of the box shows it. */
function clockText(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: 'medium', hourCycle: 'h23', timeZone }).format(at);
}
