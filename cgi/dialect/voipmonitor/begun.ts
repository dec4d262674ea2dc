/** Answers of which nobody knows how long they get. */
import type { Reply } from '../../reply.ts';

/**
 * A JSON text as a reply, once its first piece is there: what is wrong with the question is found by then, and told as any
 * fault is, while an answer that has begun can only break off.
 * @throws what the text throws before its first piece.
 */
export async function begun(text: AsyncGenerator<string>): Promise<Reply> {
  let first = await text.next();
  while (!first.done && first.value === '') first = await text.next();
  // No generator: one that nobody has begun to read would not hear that nobody wants to.
  const pieces: AsyncIterator<string> = {
    async next() {
      const piece = first;
      first = { done: false, value: '' };
      return piece.value === '' || piece.done ? text.next() : piece;
    },
    return: async () => text.return(undefined),
  };
  return { kind: 'rows', text: { [Symbol.asyncIterator]: () => pieces } };
}
