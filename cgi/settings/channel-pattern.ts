/**
 * Which regular expressions may name a trunk's channels. They are matched against every channel name, and strangers choose
 * parts of those names; so only expressions that come to an end soon whatever the name are let in.
 *
 * Anchored at the start, without repeated groups, with at most three repetitions and three alternatives, one tries at most
 * about 128³/6 · 8 ways on the 128 characters that storage/model/trunk.ts looks at: milliseconds, not minutes.
 */
const MAX_LENGTH = 200;
const MAX_REPETITIONS = 3;
const MAX_ALTERNATIVES = 3;

/** What is wrong with a channel pattern, in words that follow it; or null. */
export function channelPatternFault(source: string): string | null {
  if (source.length > MAX_LENGTH) return `must be at most ${MAX_LENGTH} characters`;
  if (!source.startsWith('^')) return 'must begin with ^ (it is matched from the start of the channel name)';
  // Escapes and classes count as one plain character each, so that the rules below see only structure.
  const bare = source.replace(/\\[^1-9k]/g, 'x').replace(/\[(?:\\.|[^\]\\])*\]/g, 'x');
  if (/\\/.test(bare)) return 'must not use back references';
  if (/\(\?(?!:)/.test(bare)) return 'must not use look-around, named groups or flags';
  if (/\)[*+?{]/.test(bare)) return 'must not repeat a group (it could take for ever on a hostile name)';
  if (/\{[\d,]*\d{3}[\d,]*\}/.test(bare)) return 'must not repeat more than 99 times';
  if (count(bare, /[*+]\??|\{[\d,]*\}\??|(?<!\()\?/g) > MAX_REPETITIONS) {
    return `must have at most ${MAX_REPETITIONS} repetitions`;
  }
  if (count(bare, /\|/g) > MAX_ALTERNATIVES) return `must have at most ${MAX_ALTERNATIVES} "|"`;
  // Outside a group the ^ would hold for the first alternative only.
  if (/\|/.test(withoutGroups(bare))) return 'must have each "|" inside a group (?:…|…), or be two patterns';
  if (count(bare, /\((?!\?)/g) !== 1) return 'must have exactly one capture group, the port number';
  return grammarFault(source);
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}

/** Takes groups away from the innermost outwards. */
function withoutGroups(text: string): string {
  const outer = text.replace(/\([^()]*\)/g, '');
  return outer === text ? text : withoutGroups(outer);
}

function grammarFault(source: string): string | null {
  try {
    new RegExp(source);
    return null;
  } catch (error) {
    // The engine's message repeats the expression before it says what is wrong.
    return `is not a regular expression: ${(error as Error).message.split(': ').at(-1)}`;
  }
}
