/** Parameters as PHP and Rails read them: names count with their case, of several the last one holds. Pure. */

/**
 * Reads `a=1&b=2`, of a query or a form body. What isn't validly percent-encoded stays as it was sent, as it does there.
 * @param most Pairs that are read; the others are left out.
 */
export function readForm(text: string, most = 1_000): Map<string, string> {
  const form = new Map<string, string>();
  for (const pair of text.split('&', most)) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    form.set(decoded(equals < 0 ? pair : pair.slice(0, equals)), equals < 0 ? '' : decoded(pair.slice(equals + 1)));
  }
  return form;
}

function decoded(text: string): string {
  return text.replaceAll('+', ' ').replace(/(?:%[0-9A-Fa-f]{2})+/g, (bytes) => {
    try {
      return decodeURIComponent(bytes);
    } catch {
      return [...bytes.matchAll(/%../g)].map(([each]) => (each < '%8' ? decodeURIComponent(each) : each)).join('');
    }
  });
}
