/** Parameters as PHP and Rails read them: names count with their case, of several the last one holds. Pure. */

/**
 * Reads `a=1&b=2`, of a query or a form body. What isn't validly percent-encoded stays as it was sent, as it does there; a value
 * whose bytes aren't UTF-8 is taken for Latin-1.
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
  const sent = text.replaceAll('+', ' ');
  try {
    return sent.replace(/(?:%[0-9A-Fa-f]{2})+/g, decodeURIComponent);
  } catch {
    return sent.replace(/%([0-9A-Fa-f]{2})/g, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16)));
  }
}
