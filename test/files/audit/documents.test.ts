import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auditDocuments, MAX_DOCUMENT_BYTES, MAX_LINE_BYTES } from '../../../src/files/audit/documents.ts';

async function* chunked(text: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** As `1 {"a":1}` for a value on line 1, and `2 cut` for a refusal. */
async function readOf(text: string | Buffer, size = 64 * 1024): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const document of auditDocuments(chunked(text, size)))
    found.push(`${document.line} ${'refusal' in document ? document.refusal : JSON.stringify(document.value)}`);
  return found;
}

describe('the documents of an audit log', () => {
  const cases: readonly (readonly [string, string | Buffer, readonly string[]])[] = [
    ['one on each line', '{"a":1}\n{"a":2}\n', ['1 {"a":1}', '2 {"a":2}']],
    ['without a last line break', '{"a":1}\n{"a":2}', ['1 {"a":1}', '2 {"a":2}']],
    ['with empty lines, CRLF, and a byte order mark', '\uFEFF{"a":1}\r\n\r\n{"a":2}\r\n', ['1 {"a":1}', '3 {"a":2}']],
    ['a last line that is cut', '{"a":1}\n{"a":', ['1 {"a":1}', '2 cut']],
    ['a line that is cut', '{"a":\n{"a":2}\n', ['1 not-json', '2 {"a":2}']],
    ['text between', 'I0301 started\n{"a":2}\n', ['1 not-json', '2 {"a":2}']],
    ['zero bytes of a crashed disk', Buffer.from('\0\0\0\n{"a":2}\n'), ['1 not-json', '2 {"a":2}']],
    ['zero bytes before an event', Buffer.from('\0\0{"a":1}\n{"a":2}\n'), ['1 not-json', '2 {"a":2}']],
    ['broken UTF-8', Buffer.from([0x7b, 0xff, 0x7d, 0x0a]), ['1 not-json']],
    ['documents of several lines', '{\n  "a": [\n    1\n  ]\n}\n{\n  "b": "}"\n}\n', ['1 {"a":[1]}', '6 {"b":"}"}']],
    ['a list of several lines', '[\n  {"a":1},\n  {"a":2}\n]\n', ['1 [{"a":1},{"a":2}]']],
    ['a document that is cut before an event', '{\n  "a": 1,\n{"a":2}\n', ['1 not-json', '3 {"a":2}']],
    ['a document that is cut at the end', '{\n  "a": 1,\n', ['1 cut']],
    ['a document that is damaged', '{\n  "a": x\n}\n{"b":1}\n', ['1 not-json', '4 {"b":1}']],
    ['closing brackets', '}\n]\n{"b":1}\n', ['1 not-json', '2 not-json', '3 {"b":1}']],
    ['values that are no objects', '1\n"a"\nnull\n', ['1 1', '2 "a"', '3 null']],
  ];

  test.each(cases)('are read: %s', async (_name, text, expected) => {
    expect(await readOf(text)).toEqual(expected);
    expect(await readOf(text, 1)).toEqual(expected);
  });

  test('do not fill the memory with a long line or document', async () => {
    const long = `{"a":"${'x'.repeat(MAX_LINE_BYTES)}"}`;
    expect(await readOf(`${long}\n{"a":2}\n`)).toEqual(['1 too-long', '2 {"a":2}']);
    const row = `  "${'x'.repeat(1024 * 1024)}",\n`;
    const rows = Math.ceil(MAX_DOCUMENT_BYTES / row.length);
    const [first, ...rest] = await readOf(`[\n${row.repeat(rows)}{"a":2}\n`);
    expect([first, rest.at(-1)]).toEqual(['1 too-long', `${rows + 2} {"a":2}`]);
  });

  test('are the same however a stream is cut', async () => {
    const value = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.array(fc.string())), {
      minKeys: 1,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(value), fc.boolean(), fc.integer({ min: 1, max: 50 }), async (values, wide, size) => {
        const text = values.map((one) => `${JSON.stringify(one, null, wide ? 2 : 0)}\n`).join('');
        const found = (await readOf(text, size)).map((one) => one.slice(one.indexOf(' ') + 1));
        expect(found).toEqual(values.map((one) => JSON.stringify(one)));
      }),
      { numRuns: 200 },
    );
  });

  test('are read without an error from any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await readOf(Buffer.from(bytes), 7)).toEqual(await readOf(Buffer.from(bytes)));
      }),
    );
  });
});
