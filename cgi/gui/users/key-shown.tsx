/** A key that was made: shown this once, with the request that tries it. */
import type { KeyMade } from '../../contract.ts';
import { Copy } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { useText } from '../text.ts';

interface KeyShownProps {
  readonly made: KeyMade;
  onClose(): void;
}

export function KeyShown({ made, onClose }: KeyShownProps) {
  const t = useText('users').keys;
  return (
    <Dialog title={t.shown(made.name)} onClose={onClose}>
      <p class="notice">{t.once}</p>
      <div class="form">
        <section>
          <h3>{t.key}</h3>
          <Copy text={made.key} label={t.key} />
        </section>
        <section>
          <h3>{t.tryIt}</h3>
          <Copy text={curlOf(made)} label={t.tryIt} />
        </section>
        <div class="actions">
          <button type="button" class="primary" onClick={onClose}>
            {t.kept}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

/** Of what a key may call, the number that shows most without doing anything. */
const LOOKS: readonly (readonly [number, string])[] = [
  [9006, '?&limit=5'],
  [20053, '?&limit=5'],
  [30019, ''],
  [30013, ''],
];

function curlOf({ key, numbers, role }: KeyMade): string {
  const may = new Set(numbers === '' ? [role === 'admin' ? 9006 : 20053] : numbers.split(',').map(Number));
  const [number, query] = LOOKS.find(([each]) => may.has(each)) ?? ['', ''];
  // The box's own certificate is one that no program knows.
  const trust = location.protocol === 'https:' ? '-k ' : '';
  return `curl ${trust}-H 'Authorization: Bearer ${key}' '${location.origin}/cgi/webserve/${number}${query}'`;
}
