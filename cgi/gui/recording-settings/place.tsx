/** Where recordings go, with what is there now: the folder's state, and how much room it has. */
import type { MediaRows, PlaceRow } from '../../contract.ts';
import { bytes } from '../format.ts';
import { Failure } from '../parts/failure.tsx';
import { SettingSelect } from '../parts/setting.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { usePoll } from '../use-poll.ts';
import type { SettingsForm } from '../use-settings.ts';

const MEDIA = 30024;
const LOOK_MS = 10_000;
const PLACE = 'recording.place';

export function PlaceField({ form }: { readonly form: SettingsForm }) {
  const t = useText('recording-settings');
  const { answer, error, again } = useAsk<MediaRows>(MEDIA);
  usePoll(again, LOOK_MS);
  const places = answer?.json_array_places ?? [];
  const chosen = places.find(({ name }) => name === form.value(PLACE));
  const moves = form.dirty.includes(PLACE);
  return (
    <>
      <div class="place">
        <SettingSelect form={form} name={PLACE} label={t.place} fallback="" />
        <div>
          <span class="label">{t.status}</span>
          <div class="place-state" role="status">
            {chosen && <PlaceState place={chosen} />}
          </div>
        </div>
      </div>
      {error && <Failure error={error} again={again} />}
      {moves && (
        <div class="notice" role="status">
          <p>{t.placeMoves}</p>
          {chosen && !chosen.writable && <p>{t.placeAway}</p>}
        </div>
      )}
      {places.length > 1 && (
        <details>
          <summary>{t.places}</summary>
          <ul class="places">
            {places.map((place) => (
              <li key={place.name}>
                <strong>{place.name}</strong> <code>{place.dir}</code>{' '}
                {place.chosen && <span class="soft">({t.placeChosen})</span>}
                <PlaceState place={place} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

type Word = PlaceRow['state'] | 'full' | 'read-only';

/** What the box says of it, in one word and a colour beside. */
function stateOf({ state, why, writable }: PlaceRow): { readonly word: Word; readonly look: string } {
  if (state === 'absent' || state === 'dead') return { word: state, look: 'bad' };
  if (!writable && (why === 'full' || why === 'read-only')) return { word: why, look: 'bad' };
  return state === 'slow' ? { word: 'slow', look: 'warn' } : { word: 'mounted', look: writable ? 'good' : 'bad' };
}

function PlaceState({ place }: { readonly place: PlaceRow }) {
  const t = useText('recording-settings');
  const { word, look } = stateOf(place);
  const { free, total, why } = place;
  const told = why !== '' && why !== word;
  return (
    <div>
      <span class={`badge ${look}`}>{t.states[word]}</span>{' '}
      {free !== null && total !== null && total > 0 && (
        <>
          <span>{t.room(bytes(free), bytes(total))}</span>
          <meter aria-hidden="true" min={0} max={total} low={total * 0.1} optimum={total} value={free} />
        </>
      )}
      {told && (
        <p class="hint" lang="en">
          {why}
        </p>
      )}
    </div>
  );
}
