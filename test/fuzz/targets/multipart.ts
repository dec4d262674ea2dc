/** Forms of several parts, as programs in PHP send arrays. */
import { MultipartError, readMultipart } from '../../../cgi/dialect/multipart.ts';
import { holds, orRefused, same, type Target } from '../target.ts';

const BOUNDARY = 'of-the-copy';

/** A Content-Type, and behind a line feed a body. */
export const multipart: Target = {
  name: 'dialect-multipart',
  words: [
    ...[
      'multipart/form-data; boundary=',
      'x\n--x\r\n',
      '\r\n--x\r\n',
      '\r\n--x--',
      '\r\n\r\n',
      '--x',
      '--',
      '\r\n',
      '"',
      '\\"',
      ';',
    ],
    ...[
      'Content-Disposition: form-data; name=',
      'name="a"',
      '; filename="a"',
      'Content-Transfer-Encoding: base64',
      '\0',
    ],
  ],
  run(input) {
    const at = input.indexOf('\n');
    const [type, body] = [input.toString('latin1', 0, Math.max(0, at)), input.subarray(at + 1)];
    const form = orRefused(() => readMultipart(body, type), MultipartError);
    if (!form) return;
    const length = [...form].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    holds(length <= body.length, 'no more comes out than was put in', length);
    // Written again and read again it is the same, but for names and values that can't be told apart from what parts them.
    const pairs = [...form].filter(([name, value]) => !/[\r\n]/.test(name) && !value.includes(`\r\n--${BOUNDARY}`));
    const parts = pairs.map(
      ([name, value]) =>
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name.replaceAll(/["\\]/g, '\\$&')}"\r\n\r\n${value}\r\n`,
    );
    const again = readMultipart(
      Buffer.from(`${parts.join('')}--${BOUNDARY}--`),
      `multipart/form-data; boundary=${BOUNDARY}`,
    );
    same([...again], pairs, 'what is read is what was sent');
  },
};
