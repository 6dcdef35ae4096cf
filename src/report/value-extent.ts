/** Where a value in an input file ends: quotes, brackets, and block scalars can span lines. The text is untrusted, so the search is bounded. */

const MAX_LENGTH = 10_000;

/** Returns the offset after a value. `image`: the value if it is an image. */
export function valueEnd(text: string, start: number, image: string | null): number {
  const rest = text.slice(start, start + MAX_LENGTH);
  const quoted = /^(?:"(?:[^"\\]|\\[^])*"|'(?:[^']|'')*')/.exec(rest)?.[0].length;
  const length = quoted ?? bracketed(rest) ?? blockLength(rest, indentAt(text, start));
  if (length !== undefined) return start + length;
  if (image !== null && image !== '' && rest.startsWith(image)) return start + image.length;
  return start + (/^[^\s,\]}]+/.exec(rest)?.[0].length ?? 0);
}

/** The length of a flow mapping or list; undefined: the text is not one, or has no end. */
function bracketed(rest: string): number | undefined {
  if (!/^[{[]/.test(rest)) return undefined;
  let depth = 0;
  for (const { 0: token, index } of rest.matchAll(/"(?:[^"\\]|\\[^])*"|'(?:[^']|'')*'|[ \t]#[^\n]*|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return undefined;
}

/** The length of a block scalar without the empty lines at its end: its lines are indented more than its key. */
function blockLength(rest: string, indent: number): number | undefined {
  const header = /^[|>][-+\d]*[ \t]*(?:#[^\n]*)?(?:\n|$)/.exec(rest.replaceAll('\r', ' '))?.[0];
  if (header === undefined) return undefined;
  let end = header.trimEnd().length;
  let from = header.length;
  for (const line of rest.slice(from).split('\n')) {
    const content = line.trim();
    if (content !== '' && line.search(/\S/) <= indent) break;
    if (content !== '') end = from + line.trimEnd().length;
    from += line.length + 1;
  }
  return end;
}

/** The column of the key, or of the dash, before a value. */
function indentAt(text: string, start: number): number {
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  const lead = /^[ \t]*(?:-[ \t]+)*/.exec(before)?.[0] ?? '';
  return lead.length < before.length ? lead.length : lead.lastIndexOf('-');
}
