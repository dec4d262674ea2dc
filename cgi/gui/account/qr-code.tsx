/**
 * A QR code, black on white whatever the scheme, with the margin of four modules that readers need. What makes it is loaded
 * when somebody wants to see one.
 */
import { useEffect, useState } from 'preact/hooks';
import { Loading } from '../parts/loading.tsx';

interface QrCodeProps {
  readonly text: string;
  /** What it is, for who doesn't see it. */
  readonly label: string;
}

const MARGIN = 4;

export function QrCode({ text, label }: QrCodeProps) {
  const [modules, setModules] = useState<readonly (readonly boolean[])[] | null>(null);
  useEffect(() => {
    let wanted = true;
    import('uqr').then(
      ({ encode }) => wanted && setModules(encode(text, { ecc: 'M', border: 0 }).data),
      () => {}, // the same stands beside it for typing
    );
    return () => {
      wanted = false;
    };
  }, [text]);
  if (!modules) return <Loading />;
  const size = modules.length + 2 * MARGIN;
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={pathOf(modules)} fill="#000" />
    </svg>
  );
}

/** Black modules, those beside each other in one stroke. */
function pathOf(modules: readonly (readonly boolean[])[]): string {
  let path = '';
  modules.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const from = x;
      while (row[x + 1]) x++;
      path += `M${from + MARGIN} ${y + MARGIN}h${x - from + 1}v1H${from + MARGIN}z`;
    }
  });
  return path;
}
