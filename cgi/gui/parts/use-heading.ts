/** The heading of a page: it is the document's title too, and has the focus when the page is opened. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** @returns for the heading, which takes the focus by `tabIndex={-1}`. */
export function useHeading(title: string): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  // With the heading and not a frame later: whoever presses a key as soon as it is there would lose the place again.
  useLayoutEffect(() => {
    document.title = `${title} · cdrd`;
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return heading;
}
