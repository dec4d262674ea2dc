/** README's tables of the dialects, made from the list that each dialect keeps of its own functions. */
import type { DialectFunction } from '../../cgi/dialect/function.ts';
import { DIALECTS, type DialectName } from '../../cgi/dialect/table.ts';
import { markdown, markdownTable } from './readme.ts';

const WORKS = { yes: 'works', differs: 'works with a difference', no: 'not here' } as const;

/** The name that a product goes by. */
const PRODUCTS: Readonly<Record<DialectName, string>> = {
  elastix: 'Elastix API',
  mor: 'MOR',
  voipmonitor: 'VoIPmonitor',
};

/** Every function of a dialect's documents, in their order: `cgi/dialect/NAME/functions.ts`. */
export async function functionsOf(name: DialectName): Promise<readonly DialectFunction[]> {
  const file: { FUNCTIONS: readonly DialectFunction[] } = await import(`../../cgi/dialect/${name}/functions.ts`);
  return file.FUNCTIONS;
}

/** A heading and a Markdown table for each dialect. */
export async function dialectReference(): Promise<string> {
  const parts = DIALECTS.map(async ({ name }) => {
    const rows = (await functionsOf(name)).map(({ name, works, numbers = [], note }) => [
      ...[`\`${name}\``, numbers.join(', '), WORKS[works], prose(note)],
    ]);
    return `\n### ${PRODUCTS[name]}\n\n${markdownTable(['function', 'as number', '', 'what differs, or why it is not here'], rows)}`;
  });
  return `${(await Promise.all(parts)).join('')}\n`;
}

/** A note, with what stands between backticks left as it is. */
function prose(note: string): string {
  return note
    .split('`')
    .map((part, index) => (index % 2 === 0 ? markdown(part) : `\`${part}\``))
    .join('');
}
